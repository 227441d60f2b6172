"""Signing ceremonies over HTTP: drafts of an organizer, public when they are published."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from market.db import new_id
from market.deals.models import SigningProject
from tests.market.accounts.factories import make_account, make_key, places, rows, told
from tests.market.deals.factories import make_fair
from tests.market.deals.signing import CEREMONY, PROJECT, URL, Signing
from tests.market.listings.factories import NO_SUCH_ID

NOTHING = {"projects": 0, "amount_cny": 0}


async def test_a_ceremony_is_told_as_it_was_made(signing: Signing) -> None:
    answer = await signing.create()

    assert answer.status_code == 201
    assert answer.headers["location"] == f"{URL}/{answer.json()['id']}"
    assert answer.json() == CEREMONY | {
        "id": answer.json()["id"],
        "version": 1,
        "organizer": {
            "id": str(signing.organizer.user.organisation_id),
            "name": signing.organizer.organisation and signing.organizer.organisation.name,
        },
        "fair_id": None,
        "status": "draft",
        "published_at": None,
        "totals": {
            "total": NOTHING,
            "framework": NOTHING,
            "by_kind": [],
            "by_stage": [],
            "by_kind_and_stage": [],
            "by_batch": [],
        },
        "allowed_actions": ["publish", "delete"],
    }


async def test_a_project_is_told_as_it_was_entered(signing: Signing) -> None:
    ceremony_id = await signing.created()

    project = await signing.added(ceremony_id)

    expected = {name: value for name, value in PROJECT.items() if name != "amount_text"}
    assert project == expected | {
        "id": project["id"],
        "ceremony_id": ceremony_id,
        "version": 1,
        "amount_cny": 350_000_000,
        "source": {},
    }
    ceremony = (await signing.read(ceremony_id)).json()
    assert ceremony["version"] == 2
    assert ceremony["totals"]["total"] == {"projects": 1, "amount_cny": 350_000_000}


@pytest.mark.parametrize(
    ("text", "amount_cny"),
    [
        ("352.55亿元", 35_255_000_000),
        ("93.00亿", 9_300_000_000),
        ("0.00000001亿元", 1),
        ("1,234.5万元", 12_345_000),
        ("800000元", 800_000),
        ("面议", None),
        ("", None),
    ],
)
async def test_amounts_are_read_as_people_write_them(
    signing: Signing, text: str, amount_cny: int | None
) -> None:
    project = await signing.added(await signing.created(), amount_text=text)

    assert project["amount_cny"] == amount_cny


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"amount_text": "3-5亿元"}, "#/amount_text"),
        ({"amount_text": "不低于3亿元"}, "#/amount_text"),
        ({"amount_text": "80"}, "#/amount_text"),
        ({"amount_text": "1.23456元"}, "#/amount_text"),
        ({"amount_text": "三亿"}, "#/amount_text"),
        ({"amount_cny": 5}, "#/amount_text"),
        ({"amount_text": ..., "amount_cny": -1}, "#/amount_cny"),
        ({"kind": "gift"}, "#/kind"),
        ({"title": " "}, "#/title"),
        ({"parties": [""]}, "#/parties/0"),
    ],
)
async def test_projects_that_would_spoil_a_sum_are_refused(
    signing: Signing, changes: dict[str, Any], place: str
) -> None:
    ceremony_id = await signing.created()

    answer = await signing.add(ceremony_id, **changes)

    assert told(answer) == (422, "invalid")
    assert places(answer) == [place]
    assert await signing.projects(ceremony_id) == []


async def test_one_reference_names_one_project(signing: Signing) -> None:
    ceremony_id, other_id = await signing.created(), await signing.created()
    await signing.added(ceremony_id)

    again = await signing.add(ceremony_id, title="另一个项目")
    elsewhere = await signing.add(other_id)
    bare = [await signing.add(ceremony_id, reference=...) for _ in range(2)]

    assert told(again) == (409, "reference_taken")
    assert [each.status_code for each in (elsewhere, *bare)] == [201] * 3


async def test_a_draft_is_its_organizer_s(signing: Signing) -> None:
    ceremony_id = await signing.created()
    await signing.added(ceremony_id)
    rival = await make_account(signing.database, "organizer")
    key = await make_key(signing.database, signing.organizer, "listings:read")

    answers = [
        await signing.client.get(f"{URL}/{ceremony_id}{rest}", headers=headers)
        for headers in ({}, rival.headers, key)
        for rest in ("", "/projects")
    ]
    listed = await signing.client.get(URL, headers=rival.headers)
    change = await signing.client.patch(
        f"{URL}/{ceremony_id}", json={}, headers=rival.headers | {"If-Match": '"2"'}
    )

    assert [each.status_code for each in (*answers, change)] == [404] * 7
    assert listed.json()["items"] == []


async def test_what_is_published_is_public_but_for_the_notes(signing: Signing) -> None:
    ceremony_id = await signing.created()
    project = await signing.added(ceremony_id)
    await signing.do(ceremony_id, "publish")

    public = await signing.client.get(f"{URL}/{ceremony_id}")
    projects = await signing.client.get(f"{URL}/{ceremony_id}/projects")
    one = await signing.client.get(f"{URL}/{ceremony_id}/projects/{project['id']}")
    listed = await signing.client.get(URL)

    assert public.status_code == 200
    assert "private_note" not in public.json()
    assert public.json()["allowed_actions"] == []
    assert public.json()["totals"]["total"]["projects"] == 1
    assert listed.json()["items"] == [public.json()]
    shown = {name: value for name, value in project.items() if name != "source"}
    assert projects.json()["items"] == [shown]
    assert one.json() == shown


async def test_a_rival_changes_nothing_of_what_is_public(signing: Signing) -> None:
    ceremony_id = await signing.created()
    project = await signing.added(ceremony_id)
    await signing.do(ceremony_id, "publish")
    rival = await make_account(signing.database, "organizer")
    headers = rival.headers | {"If-Match": '"1"'}
    path = f"{URL}/{ceremony_id}"

    answers = [
        await signing.client.patch(path, json={"name": "别人的"}, headers=headers),
        await signing.client.delete(path, headers=headers),
        await signing.client.post(f"{path}/withdraw", headers=headers),
        await signing.client.post(f"{path}/projects", json=PROJECT, headers=headers),
        await signing.client.delete(f"{path}/projects/{project['id']}", headers=headers),
        await signing.send(ceremony_id, b"x", account=rival),
    ]

    assert [told(each) for each in answers[:-1]] == [(403, "organizer_only")] * 5
    assert answers[-1].status_code in {403, 422}
    assert [each["id"] for each in await signing.projects(ceremony_id)] == [project["id"]]


async def test_a_ceremony_goes_out_and_comes_back(signing: Signing) -> None:
    ceremony_id = await signing.created()
    empty = await signing.do(ceremony_id, "publish")
    await signing.added(ceremony_id)

    published = await signing.do(ceremony_id, "publish")
    deleted = await signing.do(ceremony_id, "", "DELETE")
    withdrawn = await signing.do(ceremony_id, "withdraw")
    hidden = await signing.client.get(f"{URL}/{ceremony_id}")
    gone = await signing.do(ceremony_id, "", "DELETE")

    assert told(empty) == (409, "ceremony_empty")
    assert published.json()["allowed_actions"] == ["withdraw"]
    assert told(deleted) == (409, "transition_refused")
    assert withdrawn.json()["status"] == "draft"
    assert withdrawn.json()["published_at"] == published.json()["published_at"]
    assert (hidden.status_code, gone.status_code) == (404, 204)
    assert await rows(signing.database, SigningProject) == []


async def test_who_is_not_verified_publishes_nothing(signing: Signing) -> None:
    organizer = await make_account(signing.database, "organizer", is_verified=False)
    newcomer = Signing(signing.client, signing.database, organizer)
    ceremony_id = await newcomer.created()
    await newcomer.added(ceremony_id)

    assert told(await newcomer.do(ceremony_id, "publish")) == (403, "organisation_not_verified")


async def test_projects_are_changed_and_removed(signing: Signing) -> None:
    ceremony_id = await signing.created()
    project = await signing.added(ceremony_id)
    path = f"{URL}/{ceremony_id}/projects/{project['id']}"
    headers = signing.organizer.headers

    changed = await signing.client.patch(
        path,
        json={"amount_text": "4亿元", "batch": "第二批"},
        headers=headers | {"If-Match": '"1"'},
    )
    late = await signing.client.patch(path, json={}, headers=headers | {"If-Match": '"1"'})
    between = (await signing.read(ceremony_id)).json()
    removed = await signing.client.delete(path, headers=headers | {"If-Match": '"2"'})
    again = await signing.client.delete(path, headers=headers | {"If-Match": '"2"'})

    assert changed.json() == project | {"amount_cny": 400_000_000, "batch": "第二批", "version": 2}
    assert told(late) == (412, "version_outdated")
    assert between["totals"]["total"]["amount_cny"] == 400_000_000
    assert (removed.status_code, again.status_code) == (204, 404)
    assert (await signing.read(ceremony_id)).json()["totals"]["total"] == NOTHING


async def test_projects_come_in_their_order_on_stage(signing: Signing) -> None:
    ceremony_id = await signing.created()
    for place in (5, 1, 3, 1):
        await signing.added(ceremony_id, reference=..., place=place, title=f"项目{place}")

    whole = [each["id"] for each in await signing.projects(ceremony_id)]
    paged = [each["id"] for each in await signing.projects(ceremony_id, limit=1)]

    assert paged == whole
    assert [each["place"] for each in await signing.projects(ceremony_id)] == [1, 1, 3, 5]


async def test_a_ceremony_belongs_to_a_fair_of_one_s_own(signing: Signing) -> None:
    rival = await make_account(signing.database, "organizer")
    own_id = await make_fair(signing.database, signing.organizer)
    other_id = await make_fair(signing.database, rival)

    good = await signing.create(fair_id=str(own_id))
    bad = [await signing.create(fair_id=each) for each in (str(other_id), NO_SUCH_ID, "x")]

    assert good.json()["fair_id"] == str(own_id)
    assert [places(each) for each in bad] == [["#/fair_id"]] * 3
    listed = await signing.client.get(
        URL, params={"fair_id": str(own_id)}, headers=signing.organizer.headers
    )
    assert [each["id"] for each in listed.json()["items"]] == [good.json()["id"]]


async def test_lists_are_filtered_and_paged(signing: Signing) -> None:
    ids = [await signing.created(held_on=f"{year}-06-18") for year in (2021, 2022, 2022)]
    await signing.added(ids[0])
    await signing.do(ids[0], "publish")
    headers = signing.organizer.headers

    async def listed(**asked: Any) -> list[str]:
        answer = await signing.client.get(URL, params=asked, headers=headers)
        return [each["id"] for each in answer.json()["items"]]

    assert await listed() == await listed(mine="true") == ids[::-1]
    assert await listed(year=2022) == [ids[2], ids[1]]
    assert await listed(status="published") == [ids[0]]
    first = await signing.client.get(URL, params={"limit": 2}, headers=headers)
    cursor = first.json()["next_cursor"]
    assert await listed(limit=2, cursor=cursor) == [ids[0]]


async def test_the_same_key_adds_once(signing: Signing) -> None:
    ceremony_id = await signing.created()
    headers = signing.organizer.headers | {"Idempotency-Key": "project-1"}
    path = f"{URL}/{ceremony_id}/projects"

    answers = [
        await signing.client.post(path, json=PROJECT | {"reference": None}, headers=headers)
        for _ in range(3)
    ]

    assert {each.json()["id"] for each in answers} == {answers[0].json()["id"]}
    assert len(await signing.projects(ceremony_id)) == 1


async def test_many_at_once_lose_no_project(signing: Signing) -> None:
    ceremony_id = await signing.created()
    before = (await signing.read(ceremony_id)).json()["version"]

    answers = await asyncio.gather(
        *(signing.add(ceremony_id, reference=f"QY-{n % 15}", title=f"项目{n}") for n in range(30))
    )

    after = (await signing.read(ceremony_id)).json()
    assert Counter(each.status_code for each in answers) == {201: 15, 409: 15}
    assert after["totals"]["total"] == {"projects": 15, "amount_cny": 15 * 350_000_000}
    assert after["version"] == before + 15


async def test_what_is_not_there_is_404(signing: Signing) -> None:
    ceremony_id = await signing.created()
    headers = signing.organizer.headers | {"If-Match": '"1"'}
    missing = f"{URL}/{ceremony_id}/projects/{new_id()}"

    answers = [
        await signing.client.get(f"{URL}/{new_id()}", headers=headers),
        await signing.client.get(f"{URL}/nonsense/projects", headers=headers),
        await signing.client.get(missing, headers=headers),
        await signing.client.patch(missing, json={}, headers=headers),
        await signing.send(str(new_id()), b"x"),
    ]

    assert [each.status_code for each in answers] == [404] * 5
