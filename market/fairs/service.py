"""What organizers do with their series and fairs."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.db import new_id
from market.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
)
from market.fairs.meeting_models import FairSeat
from market.fairs.models import Fair, FairRegistration, FairSeries, FairSlot, FairTable
from market.fairs.notices import tell
from market.fairs.queries import organized_fair, organized_series, tables_of_fair
from market.fairs.recording import make_known
from market.fairs.slots import (
    NamedTable,
    dated,
    day_errors,
    hall_errors,
    hour_errors,
    is_time_zone,
    slots_of,
    tables_of,
)
from market.fairs.states import move, refused
from market.records.service import forget_fair
from schemas import vocab
from schemas.fairs import (
    FairAction,
    FairChange,
    FairDay,
    FairForm,
    FairTemplate,
    Hall,
    NextFairForm,
    SeriesChange,
    SeriesForm,
    Zone,
)

# What of a fair is a column by the same name.
_PLAIN = (
    *("name", "about", "venue", "address", "division", "time_zone", "needs_approval"),
    *("places", "quotas", "meetings_each", "no_show_min", "registration_closes_at"),
)
_STRUCTS = ("zones", "halls", "days")


def organisation_of(viewer: Viewer) -> uuid.UUID:
    """The organisation that asks. Raises Forbidden for who belongs to none."""
    if viewer.organisation_id is None:
        raise Forbidden("organisation_needed", "请先加入一个单位", "This needs an organisation.")
    return viewer.organisation_id


async def create_series(
    session: AsyncSession, viewer: Viewer, form: SeriesForm, now: datetime
) -> FairSeries:
    """A new series of the viewer's organisation. Raises Invalid."""
    _check_series(form.industry, form.template)
    series = FairSeries(
        organisation_id=organisation_of(viewer),
        name=form.name.strip(),
        industry=form.industry,
        cadence=form.cadence,
        template=msgspec.to_builtins(form.template),
        created_at=now,
    )
    session.add(series)
    await session.flush()
    return series


async def change_series(
    session: AsyncSession,
    viewer: Viewer,
    series_id: uuid.UUID | None,
    version: int,
    change: SeriesChange,
) -> FairSeries:
    """Raises NotFound, Forbidden, PreconditionFailed and Invalid."""
    series = await organized_series(session, viewer, series_id, locks=True)
    if series.version != version:
        raise PreconditionFailed
    sent = _sent(change)
    _check_series(sent.get("industry"), sent.get("template"))
    for name, value in sent.items():
        setattr(series, name, msgspec.to_builtins(value))
    await flush(session)
    return series


def _check_series(industry: str | None, template: FairTemplate | None) -> None:
    errors: list[FieldError] = []
    if industry is not None and industry not in vocab.industries():
        errors.append(FieldError("#/industry", "没有这个行业代码", "There is no such industry."))
    if template is not None:
        errors += _setting_errors(template, "#/template")
        errors += hour_errors(template.days, "#/template")
    if errors:
        raise Invalid(*errors)


async def create_fair(
    session: AsyncSession,
    viewer: Viewer,
    form: FairForm,
    now: datetime,
    *,
    series_id: uuid.UUID | None = None,
) -> Fair:
    """A new draft with its slots and tables. Raises Invalid."""
    _refuse(_fair_errors(form.zones, form.halls, form.days, form.time_zone, form))
    fair = Fair(
        id=new_id(),
        series_id=series_id,
        organisation_id=organisation_of(viewer),
        created_by_id=viewer.user_id,
        status="draft",
        secret=secrets.token_bytes(32),
        created_at=now,
        **{name: _plain(getattr(form, name)) for name in (*_PLAIN, *_STRUCTS)},
    )
    slots = _cut_slots(fair)
    session.add(fair)
    await session.flush()
    session.add_all(slots)
    await _set_tables(session, fair)
    await flush(session)
    await make_known(session, fair)
    return fair


async def create_next_fair(
    session: AsyncSession,
    viewer: Viewer,
    series_id: uuid.UUID | None,
    form: NextFairForm,
    now: datetime,
) -> Fair:
    """The next fair of a series, as its template says. Raises NotFound, Forbidden, Invalid."""
    series = await organized_series(session, viewer, series_id, locks=True)
    held = await session.scalar(select(func.count()).where(Fair.series_id == series.id)) or 0
    template = msgspec.convert(series.template, FairTemplate)
    values = {name: getattr(template, name) for name in FairTemplate.__struct_fields__}
    try:
        days = dated(template.days, form.begins_on)
    except OverflowError:
        raise Invalid(FieldError("#/begins_on", "日期过大", "The day is too late.")) from None
    name = form.name or f"{series.name[:180]} 第 {held + 1} 期"
    whole = FairForm(**values | {"name": name, "days": days})
    return await create_fair(session, viewer, whole, now, series_id=series.id)


async def fair_to_change(
    session: AsyncSession, viewer: Viewer, fair_id: uuid.UUID | None, version: int
) -> Fair:
    """The viewer's own fair in this version, locked. Raises NotFound, Forbidden,
    PreconditionFailed."""
    fair = await organized_fair(session, viewer, fair_id, locks=True)
    if fair.version != version:
        raise PreconditionFailed
    return fair


async def change_fair(session: AsyncSession, fair: Fair, change: FairChange) -> None:
    """Set what the change names. Raises Invalid, and Conflict for what is fixed by now.

    Days and the time zone are fixed once somebody registered: availabilities name their slots.
    From the matching on tables may only be added.
    """
    sent = _sent(change)
    zones = sent.get("zones", msgspec.convert(fair.zones, list[Zone]))
    halls = sent.get("halls", msgspec.convert(fair.halls, list[Hall]))
    days = sent.get("days", msgspec.convert(fair.days, list[FairDay]))
    zone = sent.get("time_zone", fair.time_zone)
    _refuse(_fair_errors(zones, halls, days, zone, change))
    was = fair.days, fair.time_zone, fair.halls
    for name, value in sent.items():
        setattr(fair, name, _plain(value))
    if (fair.days, fair.time_zone) != was[:2]:
        await _refuse_if_registered(session, fair)
        await session.execute(delete(FairSlot).where(FairSlot.fair_id == fair.id))
        session.add_all(_cut_slots(fair))
    if fair.halls != was[2]:
        await _set_tables(session, fair)
    await flush(session)
    await make_known(session, fair)


async def move_fair(session: AsyncSession, fair: Fair, action: FairAction, now: datetime) -> None:
    """Take the fair into the state that the action leads to. Raises Conflict, Forbidden."""
    move(fair, action, now)
    if action == "open":
        await _refuse_unready(session, fair)
    if action == "withdraw":
        await _refuse_if_registered(session, fair)
    await flush(session)
    if action == "revise":
        await _tell_withdrawn(session, fair, now)


async def delete_fair(session: AsyncSession, fair: Fair) -> None:
    """Delete a draft that was never open. Raises Conflict for anything else."""
    if fair.status != "draft" or fair.opened_at is not None:
        raise refused(fair.status, "delete")
    await forget_fair(session, fair.id)
    await session.delete(fair)
    await flush(session)


async def flush(session: AsyncSession) -> None:
    """Write what changed. Raises PreconditionFailed."""
    try:
        await session.flush()
    except StaleDataError:
        raise PreconditionFailed from None


def _sent(change: FairChange | SeriesChange) -> dict[str, Any]:
    values = ((name, getattr(change, name)) for name in change.__struct_fields__)
    sent = {name: value for name, value in values if value is not msgspec.UNSET}
    if "name" in sent:
        sent["name"] = sent["name"].strip()
    return sent


def _plain(value: Any) -> Any:
    """As it is stored; a time stays one, a day in a list becomes text."""
    return value if isinstance(value, datetime) else msgspec.to_builtins(value)


def _refuse(errors: Sequence[FieldError]) -> None:
    if errors:
        raise Invalid(*errors)


def _fair_errors(
    zones: Sequence[Zone], halls: Sequence[Hall], days: Sequence[FairDay], time_zone: str, sent: Any
) -> list[FieldError]:
    errors = [*hall_errors(halls, zones)]
    if not is_time_zone(time_zone):
        errors.append(FieldError("#/time_zone", "没有这个时区", "There is no such time zone."))
    errors += day_errors(days, time_zone)
    return errors + list(_division_errors(getattr(sent, "division", None), "#"))


def _setting_errors(template: FairTemplate, top: str) -> list[FieldError]:
    errors = [*hall_errors(template.halls, template.zones, top)]
    if not is_time_zone(template.time_zone):
        errors.append(FieldError(f"{top}/time_zone", "没有这个时区", "There is no such time zone."))
    return errors + list(_division_errors(template.division, top))


def _division_errors(division: object, top: str) -> Sequence[FieldError]:
    if isinstance(division, str) and division not in vocab.divisions():
        return (FieldError(f"{top}/division", "没有这个区划代码", "There is no such division."),)
    return ()


def _cut_slots(fair: Fair) -> list[FairSlot]:
    cut = slots_of(msgspec.convert(fair.days, list[FairDay]), fair.time_zone)
    fair.begins_at = cut[0].begins_at if cut else None
    fair.ends_at = cut[-1].ends_at if cut else None
    return [FairSlot(fair_id=fair.id, **slot._asdict()) for slot in cut]


async def _set_tables(session: AsyncSession, fair: Fair) -> None:
    """Tables keep their ids by their names. Raises Conflict for fewer tables than before."""
    wanted = {each.name: each for each in tables_of(msgspec.convert(fair.halls, list[Hall]))}
    present = {table.name: table for table in await tables_of_fair(session, fair.id)}
    if gone := [table for name, table in present.items() if name not in wanted]:
        if fair.status not in {"draft", "open"}:
            raise Conflict(
                "tables_in_use",
                "配对开始后只能增加洽谈桌；个别桌不可用请标记为停用",
                "From the matching on tables may only be added; mark a single one as lost.",
            )
        await session.execute(delete(FairTable).where(FairTable.id.in_([each.id for each in gone])))
    for name, table in present.items():
        # Out of the way of the numbers to come.
        table.number = -table.number if name in wanted else table.number
    await session.flush()
    for name, each in wanted.items():
        if name in present:
            _renumber(present[name], each)
        else:
            session.add(FairTable(fair_id=fair.id, **each._asdict()))


def _renumber(table: FairTable, named: NamedTable) -> None:
    table.number, table.hall, table.zone = named.number, named.hall, named.zone


async def _refuse_if_registered(session: AsyncSession, fair: Fair) -> None:
    is_registered = select(exists().where(FairRegistration.fair_id == fair.id))
    if await session.scalar(is_registered):
        raise Conflict(
            "fair_has_registrations",
            "已有单位报名，不能再这样改",
            "Somebody registered already: this is fixed.",
        )


async def _refuse_unready(session: AsyncSession, fair: Fair) -> None:
    organizer = await session.get_one(Organisation, fair.organisation_id)
    if organizer.verified_at is None:
        raise Forbidden(
            "organisation_not_verified",
            "主办方尚未通过核验，暂不能开放报名",
            "The organizer is not verified yet and can't open a fair.",
        )
    errors = []
    if fair.begins_at is None:
        errors.append(FieldError("#/days", "请先填写日程", "Say on which days it is."))
    if not fair.halls:
        errors.append(FieldError("#/halls", "请先填写场馆和洽谈桌", "Say where the tables are."))
    if errors:
        raise Invalid(*errors)


async def _tell_withdrawn(session: AsyncSession, fair: Fair, now: datetime) -> None:
    """Those whose meetings are not sure any more; they stay planned until another plan."""
    concerned = await session.scalars(
        select(FairRegistration.organisation_id)
        .join(FairSeat, FairSeat.registration_id == FairRegistration.id)
        .where(FairSeat.fair_id == fair.id)
        .distinct()
    )
    await tell(session, fair, concerned, "agenda_withdrawn", {}, now)


async def set_table_lost(
    session: AsyncSession, fair: Fair, table_id: uuid.UUID | None, lost_at: datetime | None
) -> FairTable:
    """Take a table away, or give it back; doing so twice changes nothing. Raises NotFound."""
    found = await session.scalars(
        select(FairTable)
        .where(FairTable.id == table_id, FairTable.fair_id == fair.id)
        .with_for_update()
    )
    table = found.first()
    if table is None:
        raise NotFound
    if (table.lost_at is None) != (lost_at is None):
        table.lost_at = lost_at
    await session.flush()
    return table
