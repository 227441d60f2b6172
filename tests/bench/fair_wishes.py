"""Synthetic wishes of a fair: who wants to meet whom, how much, and when they are there.

Institutes and enterprises have topics out of twelve and a log-normal popularity. Everybody
names its thirty best; a pair that either side names is a wish, with a weight from 1 to 1,500
that grows by half where both do.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from market.planner.model import Fairness, Pair, Party, PlanRequest, Slot

Absences = Literal["none", "rand15", "window"]

TOPICS = 12
_NAMED_BY_EACH = 30
_BEST, _MUTUAL = 1_000, 1.5
_ABSENT_SHARE = 0.15

WEIGHT_ONLY = Fairness(floor=0, soft=False)

Floats = npt.NDArray[np.float64]


def fair_request(
    institutes: int,
    enterprises: int,
    *,
    slots: int,
    tables: int,
    absences: Absences = "none",
    fairness: Fairness = WEIGHT_ONLY,
    seed: int = 0,
) -> PlanRequest:
    """One fair. The same arguments give the same request."""
    rng = np.random.default_rng(seed)
    names = tuple(f"T{number + 1:03}" for number in range(tables))
    times = tuple(Slot(f"S{number + 1:02}", names) for number in range(slots))
    hosts = [f"I{number:05}" for number in range(institutes)]
    visitors = [f"E{number:05}" for number in range(enterprises)]
    pairs = _wishes(hosts, visitors, rng)
    there = _presence(len(hosts) + len(visitors), slots, absences, rng)
    return PlanRequest(
        parties=tuple(
            Party(
                id=party,
                kind="institute" if place < institutes else "enterprise",
                host=place < institutes,
                available=None
                if row.all()
                else tuple(times[slot].id for slot in np.flatnonzero(row)),
            )
            for place, (party, row) in enumerate(zip([*hosts, *visitors], there, strict=True))
        ),
        slots=times,
        pairs=pairs,
        fairness=fairness,
        seed=seed,
    )


def _wishes(hosts: list[str], visitors: list[str], rng: np.random.Generator) -> tuple[Pair, ...]:
    likes = _topics(len(hosts), rng) @ _topics(len(visitors), rng).T
    host_view = likes * rng.lognormal(0, 0.5, len(visitors)) * rng.uniform(0.7, 1.3, likes.shape)
    visitor_view = (likes.T * rng.lognormal(0, 0.5, len(hosts))).T * rng.uniform(
        0.7, 1.3, likes.shape
    )
    by_host = _named(host_view)
    by_visitor = _named(visitor_view.T).T
    strength = host_view / host_view.max() + visitor_view / visitor_view.max()
    strength = np.sqrt(strength / strength.max())
    weight = np.where(by_host & by_visitor, _MUTUAL, 1.0) * _BEST * strength
    return tuple(
        Pair(
            id=f"{hosts[host]}-{visitors[visitor]}",
            first=hosts[host],
            second=visitors[visitor],
            weight=max(1, int(weight[host, visitor])),
        )
        for host, visitor in np.argwhere(by_host | by_visitor).tolist()
    )


def _topics(parties: int, rng: np.random.Generator) -> Floats:
    """Each party leans to a few topics; a row is of length 1."""
    topics: Floats = rng.gamma(0.3, 1.0, (parties, TOPICS)) + 1e-6
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)
    return topics


def _named(view: Floats) -> npt.NDArray[np.bool_]:
    """The best of each row."""
    count = min(_NAMED_BY_EACH, view.shape[1])
    best = np.argpartition(-view, count - 1, axis=1)[:, :count]
    named = np.zeros(view.shape, dtype=bool)
    np.put_along_axis(named, best, True, axis=1)
    return named


def _presence(
    parties: int, slots: int, absences: Absences, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    there = np.ones((parties, slots), dtype=bool)
    if absences == "rand15":
        return rng.random((parties, slots)) >= _ABSENT_SHARE
    if absences == "window":
        for party in np.flatnonzero(rng.random(parties) < 0.5).tolist():
            length = max(1, round(slots * rng.uniform(0.3, 0.7)))
            begin = int(rng.integers(0, slots - length + 1))
            there[party] = False
            there[party, begin : begin + length] = True
    return there
