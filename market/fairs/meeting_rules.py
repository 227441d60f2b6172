"""Who may meet whom, and who of both keeps its table: one table. Pure."""

from collections.abc import Mapping

# Each pair of kinds that may meet, the host first: it stays at its table, the other one walks.
# Institutes are asked by most; investors see both sides; outposts stand for either.
MAY_MEET: frozenset[tuple[str, str]] = frozenset(
    {
        ("institute", "enterprise"),
        ("institute", "investor"),
        ("enterprise", "investor"),
        ("institute", "outpost"),
        ("outpost", "enterprise"),
        ("outpost", "investor"),
        ("institute", "broker"),
        ("broker", "enterprise"),
        ("broker", "investor"),
        ("outpost", "broker"),
    }
)
_ORDER: Mapping[tuple[str, str], bool] = {
    **dict.fromkeys(MAY_MEET, True),
    **dict.fromkeys(((guest, host) for host, guest in MAY_MEET), False),
}


def may_meet(one: str, other: str) -> bool:
    """Whether organisations of these kinds are brought together at a fair."""
    return (one, other) in _ORDER


def is_host(one: str, other: str) -> bool:
    """Whether the first of both keeps its table; both must be allowed to meet."""
    return _ORDER[one, other]
