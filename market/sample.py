"""The sample that ships with the product: invented results and needs, to try it out with."""

from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path

from market.exchange.readers import read_needs, read_results
from schemas.listings import Need, Result


def sample_results() -> list[Result]:
    with _file("results.jsonl") as path:
        return read_results(path).listings


def sample_needs() -> list[Need]:
    with _file("needs.jsonl") as path:
        return read_needs(path).listings


def _file(name: str) -> AbstractContextManager[Path]:
    return resources.as_file(resources.files("market") / "demo_data" / name)
