"""What both engines store of a document beside its texts: ids, codes, numbers and ranges."""

from collections.abc import Iterator

from search.port import DocumentRefused
from search.text import clean

MAX_ID_BYTES = 512
I64_MIN, I64_MAX = -(2**63), 2**63 - 1
MAX_PREFIX_CHARACTERS = 32
_TRL_LEVELS = range(1, 10)


def checked_id(document_id: str) -> str:
    """The id, if an index can hold it. Raises DocumentRefused."""
    if not document_id or clean(document_id) != document_id:
        raise DocumentRefused(f"The id {document_id!r} is empty or is no valid text.")
    if len(document_id.encode()) > MAX_ID_BYTES:
        raise DocumentRefused(f"The id {document_id[:40]!r}… is longer than {MAX_ID_BYTES} bytes.")
    return document_id


def checked_number(name: str, value: int) -> int:
    """The number, if it fits into 64 bits. Raises DocumentRefused."""
    if not I64_MIN <= value <= I64_MAX:
        raise DocumentRefused(f"The number {name} of a document does not fit into 64 bits.")
    return value


def prefix_term(code: str) -> str:
    """A code, or the beginning of one, as it is compared."""
    return "".join(clean(code)[:MAX_PREFIX_CHARACTERS].split())


def prefixes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Every beginning of every code once: a filter by prefix is then a plain comparison."""
    whole = map(prefix_term, codes)
    return tuple(
        dict.fromkeys(code[:length] for code in whole for length in range(1, len(code) + 1))
    )


def sections(industries: tuple[str, ...]) -> tuple[str, ...]:
    """The first letters of industry codes, each once."""
    return tuple(dict.fromkeys(clean(code[0]) for code in industries if code))


def province(division: str) -> str:
    """The code of the province that a division lies in."""
    return clean(division[:2]) + "0000"


def trl_levels(lowest: int | None, highest: int | None) -> Iterator[int]:
    """The levels within a range; one known end leaves the other open, none gives no level."""
    if lowest is None and highest is None:
        return
    low = _TRL_LEVELS[0] if lowest is None else lowest
    high = _TRL_LEVELS[-1] if highest is None else highest
    yield from (level for level in _TRL_LEVELS if low <= level <= high)


def both_ends(lowest: int | None, highest: int | None) -> tuple[int, int] | None:
    """A range with an open end brought to the bounds of 64 bits; None where neither is known."""
    if lowest is None and highest is None:
        return None
    return I64_MIN if lowest is None else lowest, I64_MAX if highest is None else highest
