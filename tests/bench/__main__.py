"""All benches one after another.

python -m tests.bench [--json] [--listings N] [--needs N] [--searches N] [--rounds N] [--full]
"""

import argparse
from collections.abc import Sequence

from tests.bench import engine, pair, quality
from tests.bench.table import arguments, count, print_sections

_BENCHES = (quality, engine, pair)


def main(given: Sequence[str] | None = None) -> None:
    chosen = vars(_parser().parse_args(given))
    sections = [
        bench.measure(argparse.Namespace(**vars(bench.parser().parse_args([])) | chosen))
        for bench in _BENCHES
    ]
    print_sections(sections, as_json=chosen["json"])


def _parser() -> argparse.ArgumentParser:
    parser = arguments("tests.bench", "all benches; what is left out is each bench's default")
    for option in ("--needs", "--searches", "--rounds"):
        parser.add_argument(option, type=count, default=argparse.SUPPRESS, metavar="N")
    pair.add_full(parser)
    return parser


if __name__ == "__main__":
    main()
