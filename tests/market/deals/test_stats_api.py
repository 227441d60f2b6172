"""Statistics over HTTP: every number drills down to its rows, and nobody sees another's fair."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import event, update

from market.db import Database, new_id, utc_now
from market.deals.definitions import DEFINITIONS
from market.deals.models import IntentOrder
from market.records.service import erase
from tests.market.accounts.factories import Account, make_account
from tests.market.deals.factories import Dealing, happened, make_fair
from tests.market.deals.signing import YI, Signing, document_rows, earlier_rows
from tests.market.listings.factories import NO_SUCH_ID, post_listing

STEPS = [each.step for each in DEFINITIONS]
# In China it is already 2026, in London not yet.
NEW_YEAR = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)


class Fair(msgspec.Struct, frozen=True):
    """A fair with 3 registrations, 2 check-ins, 2 planned meetings, 1 held, orders and one
    contract, and its organizer."""

    dealing: Dealing
    organizer: Account
    fair_id: uuid.UUID
    series_id: uuid.UUID
    subjects: dict[str, set[str]]

    async def funnel(self, account: Account, **asked: Any) -> httpx.Response:
        return await self.dealing.client.get(
            "/api/v1/stats/funnel", params=asked, headers=account.headers
        )

    async def counts(self, account: Account, **asked: Any) -> list[int]:
        answer = await self.funnel(account, **asked)
        assert answer.status_code == 200, answer.text
        return [each["count"] for each in answer.json()["steps"]]

    async def rows(self, account: Account, step: str, **asked: Any) -> list[dict[str, Any]]:
        """All pages of the rows behind a number."""
        found: list[dict[str, Any]] = []
        while True:
            page = await self.dealing.client.get(
                f"/api/v1/stats/funnel/{step}/rows", params=asked, headers=account.headers
            )
            assert page.status_code == 200, page.text
            found += page.json()["items"]
            if page.json()["next_cursor"] is None:
                return found
            asked["cursor"] = page.json()["next_cursor"]


@pytest_asyncio.fixture(loop_scope="session")
async def fair(dealing: Dealing) -> Fair:
    database = dealing.database
    organizer = await make_account(database, "organizer")
    stranger = await make_account(database, "enterprise")
    series_id = new_id()
    fair_id = await make_fair(database, organizer, series_id=series_id)
    subjects: dict[str, set[str]] = {step: set() for step in STEPS}
    registrations = {}
    for guest in (dealing.institute, dealing.enterprise, stranger):
        found = await happened(database, fair_id, "registered", guest)
        registrations[guest.user.id] = found
        subjects["registered"].add(str(found))
    for guest in (dealing.institute, dealing.enterprise):
        came = registrations[guest.user.id]
        await happened(database, fair_id, "checked_in", guest, subject_id=came)
        subjects["checked_in"].add(str(came))
    for other in (dealing.enterprise, stranger):
        meeting = await happened(database, fair_id, "planned", dealing.institute, other)
        subjects["planned"].add(str(meeting))
    held = await happened(
        database, fair_id, "held", dealing.institute, dealing.enterprise, subject_id=meeting
    )
    subjects["held"].add(str(held))
    signed = await dealing.confirmed(meeting_id=..., fair_id=str(fair_id))
    signed = await dealing.done(signed, "sign", "institute")
    await dealing.done(signed, "confirm", "enterprise")
    subjects["intent"].add(signed.id)
    subjects["contract"].add(signed.id)
    await _more_orders(dealing, fair_id, subjects)
    return Fair(dealing, organizer, fair_id, series_id, subjects)


async def _more_orders(dealing: Dealing, fair_id: uuid.UUID, subjects: dict[str, set[str]]) -> None:
    """One that lapsed after both said yes, and one that only one side wants."""
    needs = [
        await post_listing(
            dealing.client, dealing.enterprise, "needs", "publish", reference=f"XQ-{n}"
        )
        for n in range(2)
    ]
    at_fair = {"fair_id": str(fair_id)}
    lapsed = await dealing.confirmed(need_id=needs[0].id, **at_fair)
    await dealing.done(lapsed, "lapse", "enterprise")
    subjects["intent"].add(lapsed.id)
    await dealing.proposed(need_id=needs[1].id, **at_fair)


async def test_the_funnel_counts_what_happened(fair: Fair) -> None:
    answer = await fair.funnel(fair.organizer, fair_id=str(fair.fair_id))

    told = answer.json()
    assert (told["fair_id"], told["series_id"], told["year"]) == (str(fair.fair_id), None, None)
    assert [each["step"] for each in told["steps"]] == STEPS
    assert [each["count"] for each in told["steps"]] == [3, 2, 2, 1, 2, 1]
    assert [each["share"] for each in told["steps"]] == [None, 0.6667, None, 0.5, None, 0.5]
    assert told["steps"][-1]["amount_cny"] == 650_000
    assert told["steps"][0]["definition"] == DEFINITIONS[0].means_zh


@pytest.mark.parametrize("limit", [1, 100])
async def test_every_number_is_its_rows(fair: Fair, limit: int) -> None:
    asked = {"fair_id": str(fair.fair_id), "limit": limit}

    found = {step: await fair.rows(fair.organizer, step, **asked) for step in STEPS}

    assert {step: {row["id"] for row in rows} for step, rows in found.items()} == fair.subjects
    assert await fair.counts(fair.organizer, fair_id=str(fair.fair_id)) == [
        len(found[step]) for step in STEPS
    ]
    both = {
        str(each.user.organisation_id) for each in (fair.dealing.institute, fair.dealing.enterprise)
    }
    (contract,) = found["contract"]
    assert contract == {
        "id": contract["id"],
        "unit": "order",
        "fair_id": str(fair.fair_id),
        "organisation_ids": contract["organisation_ids"],
        "at": contract["at"],
        "amount_cny": 650_000,
    }
    assert set(contract["organisation_ids"]) == both
    assert all(row["amount_cny"] is None for row in found["held"])


async def test_what_is_taken_back_does_not_count(fair: Fair) -> None:
    (held,) = fair.subjects["held"]
    async with fair.dealing.database.writing() as session:
        await erase(session, fair.fair_id, "held", [uuid.UUID(held)])
    order_id = next(iter(fair.subjects["contract"]))
    seen = await fair.dealing.client.get(
        f"/api/v1/intent-orders/{order_id}", headers=fair.dealing.institute.headers
    )
    headers = fair.dealing.institute.headers | {"If-Match": seen.headers["etag"]}
    await fair.dealing.client.post(
        f"/api/v1/intent-orders/{order_id}/step-back", json={}, headers=headers
    )

    assert await fair.counts(fair.organizer) == [3, 2, 2, 0, 2, 0]
    assert await fair.rows(fair.organizer, "held") == []
    assert await fair.rows(fair.organizer, "contract") == []


async def test_a_contract_counts_when_both_confirmed_it(dealing: Dealing) -> None:
    admin = await make_account(dealing.database, None, is_administrator=True)
    signed = await dealing.done(await dealing.confirmed(), "sign", "institute")
    everything = Fair(dealing, admin, uuid.uuid4(), uuid.uuid4(), {})

    before = await everything.counts(admin)
    await dealing.done(signed, "confirm", "enterprise")
    after = await everything.counts(admin)

    assert (before, after) == ([0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 1])


async def test_an_organizer_sees_its_own_fairs_and_no_other(fair: Fair) -> None:
    rival = await make_account(fair.dealing.database, "organizer")
    await make_fair(fair.dealing.database, rival, fair.dealing.institute)

    own = await fair.counts(fair.organizer)
    theirs = await fair.counts(rival)
    headers = rival.headers
    asked = {"fair_id": str(fair.fair_id)}
    refused = [
        await fair.dealing.client.get(path, params=scope, headers=headers)
        for scope in (asked, {"series_id": str(fair.series_id)}, {"fair_id": "nonsense"})
        for path in (
            "/api/v1/stats/funnel",
            "/api/v1/stats/funnel/intent/rows",
            "/api/v1/stats/charts/funnel",
        )
    ]

    assert own == [3, 2, 2, 1, 2, 1]
    assert theirs == [1, 0, 0, 0, 0, 0]
    assert [each.status_code for each in refused] == [404] * 9
    assert await fair.rows(rival, "intent") == []
    (row,) = await fair.rows(rival, "registered")
    assert row["id"] not in fair.subjects["registered"]


async def test_the_sides_and_strangers_see_no_statistics(fair: Fair) -> None:
    accounts = [fair.dealing.institute, fair.dealing.enterprise]
    moderator = await make_account(fair.dealing.database, None, is_moderator=True)

    answers = [await fair.funnel(account) for account in (*accounts, moderator)]
    anonymous = await fair.dealing.client.get("/api/v1/stats/funnel")

    assert [each.status_code for each in answers] == [403] * 3
    assert anonymous.status_code == 401


async def test_series_and_years_are_scopes(fair: Fair) -> None:
    other_id = await make_fair(fair.dealing.database, fair.organizer)
    await happened(
        fair.dealing.database, other_id, "registered", fair.dealing.institute, at=NEW_YEAR
    )
    this_year = utc_now().year

    assert await fair.counts(fair.organizer) == [4, 2, 2, 1, 2, 1]
    assert await fair.counts(fair.organizer, series_id=str(fair.series_id)) == [3, 2, 2, 1, 2, 1]
    expected = 4 if this_year == 2026 else 3
    assert (await fair.counts(fair.organizer, year=this_year))[0] == expected
    assert (await fair.counts(fair.organizer, year=2026))[0] >= 1
    assert await fair.counts(fair.organizer, year=2025) == [0] * 6
    rows = await fair.rows(fair.organizer, "registered", year=2026, fair_id=str(other_id))
    assert len(rows) == 1


async def test_years_stand_beside_each_other(fair: Fair) -> None:
    this_year = utc_now().year
    order_id = uuid.UUID(next(iter(fair.subjects["contract"])))
    long_ago = datetime(this_year - 2, 6, 1, tzinfo=UTC)
    async with fair.dealing.database.writing() as session:
        await session.execute(
            update(IntentOrder)
            .where(IntentOrder.id == order_id)
            .values(confirmed_at=long_ago, contract_confirmed_at=long_ago)
        )

    answer = await fair.dealing.client.get(
        "/api/v1/stats/years", params={"years": 3}, headers=fair.organizer.headers
    )

    none = dict.fromkeys(STEPS, 0)
    now = {"registered": 3, "checked_in": 2, "planned": 2, "held": 1, "intent": 1}
    assert answer.json()["items"] == [
        {
            "year": this_year - 2,
            "counts": none | {"intent": 1, "contract": 1},
            "amount_cny": 650_000,
        },
        {"year": this_year - 1, "counts": none, "amount_cny": 0},
        {"year": this_year, "counts": none | now, "amount_cny": 0},
    ]


@pytest.mark.parametrize("path", ["funnel", "years"])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_charts_are_pictures_with_words(fair: Fair, path: str, lang: str) -> None:
    answer = await fair.dealing.client.get(
        f"/api/v1/stats/charts/{path}",
        headers=fair.organizer.headers | {"Accept-Language": lang},
    )

    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "image/svg+xml"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert ET.fromstring(answer.text).attrib["role"] == "img"
    shown = {"zh": ("意向订单", "签订合同"), "en": ("Intention ord…", "Contracts")}[lang]
    assert all(word in answer.text for word in shown)


async def test_a_chart_of_a_fair_names_it(fair: Fair) -> None:
    answer = await fair.dealing.client.get(
        "/api/v1/stats/charts/funnel",
        params={"fair_id": str(fair.fair_id)},
        headers=fair.organizer.headers,
    )

    title = ET.fromstring(answer.text).findtext("{http://www.w3.org/2000/svg}title")
    assert title == "对接漏斗 · 鞋服专场"


async def test_a_step_that_is_none_is_not_there(fair: Fair) -> None:
    answer = await fair.dealing.client.get(
        "/api/v1/stats/funnel/profit/rows", headers=fair.organizer.headers
    )

    assert answer.status_code == 404


async def test_definitions_are_for_everybody(client: httpx.AsyncClient) -> None:
    answers = {
        lang: await client.get("/api/v1/stats/definitions", headers={"Accept-Language": lang})
        for lang in ("zh", "en")
    }

    for lang in ("zh", "en"):
        assert answers[lang].json()["items"] == [
            {
                "step": each.step,
                "unit": each.unit,
                "name": each.zh if lang == "zh" else each.en,
                "definition": each.means_zh if lang == "zh" else each.means_en,
            }
            for each in DEFINITIONS
        ]


async def test_the_number_of_questions_does_not_grow_with_years(
    fair: Fair, database: Database
) -> None:
    async def statements(years: int) -> int:
        asked: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            asked.append(statement)

        engine = database._reading.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        await fair.dealing.client.get(
            "/api/v1/stats/years", params={"years": years}, headers=fair.organizer.headers
        )
        event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    assert await statements(1) == await statements(20)


async def test_the_year_of_the_documents_reconciles(signing: Signing) -> None:
    """99 projects of 525.15 亿元; drafts and other years add nothing to what is public."""
    for held_on, rows in (
        ("2023-06-18", document_rows()),
        ("2023-03-02", earlier_rows()),
        ("2022-06-18", earlier_rows()),
    ):
        ceremony_id = await signing.created(held_on=held_on)
        await signing.imported(ceremony_id, rows)
        assert (await signing.do(ceremony_id, "publish")).status_code == 200
    await signing.imported(await signing.created(), earlier_rows())

    answer = await signing.client.get("/api/v1/stats/signings", params={"year": 2023})

    told = answer.json()
    assert (told["year"], told["fair_id"], told["ceremonies"]) == (2023, None, 2)
    assert told["totals"]["total"]["projects"] == 99
    assert Decimal(told["totals"]["total"]["amount_cny"]) / YI == Decimal("525.15")
    for part in told["totals"]["by_kind_and_stage"]:
        asked: dict[str, Any] = {
            "year": 2023,
            "kind": part["kind"],
            "is_on_stage": str(part["is_on_stage"]).lower(),
            "limit": 30,
        }
        found = await _projects(signing, asked)
        assert len({each["id"] for each in found}) == len(found) == part["projects"]
        assert sum(each["amount_cny"] for each in found) == part["amount_cny"]
        assert all("source" not in each for each in found)


async def _projects(signing: Signing, asked: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = (await signing.client.get("/api/v1/stats/signings/projects", params=asked)).json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        asked["cursor"] = page["next_cursor"]


async def test_signings_of_a_fair_are_its_own(signing: Signing) -> None:
    fair_id = await make_fair(signing.database, signing.organizer)
    for of_fair in ({"fair_id": str(fair_id)}, {}):
        ceremony_id = await signing.created(**of_fair)
        await signing.added(ceremony_id)
        await signing.do(ceremony_id, "publish")

    async def projects(**asked: str) -> int:
        answer = await signing.client.get("/api/v1/stats/signings", params=asked)
        found: int = answer.json()["totals"]["total"]["projects"]
        return found

    assert await projects() == 2
    assert await projects(fair_id=str(fair_id)) == 1
    assert await projects(fair_id=NO_SUCH_ID) == await projects(fair_id="nonsense") == 0
