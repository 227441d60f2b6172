"""What may be done with an import in each state, and how many questions a page asks."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from market.accounts.viewer import ANONYMOUS
from market.db import Database, utc_now
from market.errors import NotFound
from market.exchange.import_rows import APPLIED_ROWS, chunks, row_counts, targets_of
from market.exchange.imports_wire import counts_of, import_view
from market.exchange.models import Import
from market.exchange.queries import import_for, imports_of
from market.exchange.service import allowed_steps, did_something, shown_name
from schemas.imports import ImportCounts, ImportState, ImportStep
from tests.market.accounts.factories import make_account
from tests.market.exchange.importing import (
    BROKEN,
    FILM,
    HEADERS,
    NEED,
    NEED_HEADERS,
    ROWS,
    SOLE,
    Importing,
    csv_bytes,
)


def an_import(state: ImportState, **values: Any) -> Import:
    given_values = {
        "id": uuid.UUID(int=1),
        "organisation_id": uuid.UUID(int=2),
        "kind": "result",
        "file_name": "x.csv",
        "publishes": False,
        "rows": 3,
        "rows_done": 1,
        "counts": {},
        "problem": None,
        "created_at": utc_now(),
        "finished_at": None,
    }
    return Import(state=state, **{**given_values, **values})


@pytest.mark.parametrize(
    ("state", "applied_rows", "steps"),
    [
        ("checking", 0, []),
        ("checked", 0, ["apply", "cancel"]),
        ("applying", 5, []),
        ("applied", 5, ["undo"]),
        ("applied", 0, ["undo"]),
        ("undoing", 5, []),
        ("undone", 5, []),
        ("failed", 0, ["cancel"]),
        ("failed", 5, ["undo"]),
    ],
)
def test_each_state_allows_its_steps(
    state: ImportState, applied_rows: int, steps: list[ImportStep]
) -> None:
    told = an_import(state, counts={APPLIED_ROWS: applied_rows})

    assert allowed_steps(told) == steps
    assert did_something(told) is (applied_rows > 0)


def test_inner_counts_are_not_shown() -> None:
    told = an_import("applied", counts={"created": 2, "kept": 1, APPLIED_ROWS: 3, "unknown": 9})

    assert counts_of(told) == ImportCounts(created=2, kept=1)


@pytest.mark.parametrize(("lang", "said"), [("zh", "坏了"), ("en", "It broke.")])
def test_problem_is_told_in_the_language_asked_for(lang: Any, said: str) -> None:
    told = an_import("failed", problem={"zh": "坏了", "en": "It broke."})

    assert import_view(told, lang).problem == said


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("成果.csv", "成果.csv"),
        ("a/b\\c.csv", "c.csv"),
        ("a\nb/c.csv", "c.csv"),
        ("\x00\x1b[31m.csv", "[31m.csv"),
        ("\ud800.csv", ".csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("/", ""),
        ("  ", ""),
    ],
)
def test_shown_name_has_no_folder_and_nothing_that_harms(given_name: str, shown: str) -> None:
    assert shown_name(given_name) == shown


@given(st.text(st.characters(exclude_categories=()), max_size=400))
def test_shown_name_fits_its_column(given_name: str) -> None:
    name = shown_name(given_name)

    assert len(name) <= 200
    assert name.isprintable()
    assert "/" not in name
    assert "\\" not in name


@given(st.integers(0, 3_500), st.integers(0, 3_500))
def test_chunks_hold_everything_from_their_start_once(size: int, start: int) -> None:
    items = list(range(size))

    parts = list(chunks(items, start))

    assert [item for part in parts for item in part] == items[start:]
    assert all(len(part) <= 1_000 for part in parts)


async def test_reference_means_ones_own_listing_of_the_kind(
    importing: Importing, database: Database
) -> None:
    outpost = Importing(
        importing.client, database, importing.settings, await make_account(database, "outpost")
    )
    applied = await outpost.applied([HEADERS, FILM, SOLE])
    await outpost.applied([NEED_HEADERS, ["R1", *NEED[1:]]], kind="need")
    await importing.applied([HEADERS, ["R1", "别家的成果", *FILM[2:]]])
    results, needs = await outpost.listings(), await outpost.listings("need")
    sole, need = results["防滑橡胶鞋底"], needs["鞋底打滑"]
    others = results["别家的成果"]
    asked = ["R1", str(sole.id), str(need.id), str(others.id), "R9", "", "不是编号"]

    async with database.writing() as session:
        told = await session.get_one(Import, uuid.UUID(applied["id"]))
        found = await targets_of(session, told, asked)

    assert {key: listing.id for key, listing in found.items()} == {
        "R1": results["石墨烯导热膜"].id,
        str(sole.id): sole.id,
    }


async def test_nobody_without_an_organisation_has_imports(
    importing: Importing, database: Database
) -> None:
    told = await importing.checked([HEADERS, FILM])

    async with database.reading() as session:
        found = await imports_of(session, ANONYMOUS, state=None, before=None, limit=10)
        with pytest.raises(NotFound):
            await import_for(session, ANONYMOUS, uuid.UUID(told["id"]))

    assert found == []


async def test_counts_of_rows_leave_warnings_out(importing: Importing, database: Database) -> None:
    told = await importing.checked([HEADERS, [*FILM[:3], "不存在的领域", "80万元", "7"], BROKEN])

    async with database.reading() as session:
        found = await row_counts(session, uuid.UUID(told["id"]))

    assert {name: number for name, number in found.items() if number} == {
        "created": 1,
        "refused": 1,
    }
    assert told["counts"]["warnings"] == 1


@asynccontextmanager
async def asked_of(database: Database) -> AsyncIterator[list[str]]:
    """The statements that reach the database within the block."""
    statements: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    async with database.reading() as session:
        engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["?limit=50", "/{id}/rows?limit=50", "/{id}"])
async def test_page_asks_as_often_for_many_as_for_few(
    path: str, importing: Importing, database: Database
) -> None:
    few = await importing.applied([HEADERS, FILM])
    async with asked_of(database) as for_few:
        await importing.get(path.format(id=few["id"]))
    many = await importing.applied([*ROWS, *([f"X{n}", *SOLE[1:]] for n in range(30))])
    await importing.applied([HEADERS, FILM])

    async with asked_of(database) as for_many:
        answer = await importing.get(path.format(id=many["id"]))

    assert answer.status_code == 200
    assert len([each for each in for_many if each.startswith("SELECT")]) == len(
        [each for each in for_few if each.startswith("SELECT")]
    )


HEAD = b'--b\r\nContent-Disposition: form-data; name="'
PIECES = st.sampled_from(
    [
        *(HEAD, b"--b\r\n", b"--b--\r\n", b"\r\n", b"\r\n\r\n", b"--b--", b"--"),
        *(b'file"; filename="x.csv"', b'kind"', b'publishes"', b"\"; filename*=UTF-8''%ff\""),
        *(b"result", b"need", b"true", b"\x00", b"\xff\xfe", b'"', b"="),
        *(b"Content-Type: text/plain; charset=utf-7\r\n", b"Content-Transfer-Encoding: base64\r\n"),
        *(b"Content-Disposition: form-data\r\n", b"Content-Disposition: x; name=\r\n"),
    ]
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.lists(PIECES, max_size=14).map(b"".join))
async def test_no_form_is_a_failure_of_ours(body: bytes, importing: Importing) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b", **importing.account.headers}

    answer = await importing.client.post("/api/v1/imports", content=body, headers=headers)

    assert answer.status_code in {202, 400, 409, 413, 415, 422}
    if answer.status_code != 202:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_whole_form_with_a_file_in_it_is_taken(importing: Importing) -> None:
    content = csv_bytes([HEADERS, FILM])
    body = (
        HEAD + b'publishes"\r\n\r\ntrue\r\n' + HEAD + b'kind"\r\n\r\nresult\r\n' + HEAD
        + b'file"; filename="x.csv"\r\nContent-Type: text/csv\r\n\r\n' + content + b"\r\n--b--\r\n"
    )  # fmt: skip
    headers = {"Content-Type": "multipart/form-data; boundary=b", **importing.account.headers}

    answer = await importing.client.post("/api/v1/imports", content=body, headers=headers)

    assert (answer.status_code, answer.json()["publishes"]) == (202, True)
