"""Registers the organisations of a spreadsheet: dry run first; the same file twice is once."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.names import organisation_key
from market.accounts.viewer import Viewer
from market.errors import RequestRefused
from market.fairs.delegates import add_delegate
from market.fairs.models import Fair, FairDelegation, FairRegistration
from market.fairs.registering import KINDS, change_registration, register
from market.fairs.registration_queries import delegates_of
from market.fairs.registration_sheet import SheetProblem, SheetRow
from schemas.fair_registrations import (
    FairRegistrationForm,
    RegistrationChange,
    UploadReport,
    UploadRow,
)
from schemas.vocab import Lang

Id = uuid.UUID
_Action = Literal["create", "update", "unchanged", "refused"]


class _Done(NamedTuple):
    action: _Action
    registration_id: Id | None = None
    problem: SheetProblem | None = None


async def upload(  # noqa: PLR0913 - who, where, what, and how to tell of it.
    session: AsyncSession,
    viewer: Viewer,
    fair: Fair,
    rows: Sequence[SheetRow],
    now: datetime,
    lang: Lang,
    *,
    dry_run: bool,
) -> UploadReport:
    """Register each row's organisation, or bring its registration up to date.

    A row that is refused changes nothing and keeps no other row back. A dry run does the same
    and takes all of it back. `fair` is the viewer's own and locked.
    """
    whole = await session.begin_nested()
    work = _Upload(session, viewer, fair, now)
    await work.prepare(rows)
    told = [_told(row, await work.take(row), lang) for row in rows]
    if dry_run:
        await whole.rollback()
    else:
        await whole.commit()
    return _report(told, dry_run=dry_run)


def _report(told: list[UploadRow], *, dry_run: bool) -> UploadReport:
    actions = [row.action for row in told]
    return UploadReport(
        dry_run=dry_run,
        created=actions.count("create"),
        updated=actions.count("update"),
        unchanged=actions.count("unchanged"),
        refused=actions.count("refused"),
        rows=told,
    )


def _told(row: SheetRow, done: _Done, lang: Lang) -> UploadRow:
    problem = done.problem
    said = None if problem is None else problem.zh if lang == "zh" else problem.en
    return UploadRow(
        line=row.line,
        action=done.action,
        organisation=row.organisation,
        reference=row.reference,
        registration_id=None if done.registration_id is None else str(done.registration_id),
        column=None if problem is None else problem.column,
        problem=said,
    )


class _Upload:
    """One file on its way into one fair."""

    def __init__(self, session: AsyncSession, viewer: Viewer, fair: Fair, now: datetime) -> None:
        self._session = session
        self._viewer = viewer
        self._fair = fair
        self._now = now
        self._by_code: dict[str, Organisation] = {}
        self._by_name: dict[str, list[Organisation]] = {}
        self._registered: dict[Id, FairRegistration] = {}
        self._delegations: dict[str, Id] = {}
        self._seen: set[Id] = set()
        self._zones = {zone[name]: zone["code"] for zone in fair.zones for name in ("code", "name")}

    async def prepare(self, rows: Sequence[SheetRow]) -> None:
        """Read at once what the rows name."""
        codes = [row.credit_code for row in rows if row.credit_code]
        keys = [organisation_key(row.organisation) for row in rows if row.organisation]
        for column, wanted in ((Organisation.credit_code, codes), (Organisation.name_key, keys)):
            for each in await self._organisations(column.in_(wanted)):
                if each.credit_code:
                    self._by_code[each.credit_code] = each
                named = self._by_name.setdefault(each.name_key, [])
                if each not in named:
                    named.append(each)
        registered = await self._session.scalars(
            select(FairRegistration).where(FairRegistration.fair_id == self._fair.id)
        )
        self._registered = {each.organisation_id: each for each in registered}
        delegations = await self._session.scalars(
            select(FairDelegation).where(FairDelegation.fair_id == self._fair.id)
        )
        self._delegations = {each.name: each.id for each in delegations}

    async def _organisations(self, condition: object) -> Sequence[Organisation]:
        wanted = select(Organisation).where(
            condition,  # type: ignore[arg-type]  # a comparison of columns
            Organisation.kind.in_(KINDS),
            Organisation.verified_at.is_not(None),
        )
        return (await self._session.scalars(wanted)).all()

    async def take(self, row: SheetRow) -> _Done:
        if row.problem is not None:
            return _Done("refused", problem=row.problem)
        found = self._organisation(row)
        if isinstance(found, SheetProblem):
            return _Done("refused", problem=found)
        if found.id in self._seen:
            said = SheetProblem(None, "该单位在表中重复", "The organisation is there twice.")
            return _Done("refused", problem=said)
        if row.zone and row.zone not in self._zones:
            return _Done("refused", problem=SheetProblem(None, "没有这个展区", "No such zone."))
        self._seen.add(found.id)
        step = await self._session.begin_nested()
        try:
            done = await self._put(row, found)
        except RequestRefused as refusal:
            await step.rollback()
            # It may have been made by this very row.
            self._delegations.pop(row.delegation.strip(), None)
            first = refusal.errors[0] if refusal.errors else refusal
            return _Done("refused", problem=SheetProblem(None, first.zh, first.en))
        await step.commit()
        return done

    def _organisation(self, row: SheetRow) -> Organisation | SheetProblem:
        if row.credit_code:
            if row.credit_code in self._by_code:
                return self._by_code[row.credit_code]
            return _NOT_THERE
        named = self._by_name.get(organisation_key(row.organisation), [])
        if len(named) > 1:
            return SheetProblem(
                None,
                "有多个同名单位，请填信用代码",
                "Several have this name: give the credit code.",
            )
        return named[0] if named else _NOT_THERE

    async def _put(self, row: SheetRow, organisation: Organisation) -> _Done:
        delegation = await self._delegation(row.delegation)
        present = self._registered.get(organisation.id)
        if present is None:
            form = FairRegistrationForm(
                zone=self._zones.get(row.zone),
                delegation_id=delegation,
                teams=row.teams,
                note=row.note,
                delegates=[] if row.delegate is None else [row.delegate],
                organisation_id=str(organisation.id),
                reference=row.reference,
            )
            made = await register(self._session, self._viewer, self._fair.id, form, self._now)
            return _Done("create", made.id)
        differences = self._differences(row, present, delegation)
        if differences:
            change = msgspec.convert(differences, RegistrationChange)
            await change_registration(
                self._session, self._viewer, self._fair, present, change, self._now
            )
        is_new = await self._add_person(row, present)
        return _Done("update" if differences or is_new else "unchanged", present.id)

    def _differences(
        self, row: SheetRow, present: FairRegistration, delegation: str | None
    ) -> dict[str, object]:
        """What the row says and the registration does not; what it leaves empty stays."""
        said: Mapping[str, object] = {
            "zone": self._zones.get(row.zone),
            "delegation_id": delegation,
            "teams": row.teams,
            "note": row.note.strip() or None,
            "reference": row.reference,
        }
        known = {
            "delegation_id": None if present.delegation_id is None else str(present.delegation_id)
        }
        return {
            name: value
            for name, value in said.items()
            if value is not None and value != known.get(name, getattr(present, name))
        }

    async def _add_person(self, row: SheetRow, present: FairRegistration) -> bool:
        if row.delegate is None:
            return False
        people = (await delegates_of(self._session, [present.id])).get(present.id, [])
        if row.delegate.name.strip() in {each.name for each in people}:
            return False
        await add_delegate(
            self._session, self._viewer, self._fair, present, row.delegate, self._now
        )
        return True

    async def _delegation(self, name: str) -> str | None:
        name = name.strip()
        if not name:
            return None
        if name not in self._delegations:
            made = FairDelegation(fair_id=self._fair.id, name=name, created_at=self._now)
            self._session.add(made)
            await self._session.flush()
            self._delegations[name] = made.id
        return str(self._delegations[name])


_NOT_THERE = SheetProblem(
    None,
    "平台上没有该单位（或尚未核验），请先邀请其注册",
    "There is no such verified organisation here: invite it first.",
)
