"""Who comes to the fair of the bench, and what they bring: by the product's own ways in."""

import csv
import io
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from random import Random
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from market.accounts.models import Organisation, User
from market.accounts.names import organisation_key
from market.accounts.service import add_account
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.exchange.models import Import
from market.exchange.service import Upload, apply, begin_import
from market.fairs.meeting_rules import may_meet
from market.fairs.models import Fair, FairRegistration
from market.fairs.queries import locked_fair, organized_fair
from market.fairs.registering import registration_to_change, set_listings
from market.fairs.registration_sheet import read_sheet
from market.fairs.service import create_fair, move_fair
from market.fairs.uploading import upload
from market.fairs.wishing import set_wishes
from market.listings.models import Listing
from market.worker import Worker
from schemas.fair_registrations import UploadReport, WishForm
from schemas.fairs import FairDay, FairForm, Hall, Zone
from schemas.listing_views import ListingKind
from tests.bench.generator import need_row, result_row, synthetic_needs, synthetic_results

GUESTS = {"institute": 110, "enterprise": 252, "investor": 36, "outpost": 2}
WISHES = 4_300
ON = date(2027, 6, 18)
# 48 slots of twelve minutes.
HOURS = "08:00", "17:36", 12
BEGINS_AT = datetime(2027, 6, 18, 0, 0, tzinfo=UTC)
_ACCOUNTS_A_UNIT = 50
_ZONES = ("综合", "鞋服", "纺织", "建材")
Id = uuid.UUID


class Guest(NamedTuple):
    """An organisation and who acts for it."""

    viewer: Viewer
    kind: str
    name: str

    @property
    def organisation_id(self) -> Id:
        assert self.viewer.organisation_id is not None
        return self.viewer.organisation_id


def _guest(kind: str, name: str, now: datetime) -> tuple[Organisation, User]:
    organisation = Organisation(
        kind=kind, name=name, name_key=organisation_key(name), verified_at=now, created_at=now
    )
    user = User(
        name="张工",
        email=f"{uuid.uuid4().hex}@example.cn",
        is_manager=True,
        password_hash="!",
        created_at=now,
    )
    return organisation, user


async def open_accounts(database: Database) -> tuple[Guest, list[Guest]]:
    """The organizer, and everybody who comes."""
    named = [("organizer", "科技成果面对面组委会")] + [
        (kind, f"{_NAMES[kind]}{number:03d}")
        for kind, count in GUESTS.items()
        for number in range(1, count + 1)
    ]
    guests = []
    for some in _batches(named, _ACCOUNTS_A_UNIT):
        async with database.writing() as session:
            for kind, name in some:
                organisation, user = _guest(kind, name, utc_now())
                await add_account(session, organisation, user)
                viewer = Viewer(
                    user_id=user.id,
                    organisation_id=organisation.id,
                    roles=frozenset({kind}),
                    is_manager=True,
                    is_verified=True,
                )
                guests.append(Guest(viewer, kind, name))
    return guests[0], guests[1:]


_NAMES = {
    "institute": "刺桐研究院",
    "enterprise": "晋江制造公司",
    "investor": "海丝创投",
    "outpost": "飞地",
}


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))


async def open_fair(database: Database, organizer: Guest, *, tables: int) -> Id:
    begins, ends, slot_min = HOURS
    form = FairForm(
        name="科技成果面对面",
        venue="晋江国际会展中心",
        needs_approval=False,
        zones=[Zone(code=f"z{place}", name=name) for place, name in enumerate(_ZONES)],
        halls=[
            Hall(
                name=f"{name}馆",
                tables=len(range(place, tables, len(_ZONES))),
                prefix=f"{name}-",
                zone=f"z{place}",
            )
            for place, name in enumerate(_ZONES)
        ],
        days=[FairDay(on=ON, begins=begins, ends=ends, slot_min=slot_min)],
    )
    async with database.writing() as session:
        fair = await create_fair(session, organizer.viewer, form, utc_now())
        await move_fair(session, fair, "open", utc_now())
    return fair.id


def sheet_of(guests: Sequence[Guest]) -> bytes:
    """The organizer's spreadsheet: one line an organisation, with a person who comes."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("单位名称", "展区", "洽谈组数", "联系人", "职务", "联系电话"))
    for place, guest in enumerate(guests):
        zone = _ZONES[place % len(_ZONES)]
        phone = f"138{place:08d}"
        writer.writerow((guest.name, zone, 1, f"代表{place:03d}", "经理", phone))
    return text.getvalue().encode("utf-8-sig")


async def register(
    database: Database, organizer: Guest, fair_id: Id, guests: Sequence[Guest]
) -> UploadReport:
    """A dry run first, as the organizer does it, then the same in earnest."""
    content = sheet_of(guests)
    for is_dry in (True, False):
        rows = read_sheet(content, "registrations.csv", "zh")
        async with database.writing() as session:
            fair = await organized_fair(session, organizer.viewer, fair_id, locks=True)
            report = await upload(
                session, organizer.viewer, fair, rows, utc_now(), "zh", dry_run=is_dry
            )
    return report


def files_of(
    guests: Sequence[Guest], results: int, needs: int, seed: int
) -> list[tuple[Guest, ListingKind, bytes]]:
    """Each organisation's own file: results of the institutes, needs of the enterprises."""
    institutes = [each for each in guests if each.kind == "institute"]
    enterprises = [each for each in guests if each.kind == "enterprise"]
    offered = [result_row(each) for each in synthetic_results(results, seed=seed)]
    asked = [need_row(each) for each in synthetic_needs(needs, seed=seed)]
    return [
        *_dealt(institutes, "result", offered, "institute"),
        *_dealt(enterprises, "need", asked, "enterprise"),
    ]


def _dealt(
    owners: Sequence[Guest], kind: ListingKind, rows: Sequence[dict[str, Any]], owner_key: str
) -> Iterator[tuple[Guest, ListingKind, bytes]]:
    for place, owner in enumerate(owners):
        own = [row | {owner_key: owner.name} for row in rows[place :: len(owners)]]
        if own:
            yield owner, kind, b"\n".join(map(msgspec.json.encode, own))


async def import_files(
    database: Database, worker: Worker, files: Iterable[tuple[Guest, ListingKind, bytes]]
) -> dict[str, int]:
    """Upload, check, apply, publish and index; how many rows came to what."""
    begun = []
    for owner, kind, content in files:
        async with database.writing() as session:
            told = Upload("listings.jsonl", content, kind, publishes=True)
            made = await begin_import(session, owner.viewer, told, utc_now())
        begun.append((owner, made.id))
    await worker.run_until_idle()
    for owner, import_id in begun:
        async with database.writing() as session:
            await apply(session, owner.viewer, import_id)
    await worker.run_until_idle()
    return await _counts(database)


async def _counts(database: Database) -> dict[str, int]:
    counts: dict[str, int] = {}
    async with database.reading() as session:
        for told in await session.scalars(select(Import)):
            if told.state != "applied":
                raise RuntimeError(f"an import is {told.state}: {told.problem}")
            for name, number in told.counts.items():
                counts[name] = counts.get(name, 0) + number
    return counts


async def bring_listings(database: Database, fair_id: Id, guests: Sequence[Guest]) -> None:
    """Each organisation brings all that it has published."""
    registrations = await registrations_of(database, fair_id)
    for guest in guests:
        registration = registrations[guest.organisation_id]
        async with database.writing() as session:
            own = await session.scalars(
                select(Listing.id).where(
                    Listing.organisation_id == guest.organisation_id,
                    Listing.status == "published",
                )
            )
            listing_ids = list(map(str, own))
            if listing_ids:
                fair, row = await registration_to_change(
                    session, guest.viewer, fair_id, registration.id
                )
                await set_listings(session, fair, row, listing_ids)


async def registrations_of(database: Database, fair_id: Id) -> dict[Id, FairRegistration]:
    """By the organisation."""
    async with database.reading() as session:
        found = await session.scalars(
            select(FairRegistration).where(FairRegistration.fair_id == fair_id)
        )
        return {each.organisation_id: each for each in found}


async def wish(database: Database, fair_id: Id, guests: Sequence[Guest], random: Random) -> None:
    """Most wishes go to few: the popularity of participants is log-normal."""
    registrations = await registrations_of(database, fair_id)
    wanted = _wanted(guests, random)
    for guest, forms in wanted:
        async with database.writing() as session:
            fair, registration = await registration_to_change(
                session, guest.viewer, fair_id, registrations[guest.organisation_id].id
            )
            told = [
                WishForm(
                    registration_id=str(registrations[other.organisation_id].id),
                    wish=random.choices(("like", "must", "no"), (85, 10, 5))[0],
                )
                for other in forms
            ]
            await set_wishes(session, fair, registration, told)


def _wanted(guests: Sequence[Guest], random: Random) -> list[tuple[Guest, list[Guest]]]:
    fame = [random.lognormvariate(0, 1) for _ in guests]
    wanted: dict[int, set[int]] = {}
    left = WISHES
    while left:
        who, whom = random.randrange(len(guests)), random.choices(range(len(guests)), fame)[0]
        own = wanted.setdefault(who, set())
        if who != whom and whom not in own and may_meet(guests[who].kind, guests[whom].kind):
            own.add(whom)
            left -= 1
    return [(guests[who], [guests[each] for each in sorted(own)]) for who, own in wanted.items()]


async def begin_matching(database: Database, fair_id: Id) -> None:
    async with database.writing() as session:
        fair: Fair = await locked_fair(session, fair_id)
        await move_fair(session, fair, "match", utc_now())
