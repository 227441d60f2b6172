"""Routes of organisations: the directory, one's own, verification."""

from typing import Annotated, Any

from litestar import Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from market.accounts import organisations
from market.accounts.guard import anyone, signed_in
from market.accounts.queries import (
    OrganisationsWanted,
    organisations_page,
    visible_organisation,
)
from market.accounts.viewer import Viewer
from market.accounts.wire import (
    organisation_for,
    organisation_summary,
    organisation_view,
    page_of,
    place_asked,
    unless_unchanged,
    versioned,
)
from market.db import Database, utc_now
from market.http.etags import TAKES_VERSION, TELLS_VERSION, version_asked
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, id_of
from schemas.accounts import (
    OrganisationChange,
    OrganisationKind,
    OrganisationSummary,
    OrganisationView,
)
from schemas.common import ONE_LINE, Page

_TAGS = ["organisations"]
_Asked = Request[Viewer, Any, Any]
_NamePart = Annotated[
    str,
    QueryParameter(
        max_length=200,
        pattern=ONE_LINE,
        description="名称的一部分 · a part of the name",
    ),
]
_DivisionPrefix = Annotated[
    str,
    QueryParameter(
        pattern=r"^([0-9]{2}){0,3}(?![\s\S])",
        description="行政区划代码或其开头 · code of a division, or the digits it begins with",
    ),
]
_IsVerified = Annotated[
    bool,
    QueryParameter(
        description="false：待核验的单位（管理员） · false: those to be verified (administrators)"
    ),
]


@get(
    "/organisations",
    operation_id="listOrganisations",
    summary="单位名录 · Directory of organisations",
    description="企业只对已核验单位的人员显示 · Enterprises are shown to verified organisations.",
    opt=anyone(),
    tags=_TAGS,
)
async def list_organisations(  # noqa: PLR0913, PLR0917 - a parameter for each filter.
    request: _Asked,
    database: NamedDependency[Database],
    kind: Annotated[OrganisationKind | None, QueryParameter()] = None,
    q: _NamePart = "",
    division: _DivisionPrefix = "",
    verified: _IsVerified = True,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[OrganisationSummary]:
    wanted = OrganisationsWanted(kind, q, division, verified)
    place = place_asked(cursor, limit)
    async with database.reading() as session:
        found = await organisations_page(session, request.user, wanted, place)
    return page_of(found, limit, organisation_summary)


@get(
    "/organisations/{organisation_id:str}",
    operation_id="readOrganisation",
    summary="查看单位 · Read an organisation",
    opt=anyone() | TELLS_VERSION,
    tags=_TAGS,
)
async def read_organisation(
    request: _Asked, organisation_id: FromPath[str], database: NamedDependency[Database]
) -> Response[OrganisationView | OrganisationSummary]:
    async with database.reading() as session:
        found = await visible_organisation(session, request.user, id_of(organisation_id))
    view = organisation_for(request.user, found)
    variant = "public" if isinstance(view, OrganisationSummary) else ""
    return unless_unchanged(request, view, found.version, variant)


@patch(
    "/organisations/{organisation_id:str}",
    operation_id="changeOrganisation",
    summary="修改单位 · Change an organisation",
    opt=signed_in(scope="organisation:write") | TAKES_VERSION,
    tags=_TAGS,
)
async def change_organisation(
    request: _Asked,
    organisation_id: FromPath[str],
    data: JSONBody[OrganisationChange],
    database: NamedDependency[Database],
) -> Response[OrganisationView]:
    version = version_asked(request)
    async with database.writing() as session:
        changed = await organisations.change_organisation(
            session, request.user, id_of(organisation_id), version=version, change=data
        )
    return versioned(organisation_view(changed), changed.version)


@post(
    "/organisations/{organisation_id:str}/verify",
    status_code=200,
    operation_id="verifyOrganisation",
    summary="核验单位 · Verify an organisation",
    opt=signed_in("administrator") | TAKES_VERSION,
    tags=_TAGS,
)
async def verify_organisation(
    request: _Asked, organisation_id: FromPath[str], database: NamedDependency[Database]
) -> Response[OrganisationView]:
    version = version_asked(request)
    async with database.writing() as session:
        found = await organisations.verify(
            session, request.user, id_of(organisation_id), version=version, now=utc_now()
        )
    return versioned(organisation_view(found), found.version)


@post(
    "/organisations/{organisation_id:str}/unverify",
    status_code=200,
    operation_id="unverifyOrganisation",
    summary="撤销核验 · Take a verification back",
    opt=signed_in("administrator"),
    tags=_TAGS,
)
async def unverify_organisation(
    request: _Asked, organisation_id: FromPath[str], database: NamedDependency[Database]
) -> Response[OrganisationView]:
    async with database.writing() as session:
        found = await organisations.unverify(session, request.user, id_of(organisation_id))
    return versioned(organisation_view(found), found.version)


routes = [
    list_organisations,
    read_organisation,
    change_organisation,
    verify_organisation,
    unverify_organisation,
]
