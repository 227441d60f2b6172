"""All benches one after another: python -m tests.bench [--json] [--listings N] [--full] …

Takes the options of every bench; each reads its own.
"""

from tests.bench import engine, pair, quality
from tests.bench.table import arguments, print_sections

_BENCHES = (quality, pair, engine)


def main() -> None:
    known, _ = arguments("tests.bench", "quality, pair and engine").parse_known_args()
    sections = [bench.measure(bench.parser().parse_known_args()[0]) for bench in _BENCHES]
    print_sections(sections, as_json=known.json)


if __name__ == "__main__":
    main()
