"""A series makes fairs after its template, and remembers what earlier ones left."""

import httpx

from market.db import Database
from market.fairs.models import Fair, FairSeries
from tests.market.accounts.factories import make_account, places, rows, told
from tests.market.fairs.factories import API, SERIES_FORM, begin_series, next_fair


async def test_series_is_public_and_its_template_is_not(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer = await make_account(database, "organizer", name="晋江市科技局")
    series = await begin_series(client, organizer)
    url = f"{API}/fair-series/{series['id']}"

    own = (await client.get(url, headers=organizer.headers)).json()
    seen = (await client.get(url)).json()

    assert own["template"]["days"][1] == SERIES_FORM["template"]["days"][1] | {
        "gap_min": 0,
        "breaks": [],
    }
    assert seen == {
        "id": series["id"],
        "organizer": {
            "id": str(organizer.user.organisation_id),
            "name": "晋江市科技局",
            "kind": "organizer",
            "is_verified": True,
        },
        "name": "科技成果面对面",
        "industry": "C1954",
        "cadence": "monthly",
        "fairs": 0,
        "version": 1,
        "created_at": own["created_at"],
    }


async def test_next_fairs_are_numbered_and_made_after_the_template(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer = await make_account(database, "organizer")
    series = await begin_series(client, organizer)

    fairs = [
        await next_fair(client, organizer, series["id"], day)
        for day in ("2027-06-18", "2027-07-16")
    ]

    shown = [(fair.body["name"], fair.body["begins_at"], fair.body["ends_at"]) for fair in fairs]
    assert shown == [
        ("科技成果面对面 第 1 期", "2027-06-18T01:00:00Z", "2027-06-19T07:00:00Z"),
        ("科技成果面对面 第 2 期", "2027-07-16T01:00:00Z", "2027-07-17T07:00:00Z"),
    ]
    assert [fair.body["slots"] for fair in fairs] == [5, 5]
    assert {fair.body["series_id"] for fair in fairs} == {series["id"]}
    listed = await client.get(f"{API}/my/fairs?status=draft", headers=organizer.headers)
    assert len(listed.json()["items"]) == 2


async def test_changed_template_counts_for_fairs_to_come(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer = await make_account(database, "organizer")
    series = await begin_series(client, organizer)
    old = await next_fair(client, organizer, series["id"], "2027-06-18")
    template = SERIES_FORM["template"] | {"venue": "新会场"}

    answer = await client.patch(
        f"{API}/fair-series/{series['id']}",
        json={"template": template, "cadence": "yearly"},
        headers=organizer.headers | {"If-Match": '"1"'},
    )
    new = await next_fair(client, organizer, series["id"], "2028-06-18")

    assert (answer.status_code, answer.json()["cadence"], answer.json()["version"]) == (
        200,
        "yearly",
        2,
    )
    assert (await old.read())["venue"] == "晋江国际会展中心"
    assert new.body["venue"] == "新会场"


async def test_wrong_template_is_told_at_its_places(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer = await make_account(database, "organizer")
    template = {
        "time_zone": "Mars/Olympus",
        "halls": [{"name": "x", "tables": 1, "zone": "sea"}],
        "days": [{"begins": "10:00", "ends": "09:00"}],
    }

    answer = await client.post(
        f"{API}/fair-series",
        json={"name": "系列", "industry": "Q999", "template": template},
        headers=organizer.headers,
    )

    assert (answer.status_code, places(answer)) == (
        422,
        [
            "#/industry",
            "#/template/days/0/ends",
            "#/template/halls/0/zone",
            "#/template/time_zone",
        ],
    )
    assert await rows(database, FairSeries) == []


async def test_series_of_others_makes_no_fairs(
    client: httpx.AsyncClient, database: Database
) -> None:
    owner, other = [await make_account(database, "organizer") for _ in range(2)]
    series = await begin_series(client, owner)
    url = f"{API}/fair-series/{series['id']}"

    made = await client.post(
        f"{url}/fairs", json={"begins_on": "2027-06-18"}, headers=other.headers
    )
    changed = await client.patch(
        url, json={"name": "抢来的"}, headers=other.headers | {"If-Match": '"1"'}
    )
    read = await client.get(f"{url}/carried-over", headers=other.headers)

    assert {told(answer) for answer in (made, changed, read)} == {(403, "organizer_only")}
    assert await rows(database, Fair) == []


async def test_day_at_the_end_of_the_calendar_is_refused(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer = await make_account(database, "organizer")
    series = await begin_series(client, organizer)

    answer = await client.post(
        f"{API}/fair-series/{series['id']}/fairs",
        json={"begins_on": "9999-12-31"},
        headers=organizer.headers,
    )

    assert (answer.status_code, places(answer)) == (422, ["#/begins_on"])


async def test_new_series_leaves_nothing(client: httpx.AsyncClient, database: Database) -> None:
    organizer = await make_account(database, "organizer")
    series = await begin_series(client, organizer)

    answer = await client.get(
        f"{API}/fair-series/{series['id']}/carried-over", headers=organizer.headers
    )

    assert answer.json() == {"met_before": [], "unmet_needs": []}
