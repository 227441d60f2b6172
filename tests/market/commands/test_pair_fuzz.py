"""Whatever two files hold, `pair` ends with one of its exit codes and without a traceback."""

from collections import Counter
from pathlib import Path

import pytest

from tests.market.commands.listings import needs_csv, results_csv
from tests.market.commands.runs import Duijie, names_in
from tests.market.exchange.files import mutated_files

CASES = 300
PARTS = 6
OUTPUTS = ["pairs.xlsx", "pairs.csv", "pairs.jsonl"]


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_files_end_with_an_exit_code(part: int, folder: Path, duijie: Duijie) -> None:
    results_csv(folder)
    needs_csv(folder)
    codes: Counter[int] = Counter()
    for number, (name, content) in enumerate(mutated_files(1_000 + part, CASES // PARTS)):
        (folder / name).write_bytes(content)
        files = (name, "needs.csv") if number % 3 else ("results.csv", name)
        output = OUTPUTS[number % len(OUTPUTS)]

        ran = duijie("pair", *files, "-o", output, "--both-ways", "--errors", "refused.csv")

        codes[ran.code] += 1
        assert "Traceback" not in ran.err
        # All of the outputs or none: a file that can't be read leaves nothing behind.
        written = [output, "refused.csv"] if ran.code in {0, 3} else []
        assert names_in(folder) == sorted([name, "needs.csv", "results.csv", *written])
        for left in (name, *written):
            (folder / left).unlink()

    assert set(codes) <= {0, 1, 3}
    assert codes[0] + codes[3] > CASES // PARTS // 4
    assert codes[1] > 0
