"""Imports of spreadsheets on the wire: what would happen, what happened, and why not."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from schemas.listing_views import ListingKind

ImportState = Literal["checking", "checked", "applying", "applied", "undoing", "undone", "failed"]
# What a row does, or would do before the import is applied; a warning refuses nothing.
RowAction = Literal["create", "update", "unchanged", "refused", "warning"]
# restored: as before the import; kept: changed since, so left alone; gone: was there no more.
RowUndone = Literal["restored", "withdrawn", "deleted", "kept", "gone"]
ImportStep = Literal["apply", "undo", "cancel"]
ExportFormat = Literal["xlsx", "csv", "jsonl"]


class ImportCounts(msgspec.Struct, kw_only=True):
    """How many rows; before an import is applied, how many there would be.

    Of more than 20,000 `warnings` the report holds the first. `published` counts listings that
    the import made public, `left_draft` those that it was asked to publish and could not, because
    they are not complete. The last five are those of an undo.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    warnings: int = 0
    published: int = 0
    left_draft: int = 0
    restored: int = 0
    withdrawn: int = 0
    deleted: int = 0
    kept: int = 0
    gone: int = 0


class ImportView(msgspec.Struct, kw_only=True):
    """One import. `rows_done` of `rows` tells how far the present step is.

    `problem` says why a failed one failed, in the language asked for.
    """

    id: str
    kind: ListingKind
    file_name: Annotated[str, msgspec.Meta(examples=["成果汇总.xlsx"])]
    state: ImportState
    publishes: bool
    rows: int
    rows_done: int
    counts: ImportCounts
    problem: str | None
    allowed_actions: list[ImportStep]
    created_at: datetime
    finished_at: datetime | None


class ImportRowView(msgspec.Struct, kw_only=True):
    """One line of the report. `line` counts as the file counts its rows; 0 is the whole file.

    `column`, `code`, `problem` and `value` are set for refused rows and warnings.
    `reference` is None where the row has no id of its own.
    """

    line: int
    action: RowAction
    reference: str | None
    listing_id: str | None
    column: Annotated[str | None, msgspec.Meta(examples=["转让价格（万元）"])] = None
    code: Annotated[str | None, msgspec.Meta(examples=["money_unread"])] = None
    problem: Annotated[str | None, msgspec.Meta(examples=["金额“八百”无法理解"])] = None
    value: str | None = None
    undone: RowUndone | None = None
