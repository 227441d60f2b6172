"""Whatever the bytes, a file is read or refused with a sentence, never with another error."""

from collections.abc import Callable
from pathlib import Path

import pytest

from market.errors import FileRefused
from market.exchange.problems import Lang
from market.exchange.readers import ReadListings, read_needs, read_results
from schemas.listings import Need, Result
from tests.market.exchange.files import mutated_files

CASES = 2_000
PARTS = 8
LANGS: tuple[Lang, ...] = ("zh", "en")


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_file_is_read_or_refused(part: int, tmp_path: Path) -> None:
    outcomes = {"read": 0, "refused": 0}
    for number, (name, content) in enumerate(mutated_files(part, CASES // PARTS)):
        path = tmp_path / name
        path.write_bytes(content)
        outcome, said = _outcome(path, (read_results, read_needs)[number % 2])
        outcomes[outcome] += 1
        assert all(text and text.isprintable() for text in said)
        path.unlink()

    assert min(outcomes.values()) > CASES // PARTS // 10


def _outcome(
    path: Path, read_listings: Callable[[Path], ReadListings[Result] | ReadListings[Need]]
) -> tuple[str, list[str]]:
    """Whether the file was read, and every sentence that was said of it."""
    try:
        read = read_listings(path)
    except FileRefused as refusal:
        return "refused", [refusal.reason]
    assert read.rows == len(read.listings) + len(read.refused)
    assert all(0 < len(r.id.encode()) <= 512 and r.title for r in read.listings)
    problems = read.refused + read.warnings
    return "read", [p.text(lang) for p in problems for lang in LANGS]
