"""Who may import what, and what the form of an import has to be."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from market.accounts.models import Organisation
from market.db import Database
from market.exchange.service import MOST_UNFINISHED
from market.settings import Settings
from tests.market.accounts.factories import make_account, make_key
from tests.market.exchange.importing import (
    FILM,
    HEADERS,
    NEED,
    NEED_HEADERS,
    ROWS,
    Importing,
    counts,
    csv_bytes,
)

READS = ["", "/rows", "/problems"]
CHANGES = ["/apply", "/undo"]


async def person(importing: Importing, kind: str | None, **changes: Any) -> Importing:
    """Another person, of an organisation of this kind."""
    account = await make_account(importing.database, kind, **changes)
    return Importing(importing.client, importing.database, importing.settings, account)


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("organisation", "kind", "status"),
    [
        ("institute", "result", 202),
        ("institute", "need", 403),
        ("enterprise", "need", 202),
        ("enterprise", "result", 403),
        ("outpost", "result", 202),
        ("outpost", "need", 202),
        ("broker", "result", 202),
        ("broker", "need", 202),
        ("investor", "result", 403),
        ("organizer", "need", 403),
        (None, "result", 403),
    ],
)
async def test_each_organisation_imports_what_it_may_post(
    organisation: str | None, kind: str, status: int, importing: Importing
) -> None:
    someone = await person(importing, organisation, is_administrator=organisation is None)

    sent = await someone.send(csv_bytes(ROWS), kind=kind)

    assert sent.status_code == status


async def test_nobody_imports_without_signing_in(importing: Importing) -> None:
    files = {"file": ("x.csv", csv_bytes(ROWS))}

    sent = await importing.client.post("/api/v1/imports", files=files, data={"kind": "result"})

    assert told(sent) == (401, "sign_in_required")


@pytest.mark.parametrize(("scope", "status"), [("imports:write", 202), ("listings:write", 403)])
async def test_key_needs_the_scope(
    scope: str, status: int, importing: Importing, database: Database
) -> None:
    key = await make_key(database, importing.account, scope)

    sent = await importing.send(csv_bytes(ROWS), headers=key)

    assert sent.status_code == status


async def test_import_of_another_organisation_is_not_there(importing: Importing) -> None:
    theirs = await importing.applied([HEADERS, FILM])
    waiting = await importing.checked([HEADERS, FILM])
    other = await person(importing, "institute")

    answers = [await other.get(f"/{theirs['id']}{path}") for path in READS]
    answers += [
        await other.post(f"/{each['id']}{path}") for each in (theirs, waiting) for path in CHANGES
    ]
    answers.append(await other.delete(f"/{waiting['id']}"))

    assert {told(answer) for answer in answers} == {(404, "not_found")}
    assert (await other.get("")).json() == {"items": [], "next_cursor": None}
    assert (await importing.read(waiting["id"]))["state"] == "checked"


@pytest.mark.parametrize("import_id", ["01890000-0000-7000-8000-000000000000", "x", "1"])
async def test_import_that_is_not_there(import_id: str, importing: Importing) -> None:
    answers = [await importing.get(f"/{import_id}{path}") for path in READS]
    answers += [await importing.post(f"/{import_id}{path}") for path in CHANGES]
    answers.append(await importing.delete(f"/{import_id}"))

    assert {told(answer) for answer in answers} == {(404, "not_found")}


async def test_colleague_sees_and_finishes_an_import(importing: Importing) -> None:
    checked = await importing.checked([HEADERS, FILM])
    colleague = await person(importing, None, organisation=importing.account.organisation)

    applied = await colleague.step(checked["id"], "apply")

    assert (applied["state"], applied["counts"]) == ("applied", counts(created=1))


async def test_reference_of_another_organisation_is_another_listing(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM])
    own_id = str((await importing.listings())["石墨烯导热膜"].id)
    other = await person(importing, "institute")

    first = await other.applied([HEADERS, ["R1", "同编号的成果", *FILM[2:]]])
    second = await other.applied([HEADERS, [own_id, "冒用内部编号的成果", *FILM[2:]]])

    assert (first["counts"], second["counts"]) == (counts(created=1), counts(created=1))
    assert sorted(await importing.listings()) == [
        "冒用内部编号的成果",
        "同编号的成果",
        "石墨烯导热膜",
    ]


async def test_organisation_that_is_not_verified_may_not_publish(importing: Importing) -> None:
    someone = await person(importing, "institute", is_verified=False)

    refused = await someone.send(csv_bytes(ROWS), publishes=True)
    applied = await someone.applied(ROWS, publishes=False)

    assert told(refused) == (403, "organisation_not_verified")
    assert applied["counts"] == counts(created=3, refused=1)


async def test_verification_that_is_taken_back_leaves_drafts(
    importing: Importing, database: Database
) -> None:
    checked = await importing.checked(ROWS, publishes=True)
    async with database.writing() as session:
        await session.execute(update(Organisation).values(verified_at=None))

    applied = await importing.step(checked["id"], "apply")

    assert applied["counts"] == counts(created=3, refused=1, left_draft=3)
    assert set((await importing.statuses()).values()) == {"draft"}


async def test_unfinished_imports_are_few(importing: Importing) -> None:
    ids = [(await importing.send(csv_bytes(ROWS))).json()["id"] for _ in range(MOST_UNFINISHED)]
    refused = await importing.send(csv_bytes(ROWS))
    await importing.work()
    still_refused = await importing.send(csv_bytes(ROWS))

    await importing.delete(f"/{ids[0]}")
    await importing.step(ids[1], "apply")

    assert told(refused) == told(still_refused) == (409, "too_many_imports")
    assert (await importing.send(csv_bytes(ROWS))).status_code == 202
    other = await person(importing, "institute")
    assert (await other.send(csv_bytes(ROWS))).status_code == 202


async def test_unfinished_imports_are_few_also_at_once(importing: Importing) -> None:
    sent = await asyncio.gather(*(importing.send(csv_bytes(ROWS)) for _ in range(10)))

    statuses = sorted(answer.status_code for answer in sent)
    assert statuses == [202] * MOST_UNFINISHED + [409] * (10 - MOST_UNFINISHED)


async def test_step_that_many_ask_for_happens_once(importing: Importing) -> None:
    checked = await importing.checked([HEADERS, FILM])

    asked = await asyncio.gather(*(importing.post(f"/{checked['id']}/apply") for _ in range(5)))

    assert sorted(answer.status_code for answer in asked) == [202, 409, 409, 409, 409]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Uploads of 50 kB at most, other bodies of 10 kB."""
    return Settings(
        data_folder=settings.data_folder,
        database_url=settings.database_url,
        body_limit_bytes=10_000,
        upload_limit_bytes=50_000,
    )


@pytest.mark.parametrize("size_bytes", [50_001, 69_000, 2_000_000])
async def test_file_that_is_too_large_is_refused(size_bytes: int, importing: Importing) -> None:
    sent = await importing.send(b"x" * size_bytes)

    assert told(sent) == (413, "file_too_large")


async def test_file_may_be_larger_than_other_bodies(importing: Importing) -> None:
    sent = await importing.send(b"x" * 50_000)

    assert sent.status_code == 202


FILE = ("file", ("x.csv", b"a"))
KIND = ("kind", (None, "result"))


@pytest.mark.parametrize(
    ("parts", "places"),
    [
        ([], ["#/file", "#/kind"]),
        ([KIND], ["#/file"]),
        ([FILE], ["#/kind"]),
        ([FILE, ("kind", (None, "fair"))], ["#/kind"]),
        ([FILE, ("kind", ("k.txt", b"result"))], ["#/kind"]),
        ([("file", (None, "text")), KIND], ["#/file"]),
        ([FILE, FILE, KIND], ["#/file"]),
        ([FILE, KIND, KIND], ["#/kind"]),
        ([FILE, KIND, ("publishes", (None, "maybe"))], ["#/publishes"]),
        ([FILE, KIND, ("state", (None, "applied"))], ["#/state"]),
        ([FILE, KIND, ("a/b~c", (None, "x"))], ["#/a~1b~0c"]),
        ([("file", ("x.csv", b"")), KIND], ["#/file"]),
        ([("file", ("folder/", b"a")), KIND], ["#/file"]),
    ],
)
async def test_wrong_form_is_told_with_all_its_errors(
    parts: list[Any], places: list[str], importing: Importing
) -> None:
    sent = await importing.client.post(
        "/api/v1/imports", files=parts or [("", (None, ""))], headers=importing.account.headers
    )

    assert told(sent) == (422, "invalid")
    found = sorted({each["pointer"] for each in sent.json()["errors"]})
    assert [place for place in found if place != "#/"] == places


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "multipart/form-data"}, b"x", 415),
        ({"Content-Type": "multipart/form-data; boundary="}, b"x", 415),
        ({}, b"x", 415),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"garbage", 400),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\n", 400),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            (
                b'--b\r\nContent-Disposition: form-data; name="kind"\r\n'
                b"Content-Type: text/plain; charset=klingon\r\n\r\nresult\r\n--b--\r\n"
            ),
            400,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\n\xff\xfe\r\n--b--\r\n',
            400,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "9" * 5_000},
            b"x",
            400,
        ),
    ],
)
async def test_body_that_is_no_form_is_refused(
    headers: dict[str, str], body: bytes, status: int, importing: Importing
) -> None:
    sent = await importing.client.post(
        "/api/v1/imports", content=body, headers=importing.account.headers | headers
    )

    assert sent.status_code == status
    assert sent.headers["content-type"].startswith("application/problem+json")


async def test_body_without_a_stated_length_is_refused(importing: Importing) -> None:
    async def chunks() -> Any:
        yield b"--b\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}

    sent = await importing.client.post(
        "/api/v1/imports", content=chunks(), headers=importing.account.headers | headers
    )

    assert told(sent) == (400, "length_required")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\林\\成果.csv", "成果.csv"),
        ("../../etc/成果.csv", "成果.csv"),
        ("成" * 300 + ".csv", "成" * 196 + ".csv"),
    ],
)
async def test_file_is_known_by_its_own_name_alone(
    given: str, shown: str, importing: Importing
) -> None:
    checked = await importing.checked_bytes(csv_bytes([HEADERS, FILM]), name=given)

    assert (checked["file_name"], checked["state"]) == (shown, "checked")


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "WzEsOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ"])
async def test_cursor_that_we_never_gave_is_refused(cursor: str, importing: Importing) -> None:
    checked = await importing.checked([HEADERS, FILM])

    of_rows = await importing.get(f"/{checked['id']}/rows?cursor={cursor}")
    of_imports = await importing.get(f"?cursor={cursor}")

    assert of_imports.status_code == 422
    assert of_rows.status_code == (200 if cursor == "WzEsMl0" else 422)


async def test_needs_are_not_mixed_with_results(importing: Importing) -> None:
    outpost = await person(importing, "outpost")
    await outpost.applied([HEADERS, FILM])

    needs = await outpost.applied([NEED_HEADERS, ["R1", *NEED[1:]]], kind="need")

    assert needs["counts"] == counts(created=1)
    assert (list(await outpost.listings("need")), list(await outpost.listings())) == (
        ["鞋底打滑"],
        ["石墨烯导热膜"],
    )
