"""Calendars of fairs: what the agenda tells and no more, by a file and by a secret link."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select, update

from market.accounts.models import User
from market.accounts.tokens import CALENDAR_PREFIX
from market.db import Database, utc_now
from market.exchange.fair_book import meeting_uid
from market.fairs.booking import Booking, book_all, supersede
from market.fairs.calendar_models import CalendarLink
from market.fairs.meeting_models import FairMeeting
from market.fairs.models import Fair, FairDelegate
from market.fairs.publishing import replace_agenda, tell_changes
from tests.market.accounts.factories import Account, make_account, make_key
from tests.market.fairs.factories import API
from tests.market.fairs.rows import Hall, make_hall
from tests.market.fairs.test_calendars import read

CONSENT = {
    "recipients": "对方",
    "purpose": "对接",
    "data": ["name", "phone"],
    "given_at": "2027-01-01T00:00:00+00:00",
}
OPEN, SECRET = "林工", "不愿公开的人"
BEGINS = datetime(2027, 6, 18, 1, 0, tzinfo=UTC)


class Scene(msgspec.Struct):
    """A published fair with a meeting of an institute and an enterprise; an investor has none."""

    client: httpx.AsyncClient
    database: Database
    hall: Hall
    organizer: Account
    institute: Account
    enterprise: Account
    investor: Account
    meeting: dict[str, Any]

    @property
    def url(self) -> str:
        return f"{API}/fairs/{self.hall.fair.id}"

    async def file(
        self, who: Account, place: int = 1, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """The agenda of the participant in this place, as this person gets it."""
        url = f"{self.url}/registrations/{self.hall.registrations[place].id}/agenda.ics"
        return await self.client.get(url, headers=who.headers | (headers or {}))

    async def events(self, who: Account, place: int = 1) -> list[dict[str, Any]]:
        answer = await self.file(who, place)
        assert answer.status_code == 200, answer.text
        return read(answer.content)

    async def link(self, who: Account) -> str:
        answer = await self.client.post(f"{API}/my/fair-calendar", headers=who.headers)
        assert answer.status_code == 201, answer.text
        url: str = answer.json()["url"]
        return url.removeprefix("http://127.0.0.1:8000")

    async def act(self, action: str, **body: Any) -> None:
        answer = await self.client.post(
            f"{self.url}/meetings/{self.meeting['id']}/{action}",
            json=body,
            headers=self.organizer.headers,
        )
        assert answer.status_code == 200, answer.text

    async def move(self, slot: int) -> None:
        url = f"{self.url}/meetings/{self.meeting['id']}"
        etag = (await self.client.get(url, headers=self.organizer.headers)).headers["etag"]
        answer = await self.client.patch(
            url,
            json={"slot_id": str(self.hall.slots[slot].id)},
            headers=self.organizer.headers | {"If-Match": etag},
        )
        assert answer.status_code == 200, answer.text

    async def set_status(self, status: str) -> None:
        async with self.database.writing() as session:
            await session.execute(update(Fair).values(status=status))


@pytest.fixture
async def scene(client: httpx.AsyncClient, database: Database) -> Scene:
    kinds = ("organizer", "institute", "enterprise", "investor")
    people = [await make_account(database, kind, name=f"某{kind}") for kind in kinds]
    hall = await make_hall(database, people[0], people[1:], venue="会展中心", address="世纪大道")
    async with database.writing() as session:
        for name, consent in ((OPEN, CONSENT), (SECRET, None)):
            session.add(
                FairDelegate(
                    registration_id=hall.registrations[0].id,
                    name=name,
                    post="教授",
                    phone=f"0595-{name}",
                    email=f"{'lin' if consent else 'secret'}@example.cn",
                    consent=consent,
                    created_at=utc_now(),
                )
            )
    answer = await client.post(
        f"{API}/fairs/{hall.fair.id}/meetings", json=hall.form(), headers=people[0].headers
    )
    assert answer.status_code == 201, answer.text
    organizer, institute, enterprise, investor = people
    return Scene(client, database, hall, organizer, institute, enterprise, investor, answer.json())


async def test_the_agenda_as_a_calendar(scene: Scene) -> None:
    answer = await scene.file(scene.enterprise)

    (event,) = read(answer.content)
    first, second = scene.hall.registrations[:2]
    assert {name: event[name] for name in event if name not in {"dtstamp", "last-modified"}} == {
        "uid": meeting_uid(str(scene.hall.fair.id), str(first.id), str(second.id)),
        "sequence": 0,
        "dtstart": BEGINS,
        "dtend": BEGINS + timedelta(minutes=20),
        "status": "CONFIRMED",
        "summary": "对接：某institute（A-01）",
        "location": "会展中心，世纪大道，1号馆，A-01",
        "description": (
            "科技成果面对面\n2027-06-18 09:00–09:20 (Asia/Shanghai)\n"
            "对方人员：林工 教授 0595-林工 lin@example.cn"
        ),
        "url": f"http://127.0.0.1:8000{scene.url}/meetings/{scene.meeting['id']}",
    }
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="agenda.ics"'
    assert answer.headers["cache-control"] == "private, max-age=300"


async def test_in_english(scene: Scene) -> None:
    answer = await scene.file(scene.enterprise, headers={"Accept-Language": "en"})

    (event,) = read(answer.content)
    assert event["summary"] == "Meeting: 某institute (A-01)"
    assert event["location"] == "会展中心, 世纪大道, 1号馆, A-01"
    assert "With: 林工" in event["description"]


async def test_each_side_has_the_same_event_with_the_other_side_in_it(scene: Scene) -> None:
    (ours,) = await scene.events(scene.institute, 0)
    (theirs,) = await scene.events(scene.enterprise, 1)

    assert ours["uid"] == theirs["uid"]
    assert ours["summary"] == "对接：某enterprise（A-01）"
    assert await scene.events(scene.investor, 2) == []


@pytest.mark.parametrize("who", ["enterprise", "institute", "organizer"])
@pytest.mark.parametrize("action", ["", "cancel"])
async def test_nobody_reads_of_whom_did_not_consent(scene: Scene, who: str, action: str) -> None:
    """The organizer neither, who hands the file on; and of a cancelled meeting nobody at all."""
    if action:
        await scene.act(action)
    account: Account = getattr(scene, who)
    places = (0, 1) if who == "organizer" else (0,) if who == "institute" else (1,)
    contents = [(await scene.file(account, place)).text for place in places]
    link = await scene.link(account)
    contents.append((await scene.client.get(link)).text)

    whole = "".join(contents).replace("\r\n ", "")
    assert SECRET not in whole
    assert "secret@" not in whole
    if action:
        assert OPEN not in whole


async def test_the_link_holds_no_contacts(scene: Scene) -> None:
    content = (await scene.client.get(await scene.link(scene.enterprise))).text.replace("\r\n ", "")

    assert "对方人员：林工 教授" in content
    assert "0595-" not in content
    assert "lin@" not in content


async def test_changes_keep_the_uid_and_raise_the_sequence(scene: Scene) -> None:
    seen = [(await scene.events(scene.enterprise))[0]]
    await scene.move(2)
    seen.append((await scene.events(scene.enterprise))[0])
    await scene.act("cancel", reason="展位调整")
    seen.append((await scene.events(scene.enterprise))[0])
    await scene.act("restore")
    seen.append((await scene.events(scene.enterprise))[0])

    assert len({event["uid"] for event in seen}) == 1
    sequences = [int(event["sequence"]) for event in seen]
    assert sequences == sorted(set(sequences))
    assert [event["status"] for event in seen] == [
        *("CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED"),
    ]
    moved = BEGINS + timedelta(minutes=40)
    assert [event["dtstart"] for event in seen] == [BEGINS, moved, moved, moved]
    assert "展位调整" in seen[2]["description"]
    stamps = [event["dtstamp"] for event in seen]
    assert stamps == sorted(stamps)


async def test_a_new_agenda_moves_the_event_and_makes_no_second_one(scene: Scene) -> None:
    """A re-plan replaces the meeting by another one of the same two."""
    (before,) = await scene.events(scene.enterprise)
    first, second = scene.hall.registrations[:2]
    slot, table = scene.hall.slots[3], scene.hall.tables[1]
    async with scene.database.writing() as session:
        found = list(await session.scalars(select(FairMeeting)))
        await supersede(session, found, utc_now())
        booking = Booking(
            first_id=first.id, second_id=second.id, slot_id=slot.id, table_id=table.id
        )
        await book_all(session, scene.hall.fair.id, [booking], utc_now())

    (after,) = await scene.events(scene.enterprise)

    assert after["uid"] == before["uid"]
    assert int(after["sequence"]) > int(before["sequence"])
    assert (after["dtstart"], after["status"]) == (slot.begins_at, "CONFIRMED")


async def test_what_a_new_agenda_leaves_out_is_cancelled_for_those_who_knew_of_it(
    scene: Scene,
) -> None:
    (before,) = await scene.events(scene.enterprise)
    async with scene.database.writing() as session:
        fair = await session.get_one(Fair, scene.hall.fair.id)
        changes = await replace_agenda(session, fair, [], utc_now())
        await tell_changes(session, fair, changes, utc_now())

    (after,) = await scene.events(scene.enterprise)

    assert (after["uid"], after["status"]) == (before["uid"], "CANCELLED")
    assert int(after["sequence"]) > int(before["sequence"])


async def test_what_was_replaced_before_anybody_knew_is_not_told(scene: Scene) -> None:
    async with scene.database.writing() as session:
        found = list(await session.scalars(select(FairMeeting)))
        await supersede(session, found, utc_now())

    assert await scene.events(scene.enterprise) == []


@pytest.mark.parametrize("status", ["draft", "open", "matching"])
async def test_before_the_agenda_is_published_there_is_nothing(scene: Scene, status: str) -> None:
    link = await scene.link(scene.enterprise)
    await scene.set_status(status)

    answers = [
        await scene.file(scene.organizer, 1),
        await scene.client.get(link),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "某institute" not in "".join(answer.text for answer in answers)
    assert [read(answer.content) for answer in answers] == [[], []]


async def test_nobody_reads_the_agenda_of_others(scene: Scene) -> None:
    stranger = await make_account(scene.database, "organizer")
    answers = [
        await scene.file(scene.enterprise, 0),
        await scene.file(scene.investor, 1),
        await scene.file(stranger, 1),
        await scene.client.get(f"{scene.url}/registrations/x/agenda.ics"),
        await scene.client.get(
            f"{scene.url}/registrations/x/agenda.ics", headers=scene.enterprise.headers
        ),
        await scene.client.get(
            f"{API}/fairs/x/registrations/x/agenda.ics", headers=scene.enterprise.headers
        ),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 401, 404, 404]
    assert "BEGIN:VCALENDAR" not in "".join(answer.text for answer in answers)


async def test_what_has_not_changed_is_not_sent_again(scene: Scene) -> None:
    link = await scene.link(scene.enterprise)

    async def by_link(headers: dict[str, str]) -> httpx.Response:
        return await scene.client.get(link, headers=headers)

    async def by_file(headers: dict[str, str]) -> httpx.Response:
        return await scene.file(scene.enterprise, headers=headers)

    for get in (by_link, by_file):
        first = await get({})
        again = await get({"If-None-Match": first.headers["etag"]})
        english = await get({"If-None-Match": first.headers["etag"], "Accept-Language": "en"})

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert english.status_code == 200

    etag = (await scene.client.get(link)).headers["etag"]
    await scene.move(1)
    changed = await scene.client.get(link, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


async def test_a_link_is_of_all_fairs_of_ones_organisation(scene: Scene) -> None:
    colleague = await make_account(scene.database, organisation=scene.enterprise.organisation)
    link = await scene.link(colleague)
    later = BEGINS + timedelta(days=30)
    second = await make_hall(
        scene.database,
        scene.organizer,
        [scene.enterprise, scene.institute],
        begins_at=later,
        ends_at=later + timedelta(hours=2),
        name="新材料专场",
    )
    old = await make_hall(
        scene.database,
        scene.organizer,
        [scene.enterprise, scene.institute],
        begins_at=datetime(2020, 1, 6, 1, 0, tzinfo=UTC),
        ends_at=datetime(2020, 1, 6, 3, 0, tzinfo=UTC),
    )
    async with scene.database.writing() as session:
        for hall in (second, old):
            form = hall.form(1, 0)
            booking = msgspec.convert(form, Booking)
            await book_all(session, hall.fair.id, [booking], utc_now())

    answer = await scene.client.get(link)

    events = read(answer.content)
    assert [(event["dtstart"], event["summary"]) for event in events] == [
        (BEGINS, "对接：某institute（A-01）"),
        (later, "对接：某institute（A-01）"),
    ]
    assert "X-WR-CALNAME:对接会 · 某enterprise" in answer.text
    assert "content-disposition" not in answer.headers


async def test_only_the_hash_of_a_link_is_kept(scene: Scene) -> None:
    link = await scene.link(scene.enterprise)
    token = link.rpartition("/")[2].removesuffix(".ics")

    async with scene.database.reading() as session:
        (kept,) = (await session.scalars(select(CalendarLink))).all()

    assert token.startswith(CALENDAR_PREFIX)
    assert len(token) > 40
    assert token.encode() not in kept.token_hash
    assert kept.user_id == scene.enterprise.user.id


async def _revoke(scene: Scene) -> None:
    for _ in range(2):
        answer = await scene.client.delete(
            f"{API}/my/fair-calendar", headers=scene.enterprise.headers
        )
        assert answer.status_code == 204


async def _change_user(scene: Scene, **values: Any) -> None:
    async with scene.database.writing() as session:
        mine = User.id == scene.enterprise.user.id
        await session.execute(update(User).where(mine).values(**values))


@pytest.mark.parametrize("how", ["revoked", "renewed", "disabled", "moved"])
async def test_an_old_link_is_good_no_more(scene: Scene, how: str) -> None:
    link = await scene.link(scene.enterprise)
    if how == "revoked":
        await _revoke(scene)
    if how == "renewed":
        assert await scene.link(scene.enterprise) != link
    if how == "disabled":
        await _change_user(scene, disabled_at=utc_now())
    if how == "moved":
        other = await make_account(scene.database, "enterprise")
        await _change_user(scene, organisation_id=other.user.organisation_id)

    answer = await scene.client.get(link)

    assert answer.status_code == 404
    assert "某" not in answer.text


@pytest.mark.parametrize("name", ["djc_nothing.ics", "djc_nothing", ".ics", "x.ics", "%00.ics"])
async def test_links_that_were_never_given_out(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"{API}/calendars/{name}")).status_code in {400, 404}


async def test_a_link_without_its_ending_is_none(scene: Scene) -> None:
    link = await scene.link(scene.enterprise)

    assert (await scene.client.get(link.removesuffix(".ics"))).status_code == 404


async def test_people_see_since_when_their_link_is_good(scene: Scene) -> None:
    async def since(who: Account) -> Any:
        answer = await scene.client.get(f"{API}/my/fair-calendar", headers=who.headers)
        assert answer.status_code == 200
        return answer.json()["created_at"]

    before = await since(scene.enterprise)
    await scene.link(scene.enterprise)
    given = await since(scene.enterprise)
    others = await since(scene.institute)
    await _revoke(scene)

    assert (before, others, await since(scene.enterprise)) == (None, None, None)
    assert datetime.fromisoformat(given) <= utc_now()


async def test_keys_need_the_scope(scene: Scene) -> None:
    reading = await make_key(scene.database, scene.enterprise, "fairs:read")

    made = await scene.client.post(f"{API}/my/fair-calendar", headers=reading)
    read_ = await scene.client.get(f"{API}/my/fair-calendar", headers=reading)

    assert (made.status_code, read_.status_code) == (403, 200)


async def test_the_document_tells_what_calendars_answer(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/schema/openapi.json")).json()["paths"]

    for path in (
        "/api/v1/calendars/{name}",
        "/api/v1/fairs/{fair_id}/registrations/{registration_id}/agenda.ics",
    ):
        answers = paths[path]["get"]["responses"]
        assert list(answers["200"]["content"]) == ["text/calendar"]
        assert {"304", "404"} <= set(answers)
