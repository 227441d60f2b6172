"""Who registers, who is admitted, who waits, and what each sees of the others."""

import asyncio
from typing import Any

import httpx
import pytest

from market.db import Database, utc_now
from market.fairs.models import FairDelegate, FairNotice, FairRegistration
from tests.market.accounts.factories import Account, make_account, places, rows, told
from tests.market.fairs.factories import Guest, Held, admit, hold_fair, register
from tests.market.listings.factories import post_listing

DELEGATE = {"name": "林工", "post": "总工", "phone": "0595-22690001", "email": "lin@example.cn"}


async def _decide(
    fair: Held, guest: Guest, action: str, who: Account | None = None
) -> httpx.Response:
    account = who or fair.organizer
    url = f"{fair.url}/registrations/{guest.id}"
    tag = (await fair.client.get(url, headers=account.headers)).headers["etag"]
    headers = account.headers | {"If-Match": tag}
    return await fair.client.post(f"{url}/{action}", headers=headers)


async def _status(fair: Held, guest: Guest) -> tuple[str, int | None]:
    body = (await fair.get(f"registrations/{guest.id}", guest.account)).json()
    return body["status"], body["place_in_line"]


async def _notices(client: httpx.AsyncClient, account: Account) -> list[str]:
    answer = await client.get("/api/v1/my/fair-notices", headers=account.headers)
    return [each["kind"] for each in answer.json()["items"]][::-1]


async def test_organisation_registers_with_people_and_listings(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    account = await make_account(database, "institute", name="刺桐大学")
    result = await post_listing(client, account, "results", "publish")

    answer = await register(
        fair,
        account,
        zone="shoes",
        teams=2,
        most_meetings=3,
        absent_slots=[4, 1, 4],
        note=" 需要投影 ",
        delegates=[DELEGATE | {"consents": True}, {"name": "许老师"}],
        listing_ids=[result.id],
    )

    body = answer.json()
    delegate = body["delegates"][0]
    given_at = delegate["consent"].pop("given_at")
    assert answer.status_code == 201
    assert body == {
        "id": body["id"],
        "fair_id": fair.id,
        "organisation": {
            "id": str(account.user.organisation_id),
            "name": "刺桐大学",
            "kind": "institute",
            "is_verified": True,
        },
        "status": "approved",
        "version": body["version"],
        "zone": "shoes",
        "delegation_id": None,
        "teams": 2,
        "most_meetings": 3,
        "absent_slots": [1, 4],
        "note": "需要投影",
        "reference": None,
        "place_in_line": None,
        "allowed_actions": ["withdraw"],
        "delegates": [
            {
                "id": delegate["id"],
                **DELEGATE,
                "consent": {
                    "recipients": "“科技成果面对面·鞋服专场”中与本单位排定对接的参会单位 · "
                    "participants of this fair with whom a meeting of one's organisation is "
                    "published",
                    "purpose": "联系和举行该次对接 · to arrange and hold that meeting",
                    "data": ["name", "post", "phone", "email"],
                },
            },
            {
                "id": body["delegates"][1]["id"],
                "name": "许老师",
                "post": "",
                "phone": "",
                "email": "",
                "consent": None,
            },
        ],
        "listing_ids": [result.id],
        "created_at": body["created_at"],
        "changed_at": body["changed_at"],
    }
    assert given_at <= utc_now().isoformat()
    assert (await fair.read())["counts"] == {
        "registrations": 1,
        "by_kind": {"institute": 1},
        "results": 1,
        "needs": 0,
        "meetings": 0,
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"zone": "sea"}, ["#/zone"]),
        ({"absent_slots": [1, 9]}, ["#/absent_slots/1"]),
        ({"delegation_id": "nonsense"}, ["#/delegation_id"]),
        ({"listing_ids": ["nonsense"]}, ["#/listing_ids/0"]),
        ({"reference": "BM-1"}, ["#/reference"]),
        ({"teams": 11, "most_meetings": 0}, ["#/most_meetings", "#/teams"]),
        (
            {"delegates": [{"name": "", "email": "x"}]},
            ["#/delegates/0/email", "#/delegates/0/name"],
        ),
    ],
)
async def test_wrong_fields_are_named(
    client: httpx.AsyncClient, database: Database, change: dict[str, Any], expected: list[str]
) -> None:
    fair = await hold_fair(client, database, "open")
    account = await make_account(database, "enterprise")

    answer = await register(fair, account, **change)

    assert (answer.status_code, places(answer)) == (422, expected)
    assert await rows(database, FairRegistration) == []


@pytest.mark.parametrize("path", ["draft", "of others"])
async def test_only_published_listings_of_ones_own_are_brought(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    fair = await hold_fair(client, database, "open")
    account = await make_account(database, "institute")
    owner = account if path == "draft" else await make_account(database, "institute")
    actions = () if path == "draft" else ("publish",)
    result = await post_listing(client, owner, "results", *actions)

    answer = await register(fair, account, listing_ids=[result.id])

    assert (answer.status_code, places(answer)) == (422, ["#/listing_ids/0"])


async def test_unverified_and_organizers_do_not_register(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    newcomer = await make_account(database, "enterprise", is_verified=False)
    other_organizer = await make_account(database, "organizer")

    refusals = [await register(fair, account) for account in (newcomer, other_organizer)]

    assert [told(answer) for answer in refusals] == [
        (403, "organisation_not_verified"),
        (422, "invalid"),
    ]


async def test_twenty_forms_at_once_register_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    account = await make_account(database, "enterprise")

    answers = await asyncio.gather(*(register(fair, account) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert {told(a) for a in answers if a.status_code == 409} == {(409, "already_registered")}
    assert len(await rows(database, FairRegistration)) == 1


@pytest.mark.parametrize(
    ("actions", "closes_at"), [((), None), (("open",), "2020-01-01T00:00:00+08:00")]
)
async def test_registration_is_closed_before_and_after(
    client: httpx.AsyncClient, database: Database, actions: tuple[str, ...], closes_at: str | None
) -> None:
    fair = await hold_fair(client, database, *actions, registration_closes_at=closes_at)
    account = await make_account(database, "enterprise")

    answer = await register(fair, account)

    assert answer.status_code == (404 if not actions else 409)


async def test_places_are_not_exceeded_however_many_come_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", places=3)
    accounts = [await make_account(database, "enterprise") for _ in range(12)]

    answers = await asyncio.gather(*(register(fair, account) for account in accounts))

    statuses = sorted(answer.json()["status"] for answer in answers)
    assert statuses == ["approved"] * 3 + ["waiting"] * 9
    lines = sorted(
        body["place_in_line"]
        for body in [answer.json() for answer in answers]
        if body["status"] == "waiting"
    )
    assert lines == list(range(1, 10))


async def test_free_place_goes_to_who_waits_longest_and_fits(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", quotas={"institute": 1, "investor": 1})
    institutes = [await admit(fair, database, "institute", brings=False) for _ in range(3)]
    investors = [await admit(fair, database, "investor") for _ in range(2)]
    assert [await _status(fair, each) for each in (*institutes, *investors)] == [
        ("approved", None),
        ("waiting", 1),
        ("waiting", 2),
        ("approved", None),
        ("waiting", 3),
    ]

    gone = await _decide(fair, investors[0], "withdraw", investors[0].account)

    assert gone.json()["status"] == "withdrawn"
    assert [await _status(fair, each) for each in (*institutes, investors[1])] == [
        ("approved", None),
        ("waiting", 1),
        ("waiting", 2),
        ("approved", None),
    ]
    assert await _notices(client, investors[1].account) == [
        "registration_waiting",
        "registration_approved",
    ]
    assert await _notices(client, institutes[1].account) == ["registration_waiting"]
    assert await _notices(client, fair.organizer) == ["registration_withdrawn"]


async def test_more_places_are_filled_from_the_line(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", places=1)
    guests = [await admit(fair, database, "enterprise", brings=False) for _ in range(4)]
    await fair.read()

    await fair.patch(places=3)

    assert [await _status(fair, each) for each in guests] == [
        ("approved", None),
        ("approved", None),
        ("approved", None),
        ("waiting", 1),
    ]


async def test_organizer_approves_and_rejects(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", needs_approval=True)
    first, second = [await admit(fair, database, "enterprise", brings=False) for _ in range(2)]
    assert await _status(fair, first) == ("pending", None)

    approved = await _decide(fair, first, "approve")
    rejected = await _decide(fair, second, "reject")
    again = await _decide(fair, first, "approve")
    by_guest = await _decide(fair, first, "approve", first.account)

    assert approved.json()["status"] == "approved"
    assert approved.json()["allowed_actions"] == ["reject", "withdraw"]
    assert rejected.json()["status"] == "rejected"
    assert told(again) == (409, "transition_refused")
    assert told(by_guest) == (403, "role_refused")
    assert await _notices(client, fair.organizer) == ["registration_received"] * 2
    assert await _notices(client, second.account) == ["registration_rejected"]


async def test_late_registration_waits_for_the_organizer(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", "match")

    late = await admit(fair, database, "enterprise", brings=False)

    assert await _status(fair, late) == ("pending", None)


async def test_who_withdrew_may_come_back(client: httpx.AsyncClient, database: Database) -> None:
    fair = await hold_fair(client, database, "open")
    guest = await admit(fair, database, "enterprise", brings=False)

    await _decide(fair, guest, "withdraw", guest.account)
    refused = await register(fair, guest.account)
    back = await _decide(fair, guest, "resubmit", guest.account)

    assert told(refused) == (409, "already_registered")
    assert back.json()["status"] == "approved"


async def test_organizer_registers_others_without_their_consent(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", needs_approval=True)
    enterprise = await make_account(database, "enterprise")
    form: dict[str, Any] = {
        "organisation_id": str(enterprise.user.organisation_id),
        "reference": "BM-7",
    }

    consenting = await fair.post("registrations", **form, delegates=[DELEGATE | {"consents": True}])
    made = await fair.post("registrations", **form, delegates=[DELEGATE])
    for_others = await register(
        fair,
        await make_account(database, "enterprise"),
        organisation_id=form["organisation_id"],
    )

    assert (consenting.status_code, places(consenting)) == (422, ["#/consents"])
    assert (made.json()["status"], made.json()["delegates"][0]["consent"]) == ("approved", None)
    assert told(for_others) == (403, "organizer_only")
    mine = (await fair.get("registrations", enterprise)).json()["items"]
    assert [each["reference"] for each in mine] == ["BM-7"]


async def test_consent_is_given_and_taken_back_by_ones_own_side(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    guest = await admit(fair, database, "institute", delegates=[DELEGATE])
    delegate_id = guest.registration["delegates"][0]["id"]
    url = f"{fair.url}/registrations/{guest.id}/delegates/{delegate_id}"

    async def consents(account: Account, said: bool) -> httpx.Response:
        return await client.patch(url, json={"consents": said}, headers=account.headers)

    given = await consents(guest.account, True)
    forced = await consents(fair.organizer, True)
    taken_back = await consents(guest.account, False)

    assert given.json()["consent"] is not None
    assert (forced.status_code, places(forced)) == (422, ["#/consents"])
    assert taken_back.json()["consent"] is None


async def test_delegates_come_and_go(client: httpx.AsyncClient, database: Database) -> None:
    fair = await hold_fair(client, database, "open")
    guest = await admit(fair, database, "institute")
    path = f"registrations/{guest.id}/delegates"

    added = await fair.post(path, guest.account, **DELEGATE)
    url = f"{fair.url}/{path}/{added.json()['id']}"
    changed = await client.patch(
        url, json={"name": "林教授", "email": None}, headers=guest.account.headers
    )
    removed = await client.delete(url, headers=guest.account.headers)
    gone = await client.delete(url, headers=guest.account.headers)

    assert added.status_code == 201
    assert changed.json() == added.json() | {"name": "林教授", "email": ""}
    assert (removed.status_code, gone.status_code) == (204, 404)
    assert await rows(database, FairDelegate) == []


async def test_others_see_neither_registrations_nor_people(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    guest = await admit(fair, database, "institute", note="保密备注", delegates=[DELEGATE])
    fellow = await admit(fair, database, "enterprise")
    stranger = await make_account(database, "organizer")
    url = f"{fair.url}/registrations"

    seen = [
        await client.get(f"{url}{part}", headers=account.headers)
        for account in (fellow.account, stranger)
        for part in ("", f"/{guest.id}", f"/{guest.id}/wishes")
    ]
    everything = (await fair.get("registrations")).json()["items"]

    assert [answer.status_code for answer in seen] == [200, 404, 404] * 2
    assert [each["id"] for each in seen[0].json()["items"]] == [fellow.id]
    assert seen[3].json()["items"] == []
    assert all("0595" not in answer.text and "保密" not in answer.text for answer in seen)
    assert [each["id"] for each in everything] == [guest.id, fellow.id]


async def test_registration_changes_in_the_version_that_was_read(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    guest = await admit(fair, database, "enterprise")
    url = f"{fair.url}/registrations/{guest.id}"
    tag = (await client.get(url, headers=guest.account.headers)).headers["etag"]
    headers = guest.account.headers | {"If-Match": tag}

    changed = await client.patch(
        url, json={"absent_slots": [3, 2], "zone": "shoes"}, headers=headers
    )
    outdated = await client.patch(url, json={"teams": 2}, headers=headers)

    assert changed.json()["absent_slots"] == [2, 3]
    assert changed.json()["zone"] == "shoes"
    assert outdated.status_code == 412


async def test_delegations_are_named_once_and_counted(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    made = await fair.post("delegations", name="西安飞地代表团")
    guest = await admit(fair, database, "outpost", delegation_id=made.json()["id"])
    again = await fair.post("delegations", name="西安飞地代表团")

    listed = (await client.get(f"{fair.url}/delegations")).json()["items"]

    assert guest.registration["delegation_id"] == made.json()["id"]
    assert listed == [{"id": made.json()["id"], "name": "西安飞地代表团", "registrations": 1}]
    assert told(again) == (409, "delegation_taken")


async def test_participants_are_for_those_who_take_part(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", needs_approval=True)
    institute = await admit(fair, database, "institute")
    pending = await admit(fair, database, "enterprise")
    await _decide(fair, institute, "approve")

    seen = await fair.get("participants", institute.account)
    unseen = await fair.get("participants", pending.account)

    assert [(each["registration_id"], each["results"]) for each in seen.json()["items"]] == [
        (institute.id, 1)
    ]
    assert told(unseen) == (403, "participants_only")
    assert (await client.get(f"{fair.url}/participants")).status_code == 401


async def test_listings_of_a_fair_keep_hidden_owners_hidden(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    institute = await admit(fair, database, "institute", zone="shoes")
    enterprise = await admit(fair, database, "enterprise")
    assert institute.listing
    assert enterprise.listing

    public = (await client.get(f"{fair.url}/listings")).json()["items"]
    needs = (await client.get(f"{fair.url}/listings?kind=need")).json()["items"]
    zone = (await client.get(f"{fair.url}/listings?zone=shoes")).json()["items"]

    assert [each["listing"]["id"] for each in public] == [
        institute.listing.id,
        enterprise.listing.id,
    ]
    assert public[0]["registration_id"] == institute.id
    assert "registration_id" not in public[1]
    assert "organisation" not in public[1]["listing"]
    assert public[1]["listing"]["organisation_hint"] == "晋江市制鞋业企业"
    assert (needs, zone) == (public[1:], public[:1])


async def test_what_is_withdrawn_from_the_market_is_not_shown(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    guest = await admit(fair, database, "institute")
    assert guest.listing
    headers = guest.account.headers | {"If-Match": guest.listing.etag}
    await client.post(f"{guest.listing.url}/pause", headers=headers)

    assert (await client.get(f"{fair.url}/listings")).json()["items"] == []


async def test_listings_are_replaced_as_a_whole(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    guest = await admit(fair, database, "institute")
    assert guest.listing
    other = await post_listing(client, guest.account, "results", "publish", reference="CG-2")
    path = f"registrations/{guest.id}/listings"

    both = await fair.put(path, guest.account, listing_ids=[guest.listing.id, other.id])
    one = await fair.put(path, guest.account, listing_ids=[other.id])

    assert both.json()["listing_ids"] == sorted([guest.listing.id, other.id])
    assert one.json()["listing_ids"] == [other.id]


async def test_wishes_name_participants_or_listings(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    institute = await admit(fair, database, "institute")
    enterprise = await admit(fair, database, "enterprise")
    investor = await admit(fair, database, "investor")
    assert enterprise.listing
    path = f"registrations/{institute.id}/wishes"
    wishes = [
        {"wish": "must", "listing_id": enterprise.listing.id},
        {"wish": "no", "registration_id": investor.id},
    ]

    put = await fair.put(path, institute.account, wishes=wishes)
    got = await fair.get(path, institute.account)
    by_organizer = await fair.get(path)
    by_other = await fair.get(path, enterprise.account)

    assert put.json() == {
        "items": [
            {"wish": "must", "registration_id": None, "listing_id": enterprise.listing.id},
            {"wish": "no", "registration_id": investor.id, "listing_id": None},
        ]
    }
    assert got.json() == put.json() == by_organizer.json()
    assert by_other.status_code == 404


async def test_impossible_wishes_are_named(client: httpx.AsyncClient, database: Database) -> None:
    fair = await hold_fair(client, database, "open")
    one, other = [await admit(fair, database, "institute") for _ in range(2)]
    enterprise = await admit(fair, database, "enterprise")
    assert enterprise.listing
    assert one.listing
    wishes: list[dict[str, str]] = [
        {"wish": "like", "registration_id": other.id},
        {"wish": "like", "registration_id": one.id},
        {"wish": "like", "listing_id": one.listing.id},
        {"wish": "like", "registration_id": "nonsense"},
        {"wish": "like"},
        {"wish": "like", "registration_id": enterprise.id, "listing_id": enterprise.listing.id},
        {"wish": "like", "registration_id": enterprise.id},
        {"wish": "must", "registration_id": enterprise.id},
    ]

    answer = await fair.put(f"registrations/{one.id}/wishes", one.account, wishes=wishes)

    assert (answer.status_code, places(answer)) == (
        422,
        [f"#/wishes/{place}" for place in (0, 1, 2, 3, 4, 5, 7)],
    )


async def test_notices_are_read_once_and_by_whom_they_are_for(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", needs_approval=True)
    guest = await admit(fair, database, "enterprise")
    other = await admit(fair, database, "enterprise")
    await _decide(fair, guest, "approve")
    (notice,) = (await client.get("/api/v1/my/fair-notices", headers=guest.account.headers)).json()[
        "items"
    ]
    url = f"/api/v1/my/fair-notices/{notice['id']}/read"

    foreign = await client.post(url, headers=other.account.headers)
    first = await client.post(url, headers=guest.account.headers)
    second = await client.post(url, headers=guest.account.headers)
    await client.post("/api/v1/my/fair-notices/read-all", headers=fair.organizer.headers)
    unread = [
        (await client.get("/api/v1/my/fair-notices?unread=true", headers=each.headers)).json()
        for each in (guest.account, fair.organizer)
    ]

    assert foreign.status_code == 404
    assert first.json() == second.json()
    assert first.json() == notice | {"read_at": first.json()["read_at"]}
    assert notice["payload"] == {"registration_id": guest.id}
    assert [page["items"] for page in unread] == [[], []]
    assert len(await rows(database, FairNotice)) == 3


async def test_lists_are_narrowed_and_paged(client: httpx.AsyncClient, database: Database) -> None:
    fair = await hold_fair(client, database, "open", quotas={"enterprise": 1})
    kinds = ("institute", "enterprise", "enterprise", "investor")
    guests = [await admit(fair, database, kind, brings=False) for kind in kinds]

    async def listed(path: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = (await fair.get(f"{path}&limit=1{cursor}")).json()
            found += [str(each.get("id", each.get("registration_id"))) for each in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    ids = [guest.id for guest in guests]
    assert await listed("registrations?") == ids
    assert await listed("registrations?status=waiting") == [ids[2]]
    assert await listed("registrations?kind=enterprise") == ids[1:3]
    assert await listed("registrations?kind=enterprise&status=approved") == [ids[1]]
    assert await listed("participants?") == [ids[0], ids[1], ids[3]]
    assert await listed("participants?kind=investor") == [ids[3]]
    assert await listed("participants?kind=broker") == []
