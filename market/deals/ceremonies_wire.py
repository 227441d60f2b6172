"""Signing ceremonies and projects as the structs that go out."""

from collections.abc import Iterable

from market.deals.ceremonies import allowed_actions
from market.deals.ceremony_queries import CeremonyRow
from market.deals.models import SigningProject
from market.deals.totals import Group, totals_of
from market.exchange.import_files import is_own_reference
from schemas.signings import CeremonyView, Organizer, ProjectView


def ceremony_view(row: CeremonyRow, groups: Iterable[Group], *, is_own: bool) -> CeremonyView:
    ceremony = row.ceremony
    view = CeremonyView(
        id=str(ceremony.id),
        version=ceremony.version,
        name=ceremony.name,
        organizer=Organizer(id=str(row.organizer.id), name=row.organizer.name),
        fair_id=None if ceremony.fair_id is None else str(ceremony.fair_id),
        held_on=ceremony.held_on,
        place=ceremony.place,
        about=ceremony.about,
        status=ceremony.status,  # type: ignore[arg-type]  # checked by the database
        published_at=ceremony.published_at,
        totals=totals_of(groups),
        allowed_actions=allowed_actions(ceremony) if is_own else [],
    )
    if is_own:
        view.private_note = ceremony.private_note
    return view


def project_view(project: SigningProject, *, is_own: bool) -> ProjectView:
    view = ProjectView(
        id=str(project.id),
        ceremony_id=str(project.ceremony_id),
        version=project.version,
        reference=project.reference if is_own_reference(project.reference) else None,
        title=project.title,
        parties=project.parties,
        kind=project.kind,
        amount_cny=project.amount_cny,
        is_on_stage=project.is_on_stage,
        batch=project.batch,
        place=project.place,
        note=project.note,
    )
    if is_own:
        view.source = project.source
    return view
