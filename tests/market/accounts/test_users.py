"""People: read, change, disable, enable; an organisation never loses its last manager."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from market.accounts.models import User
from market.db import Database
from tests.market.accounts.factories import (
    PASSWORD,
    Account,
    good,
    make_account,
    make_administrator,
    make_key,
    password_hash,
    places,
    rows,
    told,
)

MISSING = "00000000-0000-7000-8000-000000000000"


def url(account: Account) -> str:
    return f"/api/v1/users/{account.user.id}"


def people_url(account: Account) -> str:
    return f"/api/v1/organisations/{account.user.organisation_id}/users"


async def colleague_of(database: Database, account: Account, **changes: Any) -> Account:
    values = {"organisation": account.organisation, "is_manager": False} | changes
    return await make_account(database, **values)


def view_of(account: Account, **changes: Any) -> dict[str, Any]:
    user = account.user
    return {
        "id": str(user.id),
        "organisation_id": str(user.organisation_id),
        "email": user.email,
        "name": "张工",
        "is_manager": False,
        "is_moderator": False,
        "is_administrator": False,
        "disabled_at": None,
        "created_at": user.created_at.isoformat().replace("+00:00", "Z"),
    } | changes


async def change(
    client: httpx.AsyncClient, account: Account, by: Account, version: int = 1, **fields: Any
) -> httpx.Response:
    return await client.patch(
        url(account), json=fields, headers=by.headers | {"If-Match": f'"{version}"'}
    )


async def test_colleagues_are_listed_without_people_elsewhere(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    await make_account(database)
    colleague = await colleague_of(database, manager)

    answer = await client.get(people_url(manager), headers=colleague.headers)

    assert answer.json() == {
        "items": [view_of(manager, is_manager=True), view_of(colleague)],
        "next_cursor": None,
    }


async def test_list_comes_in_pages(client: httpx.AsyncClient, database: Database) -> None:
    manager = await make_account(database)
    others = [await colleague_of(database, manager) for _ in range(2)]
    params = {"limit": "2"}

    first = await client.get(people_url(manager), params=params, headers=manager.headers)
    params["cursor"] = first.json()["next_cursor"]
    second = await client.get(people_url(manager), params=params, headers=manager.headers)

    pages = [[each["id"] for each in page.json()["items"]] for page in (first, second)]
    expected = [str(each.user.id) for each in (manager, *others)]
    assert pages == [expected[:2], expected[2:]]
    assert second.json()["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "eyJhIjoxfQ", "!!"])
async def test_made_up_cursor_is_refused(
    client: httpx.AsyncClient, database: Database, cursor: str
) -> None:
    manager = await make_account(database)

    answer = await client.get(
        people_url(manager), params={"cursor": cursor}, headers=manager.headers
    )

    assert told(answer) == (422, "invalid")
    assert places(answer) == ["cursor"]


async def test_list_takes_two_queries_however_long_it_is(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    for _ in range(5):
        await colleague_of(database, manager)
    statements: list[str] = []

    def note(*event_arguments: Any) -> None:
        statements.append(event_arguments[2])

    engines = {database._reading.sync_engine, database._writing.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    await client.get(people_url(manager), headers=manager.headers)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)

    # The first one tells who asks.
    assert len([each for each in statements if each.lstrip().startswith("SELECT")]) == 3


@pytest.mark.parametrize("who", ["manager elsewhere", "moderator", "nobody's administrator"])
async def test_only_colleagues_and_administrators_know_who_works_there(
    client: httpx.AsyncClient, database: Database, who: str
) -> None:
    manager = await make_account(database)
    asking = {
        "manager elsewhere": await make_account(database),
        "moderator": await make_account(database, None, is_moderator=True),
        "nobody's administrator": await make_administrator(database),
    }[who]

    answers = [
        await client.get(each, headers=asking.headers)
        for each in (people_url(manager), url(manager))
    ]

    expected = 200 if who == "nobody's administrator" else 404
    assert [each.status_code for each in answers] == [expected] * 2


async def test_read_person_comes_with_the_etag_that_a_change_names(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    colleague = await colleague_of(database, manager)

    answer = await client.get(url(colleague), headers=manager.headers)

    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert answer.json() == view_of(colleague)


async def test_person_who_was_read_already_is_not_sent_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)

    answers = [
        await client.get(url(manager), headers=manager.headers | {"If-None-Match": each})
        for each in ('"1"', 'W/"1", "7"', '"2"')
    ]

    assert [each.status_code for each in answers] == [304, 304, 200]


async def test_person_changes_their_own_name_only(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    one, other = [await colleague_of(database, manager) for _ in range(2)]

    own = await change(client, one, one, name=" 林工 ")
    others = await change(client, other, one, name="林工")
    rights = await change(client, one, one, version=2, is_manager=True)

    assert (own.status_code, own.headers["etag"]) == (200, '"2"')
    assert own.json() == view_of(one, name="林工")
    assert [told(each) for each in (others, rights)] == [(403, "manager_needed")] * 2


async def test_manager_makes_another_one_and_steps_down(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    colleague = await colleague_of(database, manager)

    answers = [
        await change(client, manager, manager, is_manager=False),
        await change(client, colleague, manager, is_manager=True),
        await change(client, manager, manager, is_manager=False),
    ]

    assert told(answers[0]) == (409, "last_manager")
    assert answers[1].json() == view_of(colleague, is_manager=True)
    assert answers[2].json() == view_of(manager, is_manager=False)


async def test_of_managers_who_all_step_down_at_once_one_stays(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = await make_account(database)
    managers = [first] + [await colleague_of(database, first, is_manager=True) for _ in range(4)]

    answers = await asyncio.gather(
        *(change(client, each, each, is_manager=False) for each in managers)
    )

    assert sorted(each.status_code for each in answers) == [200] * 4 + [409]
    assert [each.is_manager for each in await rows(database, User)].count(True) == 1


async def test_of_two_managers_who_disable_each_other_at_once_one_stays(
    client: httpx.AsyncClient, database: Database
) -> None:
    one = await make_account(database)
    other = await colleague_of(database, one, is_manager=True)

    answers = await asyncio.gather(
        client.post(f"{url(other)}/disable", headers=one.headers),
        client.post(f"{url(one)}/disable", headers=other.headers),
    )

    # The later one is refused as the last manager's, or as coming from a disabled person.
    assert min(each.status_code for each in answers) == 200
    assert [each.disabled_at is None for each in await rows(database, User)].count(True) == 1


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, (428, "version_required")),
        ({"If-Match": '"0"'}, (412, "version_outdated")),
        ({"If-Match": '"2"'}, (412, "version_outdated")),
        ({"If-Match": "*"}, (422, "invalid")),
    ],
)
async def test_change_names_the_version_that_was_read(
    client: httpx.AsyncClient,
    database: Database,
    headers: dict[str, str],
    refusal: tuple[int, str],
) -> None:
    manager = await make_account(database)

    answer = await client.patch(
        url(manager), json={"name": "林工"}, headers=manager.headers | headers
    )

    assert told(answer) == refusal
    assert [each.name for each in await rows(database, User)] == ["张工"]


async def test_of_many_changes_of_one_version_one_counts(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)

    answers = await asyncio.gather(
        *(change(client, manager, manager, name=f"林工{n}") for n in range(10))
    )

    assert sorted(each.status_code for each in answers) == [200] + [412] * 9


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 101}, {"name": None}, {"is_manager": "yes"}]
    + [{field: True} for field in ("is_administrator", "is_moderator", "disabled_at", "email")],
)
async def test_what_can_t_be_changed_is_refused(
    client: httpx.AsyncClient, database: Database, fields: dict[str, Any]
) -> None:
    manager = await make_account(database)

    answer = await change(client, manager, manager, **fields)

    assert told(answer) == (422, "invalid")


async def test_staff_without_an_organisation_can_t_manage_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    administrator = await make_administrator(database)

    answer = await change(client, administrator, administrator, is_manager=True)

    assert told(answer) == (409, "no_organisation")


async def test_disabled_person_is_out_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    colleague = await colleague_of(database, manager, password_hash=await password_hash())
    key = await make_key(database, colleague, "listings:read")
    own_key = await make_key(database, manager, "listings:read")
    link = await client.post(f"{url(colleague)}/password-reset-links", headers=manager.headers)

    answer = await client.post(f"{url(colleague)}/disable", headers=manager.headers)

    assert answer.status_code == 200
    assert answer.json() == view_of(colleague, disabled_at=answer.json()["disabled_at"])
    assert answer.json()["disabled_at"] is not None
    used = [
        await client.get("/api/v1/organisations", headers=headers)
        for headers in (colleague.headers, key, manager.headers, own_key)
    ]
    assert [each.status_code for each in used] == [401, 401, 200, 200]
    reset = await client.post(
        "/api/v1/auth/password-resets",
        json={"token": link.json()["token"], "new_password": "海豚-Kiln-2093"},
    )
    assert told(reset) == (404, "link_not_valid")


async def test_enabled_person_signs_in_again_but_old_tokens_stay_ended(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    colleague = await colleague_of(database, manager, password_hash=await password_hash())
    key = await make_key(database, colleague, "listings:read")
    await client.post(f"{url(colleague)}/disable", headers=manager.headers)

    answer = await client.post(f"{url(colleague)}/enable", headers=manager.headers)

    assert answer.json() == view_of(colleague)
    assert not await good(client, colleague.headers)
    assert (await client.get("/api/v1/organisations", headers=key)).status_code == 401
    signed_in = await client.post(
        "/api/v1/auth/login", json={"email": colleague.user.email, "password": PASSWORD}
    )
    assert signed_in.status_code == 200


async def test_disabling_twice_keeps_the_first_time(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    colleague = await colleague_of(database, manager)

    answers = [
        await client.post(f"{url(colleague)}/disable", headers=manager.headers) for _ in range(2)
    ]

    assert answers[0].json() == answers[1].json()


async def test_nobody_disables_themselves(client: httpx.AsyncClient, database: Database) -> None:
    manager = await make_account(database)
    await colleague_of(database, manager, is_manager=True)

    answer = await client.post(f"{url(manager)}/disable", headers=manager.headers)

    assert told(answer) == (409, "disables_oneself")
    assert await good(client, manager.headers)


async def test_last_manager_is_not_disabled_by_an_administrator_either(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager, administrator = await make_account(database), await make_administrator(database)
    await colleague_of(database, manager)

    answer = await client.post(f"{url(manager)}/disable", headers=administrator.headers)

    assert told(answer) == (409, "last_manager")
    assert await good(client, manager.headers)


async def test_disabled_manager_does_not_count_as_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    other = await colleague_of(database, manager, is_manager=True)
    await client.post(f"{url(other)}/disable", headers=manager.headers)

    answer = await change(client, manager, manager, is_manager=False)

    assert told(answer) == (409, "last_manager")


@pytest.mark.parametrize("action", ["disable", "enable", "password-reset-links"])
@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("anonymous", (401, "sign_in_required")),
        ("colleague", (403, "manager_needed")),
        ("manager elsewhere", (404, "not_found")),
        ("moderator elsewhere", (404, "not_found")),
        ("manager's key", (403, "scope_refused")),
    ],
)
async def test_others_manage_nobody(
    client: httpx.AsyncClient, database: Database, action: str, who: str, refusal: tuple[int, str]
) -> None:
    manager = await make_account(database)
    target = await colleague_of(database, manager)
    headers = {
        "anonymous": {},
        "colleague": (await colleague_of(database, manager)).headers,
        "manager elsewhere": (await make_account(database)).headers,
        "moderator elsewhere": (await make_account(database, is_moderator=True)).headers,
        "manager's key": await make_key(database, manager, "organisation:write"),
    }[who]

    answer = await client.post(f"{url(target)}/{action}", headers=headers)

    assert told(answer) == refusal
    assert await good(client, target.headers)


@pytest.mark.parametrize("role", ["is_administrator", "is_moderator"])
async def test_manager_has_no_power_over_the_marketplace_s_staff(
    client: httpx.AsyncClient, database: Database, role: str
) -> None:
    manager = await make_account(database)
    staff = await colleague_of(database, manager, **{role: True})

    answers = [
        await client.post(f"{url(staff)}/disable", headers=manager.headers),
        await client.post(f"{url(staff)}/enable", headers=manager.headers),
        await change(client, staff, manager, name="林工"),
        await change(client, staff, manager, is_manager=True),
    ]

    assert [told(each) for each in answers] == [(403, "staff_account")] * 4


@pytest.mark.parametrize("user_id", [MISSING, "x", "%00"])
async def test_nobody_is_not_there(
    client: httpx.AsyncClient, database: Database, user_id: str
) -> None:
    administrator = await make_administrator(database)
    headers = administrator.headers | {"If-Match": '"1"'}
    base = f"/api/v1/users/{user_id}"

    answers = [
        await client.get(base, headers=headers),
        await client.patch(base, json={}, headers=headers),
        await client.post(f"{base}/disable", headers=headers),
        await client.get(f"/api/v1/organisations/{user_id}/users", headers=headers),
    ]

    assert {each.status_code for each in answers} <= {404, 422}
    assert answers[0].status_code == 404 or user_id == "%00"


async def test_person_without_any_role_still_looks_after_the_own_account(
    client: httpx.AsyncClient, database: Database
) -> None:
    person = await make_account(database, None, is_manager=False)

    answers = [
        await client.get("/api/v1/auth/me", headers=person.headers),
        await change(client, person, person, name="林工"),
        await client.post("/api/v1/auth/logout", headers=person.headers),
    ]

    assert [each.status_code for each in answers] == [200, 200, 204]
