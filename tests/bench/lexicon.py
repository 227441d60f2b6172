"""The words that synthetic listings are composed of, read from the two tables in data/."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"


class Product(NamedTuple):
    """A product as an institute calls it, and as a workshop does."""

    formal: str
    plain: str


class Improvement(NamedTuple):
    """What a technology improves (solutions) and how its lack is felt (problems)."""

    solutions: tuple[str, ...]
    problems: tuple[str, ...]
    indicator: str
    english: str


class Work(NamedTuple):
    """A field of work with its words; `field` and `industries` are codes of schemas.vocab."""

    name: str
    field: str
    industries: tuple[str, ...]
    products: tuple[Product, ...]
    materials: tuple[str, ...]
    processes: tuple[str, ...]
    english: tuple[str, ...]
    improvements: tuple[Improvement, ...]


@cache
def works() -> tuple[Work, ...]:
    return tuple(map(_work, _rows("lexicon.tsv")))


def _work(row: dict[str, str]) -> Work:
    families = _improvements()
    return Work(
        name=row["work"],
        field=row["field"],
        industries=tuple(row["industries"].split()),
        products=tuple(Product(*pair.split("/")) for pair in row["products"].split("|")),
        materials=tuple(row["materials"].split("|")),
        processes=tuple(row["processes"].split("|")),
        english=tuple(row["english_products"].split("|")),
        improvements=tuple(each for key in row["properties"].split() for each in families[key]),
    )


@cache
def _improvements() -> dict[str, list[Improvement]]:
    families: dict[str, list[Improvement]] = {}
    for row in _rows("improvements.tsv"):
        families.setdefault(row["family"], []).append(
            Improvement(
                solutions=tuple(row["solutions"].split("|")),
                problems=tuple(row["problems"].split("|")),
                indicator=row["indicator"],
                english=row["english"],
            )
        )
    return families


def _rows(name: str) -> Iterator[dict[str, str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    head, *rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return (dict(zip(head, row, strict=True)) for row in rows)
