"""Whatever the bytes, a file is read or refused with a sentence, never with another error."""

from pathlib import Path

import pytest

from market.errors import FileRefused
from market.exchange.readers import read_needs, read_results
from tests.market.exchange.files import mutated_files

CASES = 2_000
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_file_is_read_or_refused(part: int, tmp_path: Path) -> None:
    outcomes = {"read": 0, "refused": 0}
    for number, (name, content) in enumerate(mutated_files(part, CASES // PARTS)):
        path = tmp_path / name
        path.write_bytes(content)
        try:
            read = (read_results, read_needs)[number % 2](path)
        except FileRefused as refusal:
            outcomes["refused"] += 1
            assert refusal.reason.isprintable()
        else:
            outcomes["read"] += 1
            assert read.rows == len(read.listings) + len(read.refused)
            assert all(p.text("en") and p.text("zh") for p in read.refused + read.warnings)
        path.unlink()

    assert min(outcomes.values()) > CASES // PARTS // 10
