"""The sample that ships with the product: invented results and needs, to try it out with."""

from contextlib import ExitStack
from importlib import resources
from pathlib import Path

from market.exchange.readers import read_needs, read_results
from schemas.listings import Need, Result


def sample_results() -> list[Result]:
    with ExitStack() as files:
        return read_results(_file("results.jsonl", files)).listings


def sample_needs() -> list[Need]:
    with ExitStack() as files:
        return read_needs(_file("needs.jsonl", files)).listings


def _file(name: str, files: ExitStack) -> Path:
    return files.enter_context(resources.as_file(resources.files("market") / "demo_data" / name))
