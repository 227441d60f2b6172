"""Organisations: the directory, what managers change, verification."""

import asyncio
from typing import Any

import httpx
import pytest

from market.accounts.models import Organisation
from market.db import Database
from market.jobs import INDEX_ORGANISATION, Job
from tests.market.accounts.factories import (
    Account,
    make_account,
    make_administrator,
    make_key,
    places,
    rows,
    told,
)

URL = "/api/v1/organisations"
MISSING = "00000000-0000-7000-8000-000000000000"
CREDIT_CODE = "91350100M000100Y43"


def url(account: Account) -> str:
    return f"{URL}/{account.user.organisation_id}"


async def names(client: httpx.AsyncClient, headers: dict[str, str], **params: Any) -> list[str]:
    """What a viewer finds in the directory."""
    answer = await client.get(URL, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


async def change(
    client: httpx.AsyncClient, account: Account, by: Account, version: int = 1, **fields: Any
) -> httpx.Response:
    return await client.patch(
        url(account), json=fields, headers=by.headers | {"If-Match": f'"{version}"'}
    )


async def stored(database: Database) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "credit_code": each.credit_code, "division": each.division}
        for each in await rows(database, Organisation)
    ]


# Who sees which of a verified and an unverified institute and enterprise, written by hand.
VISIBLE = {
    "anonymous": ["verified institute"],
    "unverified institute": ["verified institute", "unverified institute"],
    "unverified enterprise": ["verified institute", "unverified enterprise"],
    "verified institute": ["verified institute", "verified enterprise"],
    "verified enterprise": ["verified institute", "verified enterprise"],
    "moderator": [
        "verified institute",
        "unverified institute",
        "verified enterprise",
        "unverified enterprise",
    ],
    "administrator": [
        "verified institute",
        "unverified institute",
        "verified enterprise",
        "unverified enterprise",
    ],
}


async def everybody(database: Database) -> dict[str, Account]:
    accounts = {}
    for kind in ("institute", "enterprise"):
        for word in ("verified", "unverified"):
            name = f"{word} {kind}"
            accounts[name] = await make_account(
                database, kind, name=name, is_verified=word == "verified"
            )
    accounts["moderator"] = await make_account(database, None, is_moderator=True)
    accounts["administrator"] = await make_administrator(database)
    return accounts


@pytest.mark.parametrize("who", VISIBLE)
async def test_directory_and_page_show_what_the_viewer_may_see(
    client: httpx.AsyncClient, database: Database, who: str
) -> None:
    accounts = await everybody(database)
    headers = {} if who == "anonymous" else accounts[who].headers

    listed = await names(client, headers) + await names(client, headers, verified=False)
    read = [
        name
        for name, account in accounts.items()
        if account.organisation
        and (await client.get(url(account), headers=headers)).status_code == 200
    ]

    assert sorted(listed) == sorted(read) == sorted(VISIBLE[who])


async def test_directory_shows_verified_organisations_unless_asked_otherwise(
    client: httpx.AsyncClient, database: Database
) -> None:
    accounts = await everybody(database)
    headers = accounts["administrator"].headers

    found = [await names(client, headers, verified=each) for each in ("true", "false")]

    assert found == [
        ["verified institute", "verified enterprise"],
        ["unverified institute", "unverified enterprise"],
    ]
    assert await names(client, headers) == found[0]


async def test_summary_holds_no_more_than_is_public(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database, "institute", name="晋江鞋业研究院")

    answer = await client.get(URL)

    summary = {
        "id": str(account.user.organisation_id),
        "kind": "institute",
        "name": "晋江鞋业研究院",
        "division": None,
        "about": "",
        "is_verified": True,
    }
    assert answer.json() == {"items": [summary], "next_cursor": None}
    assert (await client.get(url(account))).json() == summary


@pytest.mark.parametrize("who", ["own", "moderator", "administrator"])
async def test_own_people_and_staff_see_all_of_an_organisation(
    client: httpx.AsyncClient, database: Database, who: str
) -> None:
    account = await make_account(database, "enterprise", name="恒安鞋机", is_verified=False)
    headers = {
        "own": account.headers,
        "moderator": (await make_account(database, None, is_moderator=True)).headers,
        "administrator": (await make_administrator(database)).headers,
    }[who]

    answer = await client.get(url(account), headers=headers)

    assert answer.headers["etag"] == '"1"'
    assert answer.json() == {
        "id": str(account.user.organisation_id),
        "kind": "enterprise",
        "name": "恒安鞋机",
        "credit_code": None,
        "division": None,
        "about": "",
        "verified_at": None,
        "created_at": answer.json()["created_at"],
    }


async def test_what_was_read_already_is_not_sent_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database)
    public = (await client.get(url(account))).headers["etag"]
    own = (await client.get(url(account), headers=account.headers)).headers["etag"]

    answers = [
        await client.get(url(account), headers=headers | {"If-None-Match": etag})
        for headers in ({}, account.headers)
        for etag in (public, own)
    ]

    assert (public, own) == ('"1.public"', '"1"')
    assert [each.status_code for each in answers] == [304, 200, 200, 304]
    assert [each.content for each in answers if each.status_code == 304] == [b"", b""]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["晋江鞋业研究院", "Minnan Ceramics", "泉州投资"]),
        ({"kind": "investor"}, ["泉州投资"]),
        ({"kind": "broker"}, []),
        ({"q": "鞋业"}, ["晋江鞋业研究院"]),
        ({"q": " 晋江，鞋业 "}, ["晋江鞋业研究院"]),
        ({"q": "MINNAN　ceramics"}, ["Minnan Ceramics"]),
        ({"q": "ceramics", "kind": "investor"}, []),
        ({"q": "%"}, []),
        ({"q": "_"}, []),
        ({"q": "  "}, ["晋江鞋业研究院", "Minnan Ceramics", "泉州投资"]),
        ({"division": "350582"}, ["晋江鞋业研究院"]),
        ({"division": "350500"}, ["晋江鞋业研究院", "Minnan Ceramics"]),
        ({"division": "3505"}, ["晋江鞋业研究院", "Minnan Ceramics"]),
        ({"division": "35"}, ["晋江鞋业研究院", "Minnan Ceramics", "泉州投资"]),
        ({"division": "11"}, []),
    ],
)
async def test_directory_is_filtered(
    client: httpx.AsyncClient, database: Database, params: dict[str, str], found: list[str]
) -> None:
    administrator = await make_administrator(database)
    for name, kind, division in (
        ("晋江鞋业研究院", "institute", "350582"),
        ("Minnan Ceramics", "institute", "350500"),
        ("泉州投资", "investor", "350000"),
    ):
        account = await make_account(database, kind, name=f"原名{name}")
        await change(client, account, administrator, name=name, division=division)

    assert await names(client, {}, **params) == found


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"kind": "bank"}, "kind"),
        ({"division": "3505x"}, "division"),
        ({"division": "350"}, "division"),
        ({"q": "a\0b"}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"verified": "perhaps"}, "verified"),
        ({"cursor": "x"}, "cursor"),
    ],
)
async def test_wrong_filter_is_named(
    client: httpx.AsyncClient, params: dict[str, str], place: str
) -> None:
    answer = await client.get(URL, params=params)

    assert told(answer) == (422, "invalid")
    assert places(answer) == [place]


async def test_directory_comes_in_pages(client: httpx.AsyncClient, database: Database) -> None:
    made = [
        str((await make_account(database)).user.organisation_id),
        str((await make_account(database)).user.organisation_id),
        str((await make_account(database)).user.organisation_id),
    ]
    await make_account(database, "enterprise")
    await make_account(database, is_verified=False)

    first = (await client.get(URL, params={"limit": 2})).json()
    second = (await client.get(URL, params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [[each["id"] for each in page["items"]] for page in (first, second)] == [
        made[:2],
        made[2:],
    ]
    assert second["next_cursor"] is None


async def test_manager_changes_what_is_said_of_the_organisation(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database, is_verified=False)

    answer = await change(
        client,
        account,
        account,
        name=" 晋江鞋业研究院 ",
        credit_code=CREDIT_CODE.lower(),
        division="350582",
        about="鞋材与制鞋装备",
    )

    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    changed = answer.json()
    assert changed == {
        "id": str(account.user.organisation_id),
        "kind": "institute",
        "name": "晋江鞋业研究院",
        "credit_code": CREDIT_CODE,
        "division": "350582",
        "about": "鞋材与制鞋装备",
        "verified_at": None,
        "created_at": changed["created_at"],
    }
    assert (await client.get(url(account), headers=account.headers)).json() == changed


async def test_null_empties_and_what_is_left_out_stays(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database, name="晋江鞋业研究院", is_verified=False)
    await change(client, account, account, credit_code=CREDIT_CODE, division="350582")

    answer = await change(client, account, account, 2, credit_code=None)

    assert answer.status_code == 200
    assert await stored(database) == [
        {"name": "晋江鞋业研究院", "credit_code": None, "division": "350582"}
    ]


@pytest.mark.parametrize("fields", [{"name": "泉州鞋业研究院"}, {"credit_code": CREDIT_CODE}])
async def test_what_was_verified_only_an_administrator_changes(
    client: httpx.AsyncClient, database: Database, fields: dict[str, Any]
) -> None:
    account = await make_account(database, name="晋江鞋业研究院")
    administrator = await make_administrator(database)

    refused = await change(client, account, account, **fields)
    allowed = await change(client, account, administrator, **fields)

    assert told(refused) == (403, "verified_identity")
    assert allowed.status_code == 200
    assert allowed.json()["verified_at"] is not None
    assert {field: allowed.json()[field] for field in fields} == fields


async def test_manager_of_a_verified_organisation_changes_the_rest(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database, name="晋江鞋业研究院")

    answer = await change(
        client, account, account, name="晋江鞋业研究院", division="350582", about="鞋材"
    )

    assert answer.status_code == 200
    assert answer.json()["verified_at"] is not None


@pytest.mark.parametrize("fields", [{"name": "陶瓷　研究院"}, {"credit_code": CREDIT_CODE}])
async def test_name_and_code_of_another_organisation_are_taken(
    client: httpx.AsyncClient, database: Database, fields: dict[str, Any]
) -> None:
    other = await make_account(database, name="陶瓷研究院", is_verified=False)
    await change(client, other, other, credit_code=CREDIT_CODE)
    account = await make_account(database, name="晋江鞋业研究院", is_verified=False)

    answer = await change(client, account, account, **fields)

    assert told(answer) == (409, "organisation_exists")


async def test_of_many_changes_of_one_version_one_counts(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database)

    answers = await asyncio.gather(
        *(change(client, account, account, about=f"第{n}稿") for n in range(10))
    )

    assert sorted(each.status_code for each in answers) == [200] + [412] * 9


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"credit_code": "91350100M000100Y44"}, "#/credit_code"),
        ({"division": "999999"}, "#/division"),
    ],
)
async def test_code_that_does_not_exist_is_named(
    client: httpx.AsyncClient, database: Database, fields: dict[str, Any], place: str
) -> None:
    account = await make_account(database, is_verified=False)

    answer = await change(client, account, account, **fields)

    assert told(answer) == (422, "invalid")
    assert places(answer) == [place]


@pytest.mark.parametrize(
    "fields",
    [{"name": None}, {"name": " "}, {"about": "x" * 1001}, {"kind": "enterprise"}]
    + [{field: None} for field in ("verified_at", "id", "verified_by_id", "version")],
)
async def test_what_can_t_be_changed_is_refused(
    client: httpx.AsyncClient, database: Database, fields: dict[str, Any]
) -> None:
    account = await make_account(database, is_verified=False)

    answer = await change(client, account, account, **fields)

    assert told(answer) == (422, "invalid")


async def test_new_name_is_indexed_and_the_same_name_is_not(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database, name="晋江鞋业研究院", is_verified=False)

    await change(client, account, account, name="晋江鞋业研究院", about="鞋材")
    await change(client, account, account, 2, name="泉州鞋业研究院")

    assert [(each.kind, each.payload) for each in await rows(database, Job)] == [
        (INDEX_ORGANISATION, {"id": str(account.user.organisation_id)})
    ]


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("anonymous", (401, "sign_in_required")),
        ("colleague", (403, "manager_needed")),
        ("manager elsewhere", (403, "manager_needed")),
        ("moderator", (403, "manager_needed")),
        ("manager's key without scope", (403, "scope_refused")),
        ("colleague's key", (403, "manager_needed")),
    ],
)
async def test_others_change_nothing(
    client: httpx.AsyncClient, database: Database, who: str, refusal: tuple[int, str]
) -> None:
    account = await make_account(database, name="晋江鞋业研究院")
    colleague = await make_account(database, organisation=account.organisation, is_manager=False)
    headers = {
        "anonymous": {},
        "colleague": colleague.headers,
        "manager elsewhere": (await make_account(database, name="陶瓷研究院")).headers,
        "moderator": (await make_account(database, None, is_moderator=True)).headers,
        "manager's key without scope": await make_key(database, account, "listings:write"),
        "colleague's key": await make_key(database, colleague, "organisation:write"),
    }[who]

    answer = await client.patch(
        url(account), json={"about": "改"}, headers=headers | {"If-Match": '"1"'}
    )

    assert told(answer) == refusal
    assert {each.about for each in await rows(database, Organisation)} == {""}


async def test_manager_s_key_with_the_scope_changes_the_organisation(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database)
    key = await make_key(database, account, "organisation:write")

    answer = await client.patch(
        url(account), json={"about": "鞋材"}, headers=key | {"If-Match": '"1"'}
    )

    assert (answer.status_code, answer.json()["about"]) == (200, "鞋材")


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize("which", ["hidden", "missing", "no id"])
async def test_what_one_may_not_know_of_is_not_there(
    client: httpx.AsyncClient, database: Database, method: str, which: str
) -> None:
    viewer = await make_account(database, is_verified=False)
    hidden = await make_account(database, "enterprise")
    asked = {"hidden": str(hidden.user.organisation_id), "missing": MISSING, "no id": "x"}[which]
    body = {"about": "改"} if method == "PATCH" else None

    answer = await client.request(
        method, f"{URL}/{asked}", json=body, headers=viewer.headers | {"If-Match": '"1"'}
    )

    assert told(answer) == (404, "not_found")


async def test_verification_lets_an_organisation_in_and_can_be_taken_back(
    client: httpx.AsyncClient, database: Database
) -> None:
    administrator = await make_administrator(database)
    account = await make_account(database, name="晋江鞋业研究院", is_verified=False)
    await make_account(database, "enterprise", name="恒安鞋机")
    versioned = administrator.headers | {"If-Match": '"1"'}

    verified = await client.post(f"{url(account)}/verify", headers=versioned)
    seen = await names(client, account.headers)
    unverified = await client.post(f"{url(account)}/unverify", headers=administrator.headers)

    assert verified.status_code == unverified.status_code == 200
    assert verified.json()["verified_at"] is not None
    assert sorted(seen) == ["恒安鞋机", "晋江鞋业研究院"]
    assert unverified.json() == verified.json() | {"verified_at": None}
    assert await names(client, account.headers) == []
    [row] = [each for each in await rows(database, Organisation) if each.kind == "institute"]
    assert (row.verified_at, row.verified_by_id, row.version) == (None, None, 3)


async def test_verification_is_of_what_the_administrator_read(
    client: httpx.AsyncClient, database: Database
) -> None:
    administrator = await make_administrator(database)
    account = await make_account(database, is_verified=False)
    await change(client, account, account, name="清华大学")

    outdated = await client.post(
        f"{url(account)}/verify", headers=administrator.headers | {"If-Match": '"1"'}
    )
    blind = await client.post(f"{url(account)}/verify", headers=administrator.headers)

    assert told(outdated) == (412, "version_outdated")
    assert told(blind) == (428, "version_required")
    assert [each.verified_at for each in await rows(database, Organisation)] == [None]


async def test_verifying_twice_keeps_the_first_time(
    client: httpx.AsyncClient, database: Database
) -> None:
    administrator = await make_administrator(database)
    account = await make_account(database, is_verified=False)

    answers = [
        await client.post(
            f"{url(account)}/verify", headers=administrator.headers | {"If-Match": version}
        )
        for version in ('"1"', '"2"')
    ]

    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("action", ["verify", "unverify"])
@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("anonymous", (401, "sign_in_required")),
        ("manager", (403, "role_refused")),
        ("moderator", (403, "role_refused")),
        ("administrator's key", (403, "scope_refused")),
    ],
)
async def test_only_administrators_verify(
    client: httpx.AsyncClient, database: Database, action: str, who: str, refusal: tuple[int, str]
) -> None:
    account = await make_account(database, is_verified=action == "unverify")
    administrator = await make_administrator(database)
    headers = {
        "anonymous": {},
        "manager": account.headers,
        "moderator": (await make_account(database, None, is_moderator=True)).headers,
        "administrator's key": await make_key(database, administrator, "organisation:write"),
    }[who]

    answer = await client.post(f"{url(account)}/{action}", headers=headers | {"If-Match": '"1"'})

    assert told(answer) == refusal
    [row] = await rows(database, Organisation)
    assert (row.verified_at is not None) == (action == "unverify")


@pytest.mark.parametrize("action", ["verify", "unverify"])
@pytest.mark.parametrize("asked", [MISSING, "x"])
async def test_nothing_that_is_missing_is_verified(
    client: httpx.AsyncClient, database: Database, action: str, asked: str
) -> None:
    administrator = await make_administrator(database)

    answer = await client.post(
        f"{URL}/{asked}/{action}", headers=administrator.headers | {"If-Match": '"1"'}
    )

    assert told(answer) == (404, "not_found")
