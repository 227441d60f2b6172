"""The embedded engine: the contract in memory and in a folder, and what only a folder has."""

import asyncio
import itertools
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.embedded_writing import made_documents
from search.port import (
    DocumentRefused,
    Filters,
    IndexCorrupt,
    IndexLocked,
    IndexOutdated,
    SearchQuery,
    SearchUnavailable,
    WeightedTerm,
)
from search.synonyms import Synonyms
from search.text import characters, spelled_out
from search.typed import (
    FEW_HITS,
    MAX_QUERY_CHARACTERS,
    MAX_QUERY_IDEOGRAPHS,
    MAX_QUERY_WORDS,
    read_typed,
)
from tests.search.contract import SearchEngineContract, ids_of
from tests.search.factories import make_document, random_documents, titled


class TestEmbeddedEngineInMemory(SearchEngineContract):
    @pytest.fixture
    def engine(self) -> EmbeddedEngine:
        return EmbeddedEngine.in_memory()


class TestEmbeddedEngineInFolder(SearchEngineContract):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[EmbeddedEngine]:
        with EmbeddedEngine.rebuild(tmp_path / "index") as engine:
            yield engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed index of two documents."""
    path = tmp_path / "index"
    EmbeddedEngine.rebuild(path, titled("石墨烯", "碳纤维")).close()
    return path


def generation_of(folder: Path) -> Path:
    generation: str = json.loads((folder / "index.json").read_text())["generation"]
    return folder / generation


def found_in(engine: EmbeddedEngine, text: str) -> list[str]:
    return ids_of(engine.search_now(SearchQuery(text=text)))


# Opening


def test_an_index_opens_again_as_it_was_closed(folder: Path) -> None:
    with EmbeddedEngine.open(folder, writable=True) as engine:
        assert engine.versions_now() == {"r1": 1, "r2": 1}
        assert found_in(engine, "石墨烯") == ["r1"]


def test_an_index_may_be_written_on_after_opening_again(folder: Path) -> None:
    with EmbeddedEngine.open(folder, writable=True) as engine:
        engine.upsert_now([make_document("r1", title="陶瓷", version=2), make_document("r3")])

    with EmbeddedEngine.open(folder, writable=False) as engine:
        assert engine.versions_now() == {"r1": 2, "r2": 1, "r3": 1}
        assert found_in(engine, "石墨烯") == []


@pytest.mark.parametrize("writable", [True, False])
def test_a_folder_without_index_is_reported_and_left_alone(
    tmp_path: Path, *, writable: bool
) -> None:
    (tmp_path / "letter.txt").write_text("keep me")

    with pytest.raises(IndexCorrupt, match="no readable search index"):
        EmbeddedEngine.open(tmp_path, writable=writable)

    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(IndexCorrupt):
        EmbeddedEngine.open(tmp_path / "nowhere", writable=True)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schema_version": 1}',
        b'{"schema_version": "1", "pipeline_version": 1, "generation": "x"}',
        b"\0" * 100,
    ],
)
def test_a_damaged_manifest_is_reported(folder: Path, manifest: bytes) -> None:
    (folder / "index.json").write_bytes(manifest)

    with pytest.raises(IndexCorrupt):
        EmbeddedEngine.open(folder, writable=False)


@pytest.mark.parametrize("outdated", ["schema_version", "pipeline_version"])
@pytest.mark.parametrize("step", [-1, 1])
def test_an_index_of_another_version_is_outdated(folder: Path, outdated: str, step: int) -> None:
    manifest = json.loads((folder / "index.json").read_text())
    manifest[outdated] += step
    (folder / "index.json").write_text(json.dumps(manifest))

    with pytest.raises(IndexOutdated, match="another version"):
        EmbeddedEngine.open(folder, writable=True)


def test_an_outdated_index_can_be_rebuilt(folder: Path) -> None:
    manifest = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps(manifest | {"schema_version": 0}))

    EmbeddedEngine.rebuild(folder, titled("陶瓷")).close()

    with EmbeddedEngine.open(folder, writable=False) as engine:
        assert found_in(engine, "陶瓷") == ["r1"]
        assert engine.versions_now() == {"r1": 1}


def damaged_files(folder: Path) -> Iterator[Path]:
    generation = generation_of(folder)
    yield generation / "meta.json"
    yield from sorted(path for path in generation.iterdir() if path.suffix in {".store", ".term"})


@pytest.mark.parametrize("damage", ["delete", "truncate", "empty", "garbage"])
def test_damaged_files_are_reported_and_kept(folder: Path, damage: str) -> None:
    for path in list(damaged_files(folder)):
        whole = path.read_bytes()
        if damage == "delete":
            path.unlink()
        else:
            size = len(whole)
            path.write_bytes(
                {"truncate": whole[: size // 2], "empty": b"", "garbage": b"\xa5" * size}[damage]
            )

        with pytest.raises(IndexCorrupt):
            EmbeddedEngine.open(folder, writable=False)
        path.write_bytes(whole)

    with EmbeddedEngine.open(folder, writable=False) as engine:
        assert engine.versions_now() == {"r1": 1, "r2": 1}


def test_a_missing_generation_is_reported_and_rebuilt(folder: Path) -> None:
    generation_of(folder).rename(folder / "moved-away")

    with pytest.raises(IndexCorrupt):
        EmbeddedEngine.open(folder, writable=True)
    EmbeddedEngine.rebuild(folder, titled("陶瓷")).close()

    with EmbeddedEngine.open(folder, writable=False) as engine:
        assert found_in(engine, "陶瓷") == ["r1"]
    assert (folder / "moved-away").is_dir()


def test_a_manifest_can_not_name_a_generation_outside_the_folder(folder: Path) -> None:
    outside = folder.parent / "elsewhere"
    generation_of(folder).rename(outside)
    manifest = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps(manifest | {"generation": "../elsewhere"}))

    with pytest.raises(IndexCorrupt):
        EmbeddedEngine.open(folder, writable=False)


def test_an_index_where_a_file_is_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("not a folder")

    with pytest.raises(SearchUnavailable, match="can be written"):
        EmbeddedEngine.rebuild(tmp_path / "index")


# One writer, many readers


def test_a_second_writer_is_refused_until_the_first_closes(folder: Path) -> None:
    first = EmbeddedEngine.open(folder, writable=True)

    with pytest.raises(IndexLocked):
        EmbeddedEngine.open(folder, writable=True)
    first.close()

    EmbeddedEngine.open(folder, writable=True).close()


def test_a_rebuild_is_refused_while_another_engine_writes(folder: Path) -> None:
    with EmbeddedEngine.open(folder, writable=True) as writer:
        with pytest.raises(IndexLocked):
            EmbeddedEngine.rebuild(folder, [])

        assert writer.versions_now() == {"r1": 1, "r2": 1}
    assert len(list(folder.glob("generation-*"))) == 1


def test_a_reader_does_not_keep_a_writer_out(folder: Path) -> None:
    with (
        EmbeddedEngine.open(folder, writable=False) as reader,
        EmbeddedEngine.open(folder, writable=True) as writer,
    ):
        writer.delete_now(["r1"])

        assert reader.versions_now() == {"r2": 1}


def test_a_reader_sees_each_commit_at_its_next_search(folder: Path) -> None:
    with (
        EmbeddedEngine.open(folder, writable=True) as writer,
        EmbeddedEngine.open(folder, writable=False) as reader,
    ):
        seen = []
        for place in range(5):
            writer.upsert_now([make_document(f"n{place}", title="陶瓷")])
            seen.append(found_in(reader, "陶瓷"))

    assert seen == [[f"n{i}" for i in range(place + 1)] for place in range(5)]


def test_a_reader_can_not_write(folder: Path) -> None:
    with EmbeddedEngine.open(folder, writable=False) as reader:
        with pytest.raises(SearchUnavailable, match="reading only"):
            reader.upsert_now(titled("陶瓷"))
        with pytest.raises(SearchUnavailable, match="reading only"):
            reader.delete_now(["r1"])

        assert reader.versions_now() == {"r1": 1, "r2": 1}


def test_a_reader_moves_on_to_the_rebuilt_index(folder: Path) -> None:
    with EmbeddedEngine.open(folder, writable=False) as reader:
        before = found_in(reader, "石墨烯")

        with EmbeddedEngine.rebuild(folder, [make_document("r9", title="石墨烯")]) as writer:
            after = found_in(reader, "石墨烯")
            writer.upsert_now([make_document("r8", title="石墨烯")])
            later = found_in(reader, "石墨烯")

    assert (before, after, later) == (["r1"], ["r9"], ["r8", "r9"])


def test_a_reader_is_told_when_the_rebuilt_index_is_of_another_version(folder: Path) -> None:
    with EmbeddedEngine.open(folder, writable=False) as reader:
        EmbeddedEngine.rebuild(folder, titled("陶瓷")).close()
        manifest = json.loads((folder / "index.json").read_text())
        (folder / "index.json").write_text(json.dumps(manifest | {"schema_version": 99}))

        with pytest.raises(IndexOutdated):
            reader.search_now(SearchQuery(text="陶瓷"))


def test_a_failed_rebuild_leaves_the_old_index(folder: Path) -> None:
    def breaking() -> Iterator[SearchDocument]:
        yield from random_documents(100, seed=4)
        raise ConnectionError("the source broke")

    with pytest.raises(ConnectionError):
        EmbeddedEngine.rebuild(folder, breaking())

    assert len(list(folder.glob("generation-*"))) == 1
    with EmbeddedEngine.open(folder, writable=True) as engine:
        assert engine.versions_now() == {"r1": 1, "r2": 1}


def test_a_rebuild_leaves_one_generation_and_clears_what_a_crash_left(folder: Path) -> None:
    (folder / "generation-halfway").mkdir()
    (folder / "generation-halfway" / "meta.json").write_text("{}")
    (folder / "generation-halfway.json").write_text("{}")

    EmbeddedEngine.rebuild(folder, titled("陶瓷")).close()

    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [generation_of(folder).name, "index.json"]
    )


def test_a_refused_document_keeps_the_writer_usable() -> None:
    engine = EmbeddedEngine.in_memory()

    for _ in range(3):
        with pytest.raises(DocumentRefused):
            engine.upsert_now([make_document("lost", title="石墨烯"), make_document("")])
    engine.upsert_now([make_document("kept", title="石墨烯")])

    assert engine.versions_now() == {"kept": 1}
    assert found_in(engine, "石墨烯") == ["kept"]


def test_many_documents_are_made_bit_by_bit() -> None:
    taken = 0

    def counted() -> Iterator[SearchDocument]:
        nonlocal taken
        for number in range(2_005):
            taken += 1
            yield make_document(f"n{number}")

    made = iter(made_documents(counted()))

    assert taken == 2_000
    assert [each.id for each in itertools.islice(made, 2_001)][-1] == "n2000"
    assert taken == 2_001


def test_a_document_refused_after_many_leaves_none_of_them() -> None:
    engine = EmbeddedEngine.in_memory()
    many = (make_document(f"n{number}") for number in range(2_001))

    with pytest.raises(DocumentRefused):
        engine.upsert_now(itertools.chain(many, [make_document("")]))

    assert engine.versions_now() == {}


# Kill -9

_WRITER = """
import sys
from pathlib import Path
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine

folder, start = Path(sys.argv[1]), int(sys.argv[2])
engine = EmbeddedEngine.open(folder, writable=True)
batch = start
while True:
    batch += 1
    engine.upsert_now(
        SearchDocument(id=f"d{place}", version=batch, title=f"电池批次{batch}")
        for place in range(40)
    )
    print(batch, flush=True)
"""


def test_no_acknowledged_batch_is_lost_and_none_is_partial_after_kill_9(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    EmbeddedEngine.rebuild(folder).close()
    chance = random.Random(9)
    acknowledged = 0
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(folder), str(acknowledged)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        time.sleep(chance.uniform(0, 0.15))
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.read().splitlines()
        writer.stdout.close()
        writer.wait()
        acknowledged = max(int(line) for line in lines if line.strip())

        with EmbeddedEngine.open(folder, writable=False) as engine:
            versions = engine.versions_now()

        assert sorted(versions) == sorted(f"d{place}" for place in range(40))
        assert len(set(versions.values())) == 1
        held = versions["d0"]
        assert acknowledged <= held <= acknowledged + 1
        acknowledged = held


# Concurrency


def test_a_hundred_searches_and_writes_at_once_in_a_folder(folder: Path) -> None:
    async def together(engine: EmbeddedEngine, reader: EmbeddedEngine) -> None:
        writes = (engine.upsert([make_document(f"n{place}")]) for place in range(10))
        searches = (
            one.search(SearchQuery(text="石墨烯", highlight=True))
            for one, _ in itertools.product((engine, reader), range(50))
        )
        pages, _ = await asyncio.gather(asyncio.gather(*searches), asyncio.gather(*writes))
        assert {tuple(ids_of(page)) for page in pages} == {("r1",)}

    with (
        EmbeddedEngine.open(folder, writable=True) as engine,
        EmbeddedEngine.open(folder, writable=False) as reader,
    ):
        asyncio.run(together(engine, reader))

        assert len(reader.versions_now()) == 12


# Order and cost


@pytest.mark.parametrize("amount", [20, 300, 3_000])
def test_long_ties_keep_the_order_of_ids_on_every_page(amount: int) -> None:
    engine = EmbeddedEngine.in_memory()
    ids = [f"r{place:05}" for place in range(amount)]
    shuffled = random.Random(5).sample(ids, amount)
    for start in range(0, amount, amount // 4):
        engine.upsert_now(
            make_document(key, title="电池") for key in shuffled[start : start + amount // 4]
        )

    for offset in (0, 7, amount // 2, amount - 5):
        page = engine.search_now(SearchQuery(text="电池", offset=offset, limit=10))

        assert ids_of(page) == ids[offset : offset + 10]


def test_known_ids_are_forgotten_when_there_are_many_more_than_documents() -> None:
    engine = EmbeddedEngine.in_memory()
    engine.upsert_now(titled("电池"))
    engine._known_ids.update((-number, "gone") for number in range(1, 10_020))

    assert found_in(engine, "电池") == ["r1"]

    assert list(engine._known_ids.values()) == ["r1"]


def test_a_writing_number_is_never_given_twice(folder: Path) -> None:
    with EmbeddedEngine.open(folder, writable=False) as reader:
        assert found_in(reader, "碳纤维") == ["r2"]
        with EmbeddedEngine.open(folder, writable=True) as writer:
            writer.delete_now(["r2"])
        with EmbeddedEngine.open(folder, writable=True) as writer:
            writer.upsert_now([make_document("new", title="碳纤维")])

        assert found_in(reader, "碳纤维") == ["new"]


def test_two_engines_of_the_same_documents_answer_alike() -> None:
    queries = [
        SearchQuery(text=text, limit=50) for text in ("耐磨电池", "涂料检测", "poly", "机器入")
    ]
    answers = []
    for _ in range(2):
        engine = EmbeddedEngine.in_memory()
        engine.upsert_now(random_documents(500, seed=6))
        answers.append([engine.search_now(query) for query in queries])

    assert answers[0] == answers[1]


def test_a_long_text_may_ask_for_candidates() -> None:
    engine = EmbeddedEngine.in_memory()
    engine.upsert_now(titled("电池", "涂料"))
    terms = [WeightedTerm(f"w{place}", 1.0) for place in range(5_000)]

    hits = engine.candidates_now([*terms, WeightedTerm("涂料", 2.0)])

    assert [hit.id for hit in hits] == ["r2"]


def test_weights_of_a_repeated_term_add_up() -> None:
    engine = EmbeddedEngine.in_memory()
    engine.upsert_now(titled("电池", "涂料"))
    once = engine.candidates_now([WeightedTerm("电池", 3.0)])

    twice = engine.candidates_now([WeightedTerm("电池", 1.0), WeightedTerm("电池", 2.0)])

    assert twice == once


# Synonyms


@pytest.fixture
def synonyms() -> Synonyms:
    return Synonyms(["=\t泡沫|发泡材料", ">\t鞋底滑\t湿摩擦系数", "=\twafer|晶圆"])


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("泡沫", ["r2", "r1"]),
        ("鞋底滑", ["r3"]),
        ("湿摩擦系数", ["r3"]),
        ("wafer", ["r4"]),
        ("泡沫 缓冲", ["r2", "r1"]),
    ],
)
def test_synonyms_are_found_after_the_word_itself(
    synonyms: Synonyms, typed: str, ids: list[str]
) -> None:
    engine = EmbeddedEngine.in_memory(synonyms=synonyms)
    engine.upsert_now(titled("发泡材料缓冲", "泡沫缓冲", "湿摩擦系数调控", "晶圆检测"))

    assert found_in(engine, typed) == ids


def test_without_synonyms_other_names_are_not_found() -> None:
    engine = EmbeddedEngine.in_memory()
    engine.upsert_now(titled("晶圆检测"))

    assert found_in(engine, "wafer") == []


def test_synonyms_are_highlighted(synonyms: Synonyms) -> None:
    engine = EmbeddedEngine.in_memory(synonyms=synonyms)
    engine.upsert_now(titled("晶圆检测"))

    page = engine.search_now(SearchQuery(text="wafer", highlight=True))

    assert [(span.start, span.end) for span in page.hits[0].highlights["title"]] == [(0, 2)]


def test_a_synonym_counts_as_the_word_among_every_word(synonyms: Synonyms) -> None:
    engine = EmbeddedEngine.in_memory(synonyms=synonyms)
    every = [make_document(f"r{place:02}", title="晶圆检测") for place in range(FEW_HITS)]
    engine.upsert_now([*every, make_document("some", title="检测")])

    page = engine.search_now(SearchQuery(text="wafer检测"))

    assert page.total == FEW_HITS
    assert "some" not in ids_of(page)


# Reading what was typed


def test_a_compound_is_required_by_its_parts() -> None:
    typed = read_typed("锂离子电池")

    assert "锂离子电池" not in typed.required or typed.required == ("锂离子电池",)
    assert set(typed.required) <= set(typed.words)
    assert "电池" in typed.words


def test_a_typed_text_is_cut_to_its_limits() -> None:
    ideographs = "".join(map(chr, range(0x4E00, 0x4E00 + 3_000)))
    words = " ".join(f"word{place}" for place in range(1_000))

    assert len(read_typed(words).words) == MAX_QUERY_WORDS
    assert len(read_typed(ideographs).words) == MAX_QUERY_WORDS
    assert len(read_typed(ideographs).ideographs) <= MAX_QUERY_IDEOGRAPHS
    assert read_typed(" " * MAX_QUERY_CHARACTERS + "电池").is_blank


@pytest.mark.parametrize(
    ("typed", "phrases"),
    [
        ('"离子电池"', (("离", "子", "电", "池"),)),
        ('"TPU 2.0鞋底" 回收', (("tpu", "2", "0", "鞋", "底"),)),
        ("“甲”和「乙丙」", (("甲",), ("乙", "丙"))),
        ('"，。"', ()),
        ('"未完', ()),
        ("５″″英寸", ()),
    ],
)
def test_quotation_marks_make_phrases(typed: str, phrases: tuple[tuple[str, ...], ...]) -> None:
    assert read_typed(typed).phrases == phrases


def test_a_question_of_nothing_else_is_searched_as_it_stands() -> None:
    assert read_typed("有没有").words == ("有没有",)
    assert "有没有" not in read_typed("有没有电池").words


@pytest.mark.parametrize(
    ("folded", "parts"),
    [
        ("c0防水剂", ["c", "0", "防", "水", "剂"]),
        ("120mm×3", ["120", "mm", "3"]),
        ("a_b-c", ["a", "b", "c"]),
        ("", []),
        ("，！", []),
        ("naïve über", ["naïve", "über"]),
    ],
)
def test_characters_are_ideographs_and_runs_of_letters_or_digits(
    folded: str, parts: list[str]
) -> None:
    assert characters(folded) == parts


def test_a_name_is_spelled_out_without_its_spaces() -> None:
    assert spelled_out("刺桐　大學 Ａ") == ["刺", "桐", "大", "学", "a"]


@pytest.mark.parametrize("length", [1, 2, 199, 200, 201, 5_000])
def test_a_part_of_an_organisation_may_be_of_any_length(length: int) -> None:
    engine = EmbeddedEngine.in_memory()
    engine.upsert_now([make_document("r1", organisation="甲" * 300), make_document("r2")])

    page = engine.search_now(SearchQuery(filters=Filters(organisation="甲" * length)))

    assert ids_of(page) == ["r1"]
