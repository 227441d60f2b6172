"""Files of a fair on the wire: what is ordered, how far it is, and where it can be had."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.common import Request
from schemas.vocab import Lang

FairListName = Literal[
    "participants",
    "pairs",
    "meetings",
    "agendas",
    "table_plan",
    "unplanned",
    "signings",
    "statistics",
]
FairExportContent = Literal[
    "everything", "workbook", "handbook", "badges", "calendars", FairListName
]
FairExportFormat = Literal["zip", "xlsx", "pdf", "csv", "jsonl"]
FairExportState = Literal["queued", "running", "done", "failed"]
FairListFormat = Literal["csv", "jsonl"]
FairCsvEncoding = Literal["utf-8-sig", "gb18030"]


class FairExportForm(Request):
    """What the organizer wants to have; each content has a format of its own if none is named.

    `lang` is that of the request if it is not named. `encoding` is that of .csv. `plan_id` names a
    draft to write down in place of the agenda.
    """

    content: FairExportContent = "everything"
    format: FairExportFormat | None = None
    lang: Lang | None = None
    encoding: FairCsvEncoding = "utf-8-sig"
    plan_id: Annotated[str, Meta(max_length=40)] | None = None


class FairExportView(msgspec.Struct, kw_only=True, frozen=True):
    """An export: queued → running → done, or failed with the problem in the reader's language.

    `progress` counts to 100. `url` is where the file is, None before; it goes at `expires_at`.
    """

    id: str
    fair_id: str
    content: FairExportContent
    format: FairExportFormat
    lang: Lang
    encoding: FairCsvEncoding
    plan_id: str | None
    state: FairExportState
    progress: int
    file_name: str
    size_bytes: int | None
    sha256: str | None
    url: str | None
    problem: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime
