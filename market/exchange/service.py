"""What people do with imports: begin one, have it carried out, undo it, drop it."""

import re
import uuid
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import Conflict, FieldError, Forbidden, Invalid
from market.exchange.import_rows import APPLIED_ROWS, empty_counts
from market.exchange.models import Import, ImportFile
from market.exchange.problems import printable
from market.exchange.queries import import_for
from market.jobs import APPLY_IMPORT, CHECK_IMPORT, UNDO_IMPORT, enqueue
from market.listings.service import POSTERS
from schemas.imports import ImportState, ImportStep
from schemas.listing_views import ListingKind

MOST_UNFINISHED = 3
FILE_KEPT_DAYS = 30
# A job that never ends was dropped, or its worker does not know it.
_GIVEN_UP_AFTER_DAYS = 7
_DROPPED_AT_ONCE = 10

_UNFINISHED: tuple[ImportState, ...] = ("checking", "checked", "applying", "undoing")
_RUNNING: tuple[ImportState, ...] = ("checking", "applying", "undoing")
_FOLDERS = re.compile(r"^.*[/\\]", re.DOTALL)
_MAX_NAME_CHARACTERS = 200

GIVEN_UP = {
    "zh": "多次尝试后仍未成功，请检查文件后重新导入",
    "en": "It failed at every attempt; please look at the file and import it again.",
}


class Upload(msgspec.Struct, frozen=True):
    """A file on its way in, and what is to become of it."""

    file_name: str
    content: bytes
    kind: ListingKind
    publishes: bool

    @property
    def fingerprint(self) -> bytes:
        """Tells whether it is the same upload again, however its form was sent."""
        head = f"{self.file_name}\n{self.kind}\n{self.publishes}\n"
        return head.encode("utf-8", "surrogatepass") + self.content


async def begin_import(
    session: AsyncSession, viewer: Viewer, upload: Upload, now: datetime
) -> Import:
    """Take a file in and have it checked; nothing of the listings changes yet.

    Raises Forbidden where the organisation may not publish and should, Invalid for an empty
    file, Conflict while too many imports of the organisation wait to be finished.
    """
    _check(viewer, upload)
    organisation_id = await _locked_organisation(session, viewer)
    await _refuse_too_many(session, organisation_id)
    begun = Import(
        organisation_id=organisation_id,
        user_id=viewer.user_id,
        kind=upload.kind,
        file_name=shown_name(upload.file_name),
        state="checking",
        publishes=upload.publishes,
        counts=empty_counts(),
        created_at=now,
    )
    session.add(begun)
    await session.flush()
    session.add(ImportFile(import_id=begun.id, content=upload.content))
    await session.flush()
    await _enqueue(session, CHECK_IMPORT, begun)
    return begun


async def apply(session: AsyncSession, viewer: Viewer, import_id: uuid.UUID | None) -> Import:
    """Have a checked import carried out. Raises NotFound, Conflict."""
    told = await _moved(session, viewer, import_id, "apply")
    told.counts = told.counts | {"published": 0, "left_draft": 0}
    await _enqueue(session, APPLY_IMPORT, told)
    return told


async def undo(session: AsyncSession, viewer: Viewer, import_id: uuid.UUID | None) -> Import:
    """Have an import undone, as far as nobody changed its listings since.

    Also one that failed half way. Raises NotFound, Conflict.
    """
    told = await _moved(session, viewer, import_id, "undo")
    told.problem = None
    told.finished_at = None
    await _enqueue(session, UNDO_IMPORT, told)
    return told


async def cancel(session: AsyncSession, viewer: Viewer, import_id: uuid.UUID | None) -> None:
    """Drop an import that did nothing yet, with its file and report. Raises NotFound, Conflict."""
    told = await import_for(session, viewer, import_id, locks=True)
    _refuse_unless_allowed(told, "cancel")
    await session.execute(delete(Import).where(Import.id == told.id))


def allowed_steps(told: Import) -> list[ImportStep]:
    """What may be done with an import as it is now."""
    if told.state == "checked":
        return ["apply", "cancel"]
    if told.state == "applied":
        return ["undo"]
    if told.state == "failed":
        return ["undo"] if did_something(told) else ["cancel"]
    return []


def did_something(told: Import) -> bool:
    """Whether listings were changed: one that failed while it was checked changed none."""
    return told.counts.get(APPLIED_ROWS, 0) > 0


def shown_name(given: str) -> str:
    """A file's name without folders and without what no database or terminal takes."""
    return printable(_FOLDERS.sub("", given)).strip()[-_MAX_NAME_CHARACTERS:]


async def prune_imports(session: AsyncSession, now: datetime) -> int:
    """Drop what nobody comes back for; how many imports were touched.

    The files of finished imports and whole imports that were never applied go after
    FILE_KEPT_DAYS; the report of what was done stays. Imports whose job vanished fail.
    """
    ended = now - timedelta(days=FILE_KEPT_DAYS)
    finished = select(Import.id).where(Import.finished_at < ended)
    files = delete(ImportFile).where(ImportFile.import_id.in_(finished))
    waiting = select(Import.id).where(Import.state == "checked", Import.created_at < ended)
    # Each may have hundreds of thousands of rows; the next run takes the next ones.
    unused = delete(Import).where(Import.id.in_(waiting.limit(_DROPPED_AT_ONCE)))
    lost = (
        update(Import)
        .where(
            Import.state.in_(_RUNNING),
            Import.created_at < now - timedelta(days=_GIVEN_UP_AFTER_DAYS),
        )
        .values(state="failed", problem=GIVEN_UP, finished_at=now)
    )
    touched = 0
    for change in (files, unused, lost):
        done = await session.execute(change.execution_options(synchronize_session=False))
        touched += done.rowcount if isinstance(done, CursorResult) else 0
    return touched


def _check(viewer: Viewer, upload: Upload) -> None:
    if not viewer.roles & POSTERS[upload.kind]:
        raise Forbidden("role_refused", "您的角色不能这样做", "Your role may not do this.")
    if upload.publishes and not viewer.is_verified:
        raise Forbidden(
            "organisation_not_verified",
            "单位尚未核验，不能发布；可先导入为草稿",
            "The organisation is not verified yet: import drafts, and publish them later.",
        )
    if not shown_name(upload.file_name):
        raise Invalid(FieldError("#/file", "文件没有名称", "The file has no name."))
    if not upload.content:
        raise Invalid(FieldError("#/file", "文件是空的", "The file is empty."))


async def _locked_organisation(session: AsyncSession, viewer: Viewer) -> uuid.UUID:
    """Imports of one organisation are counted one after the other."""
    found: uuid.UUID | None = await session.scalar(
        select(Organisation.id).where(Organisation.id == viewer.organisation_id).with_for_update()
    )
    if found is None:
        raise Forbidden(
            "organisation_needed", "请先加入一个单位", "This needs an organisation of your own."
        )
    return found


async def _refuse_too_many(session: AsyncSession, organisation_id: uuid.UUID) -> None:
    unfinished = await session.scalar(
        select(func.count())
        .select_from(Import)
        .where(Import.organisation_id == organisation_id, Import.state.in_(_UNFINISHED))
    )
    if (unfinished or 0) >= MOST_UNFINISHED:
        raise Conflict(
            "too_many_imports",
            f"已有 {MOST_UNFINISHED} 个导入未完成，请先执行或取消其中一个",
            f"{MOST_UNFINISHED} imports are not finished: apply or cancel one of them first.",
        )


async def _moved(
    session: AsyncSession, viewer: Viewer, import_id: uuid.UUID | None, step: ImportStep
) -> Import:
    """The import, now in the state in which its job does the step."""
    told = await import_for(session, viewer, import_id, locks=True)
    _refuse_unless_allowed(told, step)
    told.state = "applying" if step == "apply" else "undoing"
    told.rows_done = 0
    return told


def _refuse_unless_allowed(told: Import, step: ImportStep) -> None:
    if step in allowed_steps(told):
        return
    present, asked = _STATES[told.state], _STEPS[step]
    raise Conflict(
        "import_state_refused",
        f"导入当前“{present[0]}”，不能{asked[0]}",
        f"The import {present[1]} and can't be {asked[1]} now.",
    )


_STATES: dict[str, tuple[str, str]] = {
    "checking": ("检查中", "is being checked"),
    "checked": ("已检查", "is checked"),
    "applying": ("执行中", "is being applied"),
    "applied": ("已执行", "is applied"),
    "undoing": ("撤销中", "is being undone"),
    "undone": ("已撤销", "is undone"),
    "failed": ("失败", "has failed"),
}
_STEPS: dict[ImportStep, tuple[str, str]] = {
    "apply": ("执行", "applied"),
    "undo": ("撤销", "undone"),
    "cancel": ("取消", "cancelled"),
}


async def _enqueue(session: AsyncSession, kind: str, told: Import) -> None:
    await enqueue(session, kind, {"import_id": str(told.id)})
