"""The folder of an embedded index: which generation of it counts, and of what versions it is.

    index.json     names the generation that counts; replaced in one step, never changed
    <generation>/  the files of tantivy

A rebuild fills a new generation beside the old one, so that readers have one or the other.
"""

import os
import shutil
import uuid
from pathlib import Path

import msgspec
from tantivy import Index

from search.embedded_schema import SCHEMA_VERSION, build_schema, register_tokenizers
from search.port import IndexCorrupt, IndexOutdated, SearchUnavailable
from search.text import PIPELINE_VERSION

_MANIFEST = "index.json"
_GENERATION_PREFIX = "generation-"

# What tells one state of a file from the next: a file that is replaced gets another number.
Stamp = tuple[int, int, int]


class Manifest(msgspec.Struct, frozen=True):
    schema_version: int
    pipeline_version: int
    generation: str


def _read_manifest(folder: Path, *, any_version: bool) -> Manifest:
    try:
        manifest = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IndexCorrupt(f"There is no readable search index in {folder}: {error}.") from error
    versions = manifest.schema_version, manifest.pipeline_version
    if not any_version and versions != (SCHEMA_VERSION, PIPELINE_VERSION):
        raise IndexOutdated(
            f"The search index in {folder} was made by another version: rebuild it."
        )
    return manifest


def manifest_stamp(folder: Path) -> Stamp | None:
    return _stamp(folder / _MANIFEST)


def commit_stamp(generation: Path) -> Stamp | None:
    """Changes with each commit: tantivy replaces this file last."""
    return _stamp(generation / "meta.json")


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def open_generation(folder: Path, *, any_version: bool = False) -> tuple[Index, Path]:
    """The generation that counts; deletes nothing.

    Raises IndexCorrupt when there is none that can be read, IndexOutdated for another version.
    """
    manifest = _read_manifest(folder, any_version=any_version)
    generation = folder / Path(manifest.generation).name
    try:
        index = register_tokenizers(Index.open(str(generation)))
        index.config_reader(reload_policy="manual")
        index.searcher()
    except (ValueError, OSError) as error:
        raise IndexCorrupt(f"The search index in {folder} is damaged: {error}.") from error
    return index, generation


def new_generation(folder: Path) -> tuple[Index, Path]:
    """An empty generation that does not count yet. Raises SearchUnavailable."""
    generation = folder / f"{_GENERATION_PREFIX}{uuid.uuid4().hex}"
    try:
        generation.mkdir(parents=True)
        index = register_tokenizers(Index(build_schema(), path=str(generation)))
        index.config_reader(reload_policy="manual")
    except (ValueError, OSError) as error:
        raise SearchUnavailable(f"No search index can be written in {folder}: {error}.") from error
    return index, generation


def let_generation_count(folder: Path, generation: Path) -> None:
    """From here on it is this generation, even after a crash; the others are deleted."""
    manifest = Manifest(SCHEMA_VERSION, PIPELINE_VERSION, generation.name)
    aside = folder / f"{generation.name}.json"
    try:
        with aside.open("wb") as file:
            file.write(msgspec.json.encode(manifest))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(folder / _MANIFEST)
    except OSError as error:
        raise SearchUnavailable(f"No search index can be written in {folder}: {error}.") from error
    for other in folder.glob(f"{_GENERATION_PREFIX}*"):
        if other != generation:
            discard(other)


def discard(generation: Path) -> None:
    """What a reader still holds open, on systems that forbid it, stays until the next rebuild."""
    if generation.is_dir():
        shutil.rmtree(generation, ignore_errors=True)
    else:
        generation.unlink(missing_ok=True)
