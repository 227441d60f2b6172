"""Imports and their rows as the structs that go out."""

from market.exchange.import_files import is_own_reference
from market.exchange.models import Import, ImportRow
from market.exchange.problems import quoted
from market.exchange.queries import problem_of
from market.exchange.service import allowed_steps
from schemas.imports import ImportCounts, ImportRowView, ImportView
from schemas.vocab import Lang


def import_view(told: Import, lang: Lang) -> ImportView:
    return ImportView(
        id=str(told.id),
        kind=told.kind,  # type: ignore[arg-type]  # checked by the database
        file_name=told.file_name,
        state=told.state,  # type: ignore[arg-type]  # checked by the database
        publishes=told.publishes,
        rows=told.rows,
        rows_done=told.rows_done,
        counts=counts_of(told),
        problem=told.problem[lang] if told.problem else None,
        allowed_actions=allowed_steps(told),
        created_at=told.created_at,
        finished_at=told.finished_at,
    )


def counts_of(told: Import) -> ImportCounts:
    names = ImportCounts.__struct_fields__
    return ImportCounts(**{name: told.counts.get(name, 0) for name in names})


def row_view(row: ImportRow, file_name: str, lang: Lang) -> ImportRowView:
    view = ImportRowView(
        line=row.line,
        action=row.action,  # type: ignore[arg-type]  # only we write it
        reference=row.reference if row.reference and is_own_reference(row.reference) else None,
        listing_id=None if row.listing_id is None else str(row.listing_id),
        undone=row.undone,  # type: ignore[arg-type]  # only we write it
    )
    problem = problem_of(row, file_name)
    if problem is not None:
        view.column = problem.column or None
        view.code = problem.code
        view.problem = problem.reason(lang)
        view.value = quoted(problem.value) or None
    return view
