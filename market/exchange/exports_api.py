"""Routes of exports: one's own listings as a file that people edit and send back."""

from pathlib import Path
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from market.accounts.guard import POSTING, signed_in
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.exchange.downloads import FileOperation, file_answer, written
from market.exchange.exports import (
    MAX_ANSWERED_ROWS,
    exported_for,
    refuse_too_many,
    rows_to_export,
)
from market.exchange.listing_files import write_listings
from market.exchange.match_exports import matches_to_export, report_of
from market.exchange.pairs import write_pairs
from market.http.languages import language_of
from market.matching.queries import MatchesAsked
from schemas.common import Problem
from schemas.imports import ExportFormat
from schemas.listing_views import ListingKind, Status
from schemas.match_views import VerdictAsked
from schemas.vocab import Lang

_TAGS = ["exports"]
_Asked = Request[Viewer, Any, Any]
_Format = Annotated[ExportFormat, QueryParameter(name="format", description="文件格式 · format")]
_Status = Annotated[Status | None, QueryParameter(description="状态 · status")]
_LISTINGS = signed_in(*sorted(POSTING), "moderator", "administrator", scope="listings:read")
_DESCRIPTION = (
    "本单位的全部条目（含草稿）；不属于任何单位的审核员得到全部已发布条目，不含联系方式。"
    "改好后可原样导入。 · All listings of one's organisation, drafts too; moderators without an "
    "organisation get all published ones, without contacts. The file can be edited and imported."
)
_MATCHES = signed_in(*sorted(POSTING), scope="matches:read")
_Verdict = Annotated[
    VerdictAsked | None,
    QueryParameter(
        description="缺省不含已婉拒的 · all but the declined ones when nothing is asked for"
    ),
]
_MinScore = Annotated[
    int, QueryParameter(ge=0, le=100, description="最低得分 · only matches that score so much")
]
_TOO_MANY = {
    413: ResponseSpec(
        Problem,
        generate_examples=False,
        description="行数过多 · More rows than one answer holds",
        media_type="application/problem+json",
    )
}
_NAMES_ZH = {"results": "成果", "needs": "需求", "matches": "匹配"}


@get(
    "/exports/results",
    operation_id="exportResults",
    summary="导出成果 · Export results",
    description=_DESCRIPTION,
    opt=_LISTINGS,
    tags=_TAGS,
    media_type="application/octet-stream",
    operation_class=FileOperation,
    responses=_TOO_MANY,
)
async def export_results(
    request: _Asked,
    database: NamedDependency[Database],
    format_: _Format = "xlsx",
    status: _Status = None,
) -> Response[bytes]:
    return await _listings(request, database, "result", format_, status)


@get(
    "/exports/needs",
    operation_id="exportNeeds",
    summary="导出需求 · Export needs",
    description=_DESCRIPTION,
    opt=_LISTINGS,
    tags=_TAGS,
    media_type="application/octet-stream",
    operation_class=FileOperation,
    responses=_TOO_MANY,
)
async def export_needs(
    request: _Asked,
    database: NamedDependency[Database],
    format_: _Format = "xlsx",
    status: _Status = None,
) -> Response[bytes]:
    return await _listings(request, database, "need", format_, status)


@get(
    "/exports/matches",
    operation_id="exportMatches",
    summary="导出匹配 · Export the matches of one's own listings",
    description=(
        "本单位全部条目的匹配及理由；对方信息以您可见的为限。 · The matches of all own listings, "
        "with reasons; of the other side what you may see."
    ),
    opt=_MATCHES,
    tags=_TAGS,
    media_type="application/octet-stream",
    operation_class=FileOperation,
    responses=_TOO_MANY,
)
async def export_matches(
    request: _Asked,
    database: NamedDependency[Database],
    format_: _Format = "xlsx",
    verdict: _Verdict = None,
    min_score: _MinScore = 0,
) -> Response[bytes]:
    lang, viewer = language_of(request), request.user
    asked = MatchesAsked(verdict, min_score, limit=MAX_ANSWERED_ROWS + 1)
    async with database.reading() as session:
        exported = await matches_to_export(session, viewer, asked)
    refuse_too_many(exported.found)
    today = utc_now().date()

    def write(path: Path) -> None:
        write_pairs(report_of(exported, viewer, lang, today), path)

    return file_answer(await written(write, ("matches", _named("matches", lang)), format_))


async def _listings(
    request: _Asked,
    database: Database,
    kind: ListingKind,
    format_: ExportFormat,
    status: Status | None,
) -> Response[bytes]:
    lang = language_of(request)
    wanted = exported_for(request.user, kind, status)
    async with database.reading() as session:
        found = await rows_to_export(session, wanted, lang, limit=MAX_ANSWERED_ROWS + 1)
    refuse_too_many(found)
    rows: list[Any] = [row for _, row in found]
    plain = "results" if kind == "result" else "needs"

    def write(path: Path) -> None:
        write_listings(rows, path, lang, kind=kind)

    return file_answer(await written(write, (plain, _named(plain, lang)), format_))


def _named(plain: str, lang: Lang) -> str:
    return _NAMES_ZH[plain] if lang == "zh" else plain


routes: list[ControllerRouterHandler] = [
    export_results,
    export_needs,
    export_matches,
]
