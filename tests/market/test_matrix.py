"""Who may use which route on what: a table written by hand, not made of the guards.

Each cell has one sign for each actor, in the order of ACTORS: `.` let through, `1` 401, `3` 403,
`4` 404. Accounts have a matrix of their own (tests/market/accounts/test_matrix.py).
"""

import re
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlalchemy import update

from market.accounts.models import ApiKey
from market.accounts.tokens import FEED_PREFIX, STOP_PREFIX, new_token, token_hash
from market.db import Database, new_id, utc_now
from market.exchange.models import Import
from market.listings.models import Listing, NeedListing, ResultListing
from market.matching.models import MatchRow, SynonymRow
from market.settings import Settings
from market.subscriptions.models import Alert, Delivery, Subscription, WebhookEndpoint
from market.subscriptions.signing import new_secret
from tests.market.accounts.factories import Account, make_account, make_key
from tests.market.accounts.test_matrix import MATRIX as ACCOUNTS
from tests.market.deals.rows import BODIES as DEAL_BODIES
from tests.market.deals.rows import FILES as DEAL_FILES
from tests.market.deals.rows import MATRIX as DEALS
from tests.market.deals.rows import deal_objects
from tests.market.fairs.rows import fair_objects

ACTORS = (
    "anonymous",
    "bad token",
    "expired key",
    "institute",
    "other institute",
    "enterprise",
    "other enterprise",
    "investor",
    "outpost",
    "organizer",
    "broker",
    "moderator",
    "administrator",
)
# The institute owns the result, the enterprise the need and the other institute nothing.
OPEN = ".11.........."
POSTS_RESULTS = "111..333.3.33"
POSTS_NEEDS = "11133..3.3.33"
OWN_RESULT = "111.433343433"
OWN_NEED = "11133.4343433"
NO_RESULT = "1114433343433"
NO_NEED = "1113344343433"
READS_OWN_RESULT = "111.4443434.."
READS_OWN_NEED = "11144.43434.."
READS_NOTHING = "1114444343444"
POSTERS = "111....3.3..."
IMPORTERS = "111....3.3.33"
OWN_IMPORT = "111.444343433"
NO_IMPORT = "1114444343433"
MATCHES_OF_RESULT = "111.4444444.."
MATCHES_OF_NEED = "11144.44444.."
NO_MATCHES = "1114444444444"
GIVES_FEEDBACK = "111.4.4444444"
SIGNED_IN = "111.........."
ADMINISTRATORS = "111333333333."
NO_SYNONYM = "1113333333334"
NOT_THERE = "4114444444444"
ORGANIZERS = "111333333.333"
NO_FAIR = "1113333334333"
DRAFT_OF_ORGANIZER = "411444444.4.."
# The institute registered; moderators take no part in fairs.
TAKES_PART = "111........33"
OWN_REGISTRATION = "111.44444.433"
NO_REGISTRATION = "1114444444433"
PARTICIPANTS = "111.33333.333"
OWN_NOTICE = "111.444444433"
# The institute and the enterprise have a meeting.
OWN_MEETING = "111.4.444.433"
# Who is no organizer asks for the own agenda; nobody else registered, nor does the organizer.
OWN_AGENDA = "111.4.4444433"
SAYS_OUTCOME = "111.4.4443433"
# The enterprise owns the saved search and what it told; its people own the endpoint.
OWN_SEARCH = "11144.4444444"
NO_SEARCH = "1114444444444"


def _of_listings(
    name: str, own: str, none: str, reads: str, draft: str
) -> dict[str, dict[str, str]]:
    """The routes that results and needs have alike."""
    path = f"/{name}/{{listing_id}}"
    moves = ("publish", "pause", "close", "reopen", "withdraw", "renew")
    changed = {"draft": own, "missing": none}
    return {
        f"GET {path}": {"published": OPEN, "draft": draft, "missing": NOT_THERE},
        f"PATCH {path}": changed,
        f"DELETE {path}": changed,
        f"GET {path}/preview": {"draft": reads, "missing": READS_NOTHING},
        **{f"POST {path}/{move}": changed for move in moves},
        f"GET /my/{name}": {"-": POSTERS},
        f"GET /{name}": {"-": OPEN},
        f"GET /{name}/suggest": {"-": OPEN},
        f"GET /exports/{name}": {"-": POSTERS},
    }


FAIR = {"open": ORGANIZERS, "missing": NO_FAIR}
SEEN_FAIR = {"open": OPEN, "draft": DRAFT_OF_ORGANIZER, "missing": NOT_THERE}


def _of_fairs() -> dict[str, dict[str, str]]:
    """Series, fairs, their slots and tables."""
    path = "/fairs/{fair_id}"
    moves = ("open", "withdraw", "match", "reopen", "revise", "start", "close", "resume")
    return {
        "POST /fair-series": {"-": ORGANIZERS},
        "GET /fair-series": {"-": OPEN},
        "GET /fair-series/{series_id}": {"known": OPEN, "missing": NOT_THERE},
        "PATCH /fair-series/{series_id}": {"known": ORGANIZERS, "missing": NO_FAIR},
        "POST /fair-series/{series_id}/fairs": {"known": ORGANIZERS, "missing": NO_FAIR},
        "GET /fair-series/{series_id}/carried-over": {"known": ORGANIZERS, "missing": NO_FAIR},
        "POST /fairs": {"-": ORGANIZERS},
        "GET /fairs": {"-": OPEN},
        "GET /my/fairs": {"-": SIGNED_IN},
        f"GET {path}": SEEN_FAIR,
        f"PATCH {path}": FAIR,
        f"DELETE {path}": FAIR,
        **{f"POST {path}/{move}": FAIR for move in moves},
        f"GET {path}/slots": SEEN_FAIR,
        f"GET {path}/tables": SEEN_FAIR,
        f"POST {path}/tables/{{table_id}}/lose": FAIR,
        f"POST {path}/tables/{{table_id}}/restore": FAIR,
    }


def _of_registrations() -> dict[str, dict[str, str]]:
    """Registrations, what belongs to them, and notices."""
    path = "/fairs/{fair_id}"
    one = f"{path}/registrations/{{registration_id}}"
    own = {"open": OWN_REGISTRATION, "missing": NO_REGISTRATION}
    return {
        f"POST {path}/registrations": {"open": TAKES_PART, "missing": NO_REGISTRATION},
        f"GET {path}/registrations": {"open": TAKES_PART, "missing": NO_REGISTRATION},
        f"POST {path}/registrations/upload": FAIR,
        f"GET {one}": own,
        f"PATCH {one}": own,
        f"POST {one}/approve": FAIR,
        f"POST {one}/reject": FAIR,
        f"POST {one}/withdraw": own,
        f"POST {one}/resubmit": own,
        f"PUT {one}/listings": own,
        f"PUT {one}/wishes": own,
        f"GET {one}/wishes": own,
        f"POST {one}/delegates": own,
        f"PATCH {one}/delegates/{{delegate_id}}": own,
        # Once the institute has removed its delegate, nobody is there for the organizer.
        f"DELETE {one}/delegates/{{delegate_id}}": own | {"open": OWN_NOTICE},
        f"GET {one}/delegates/{{delegate_id}}/badge": own,
        f"POST {path}/delegations": FAIR,
        f"GET {path}/delegations": SEEN_FAIR,
        f"GET {path}/participants": {"open": PARTICIPANTS, "missing": NO_REGISTRATION},
        f"GET {path}/listings": SEEN_FAIR,
        "GET /my/fair-notices": {"-": TAKES_PART},
        "POST /my/fair-notices/{notice_id}/read": {"open": OWN_NOTICE, "missing": NO_REGISTRATION},
        "POST /my/fair-notices/read-all": {"-": TAKES_PART},
    }


def _of_meetings() -> dict[str, dict[str, str]]:
    """Published meetings."""
    path = "/fairs/{fair_id}"
    one = f"{path}/meetings/{{meeting_id}}"
    own = {"running": OWN_MEETING, "missing": NO_REGISTRATION}
    organizer = {"running": ORGANIZERS, "missing": NO_FAIR}
    return {
        f"GET {path}/meetings": {"running": TAKES_PART, "missing": NO_REGISTRATION},
        f"POST {path}/meetings": organizer,
        f"GET {path}/agenda": {"running": OWN_AGENDA, "missing": NO_REGISTRATION},
        f"GET {one}": own,
        f"PATCH {one}": organizer,
        f"POST {one}/cancel": own,
        f"POST {one}/no-show": organizer,
        f"POST {one}/restore": organizer,
        f"PUT {one}/outcome": {"running": SAYS_OUTCOME, "missing": NO_REGISTRATION},
        f"POST {path}/check-ins": organizer,
        f"GET {path}/check-ins": organizer,
    }


def _of_plans() -> dict[str, dict[str, str]]:
    """Pairs and plans, which are for the organizer alone."""
    path = "/fairs/{fair_id}"
    one = f"{path}/plans/{{plan_id}}"
    meeting = f"{one}/meetings/{{plan_meeting_id}}"
    routes = (
        *(f"GET {path}/pairs", f"POST {path}/pairs/refresh", f"POST {path}/what-if"),
        *(f"POST {path}/plans", f"GET {path}/plans", f"GET {one}", f"DELETE {one}"),
        *(f"POST {one}/publish", f"GET {one}/changes", f"GET {one}/unplanned"),
        *(f"GET {one}/meetings", f"POST {one}/meetings", f"PATCH {meeting}", f"DELETE {meeting}"),
    )
    return dict.fromkeys(routes, FAIR)


def _of_fair_exports() -> dict[str, dict[str, str]]:
    """A fair's files, which are its organizer's."""
    path = "/fairs/{fair_id}"
    one = f"{path}/exports/{{export_id}}"
    routes = (
        *(f"GET {path}/lists/{{list_name}}", f"POST {path}/exports", f"GET {path}/exports"),
        *(f"GET {one}", f"GET {one}/file", f"DELETE {one}"),
    )
    return dict.fromkeys(routes, FAIR)


# route → which object → a sign for each actor.
MATRIX: dict[str, dict[str, str]] = {
    "POST /results": {"-": POSTS_RESULTS},
    "POST /needs": {"-": POSTS_NEEDS},
    **_of_listings("results", OWN_RESULT, NO_RESULT, READS_OWN_RESULT, "411.4444444.."),
    **_of_listings("needs", OWN_NEED, NO_NEED, READS_OWN_NEED, "41144.44444.."),
    "GET /vocabularies/{name}": {"known": OPEN, "missing": NOT_THERE},
    "GET /results/{listing_id}/matches": {"published": MATCHES_OF_RESULT, "missing": NO_MATCHES},
    "GET /needs/{listing_id}/matches": {"published": MATCHES_OF_NEED, "missing": NO_MATCHES},
    "GET /my/matches": {"-": SIGNED_IN},
    "PUT /matches/{match_id}/feedback": {"match": GIVES_FEEDBACK, "missing": NO_MATCHES},
    "DELETE /matches/{match_id}/feedback": {"match": GIVES_FEEDBACK, "missing": NO_MATCHES},
    "GET /synonyms": {"-": ADMINISTRATORS},
    "POST /synonyms": {"-": ADMINISTRATORS},
    "DELETE /synonyms/{synonyms_id}": {"known": ADMINISTRATORS, "missing": NO_SYNONYM},
    # What is sent is a file of results.
    "POST /imports": {"-": POSTS_RESULTS},
    "GET /imports": {"-": IMPORTERS},
    "GET /imports/{import_id}": {"own": OWN_IMPORT, "missing": NO_IMPORT},
    "DELETE /imports/{import_id}": {"own": OWN_IMPORT, "missing": NO_IMPORT},
    "GET /imports/{import_id}/rows": {"own": OWN_IMPORT, "missing": NO_IMPORT},
    "GET /imports/{import_id}/problems": {"own": OWN_IMPORT, "missing": NO_IMPORT},
    "POST /imports/{import_id}/apply": {"own": OWN_IMPORT, "missing": NO_IMPORT},
    "POST /imports/{import_id}/undo": {"own": OWN_IMPORT, "missing": NO_IMPORT},
    "GET /exports/matches": {"-": IMPORTERS},
    **_of_fairs(),
    **_of_registrations(),
    **_of_meetings(),
    **_of_plans(),
    **_of_fair_exports(),
    **DEALS,
    "POST /saved-searches": {"-": SIGNED_IN},
    "GET /saved-searches": {"-": SIGNED_IN},
    "POST /saved-searches/preview": {"-": SIGNED_IN},
    "GET /saved-searches/{search_id}": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "PATCH /saved-searches/{search_id}": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "DELETE /saved-searches/{search_id}": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "POST /saved-searches/{search_id}/feed": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "DELETE /saved-searches/{search_id}/feed": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    # Whoever has the link may follow it, and nobody else can know it.
    "GET /stop/{token}": {"own": OPEN, "missing": NOT_THERE},
    "POST /stop/{token}": {"own": OPEN, "missing": NOT_THERE},
    "GET /alerts": {"-": SIGNED_IN},
    "GET /alerts/stream": {"-": SIGNED_IN},
    "GET /feeds/{kind}/{form}": {"known": OPEN, "missing": NOT_THERE},
    "GET /feeds/saved/{token}/{form}": {"feed": OPEN, "missing": NOT_THERE},
    "POST /alerts/read": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "POST /alerts/{alert_id}/read": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "POST /webhook-endpoints": {"-": "111........33"},
    "GET /webhook-endpoints": {"-": SIGNED_IN},
    "GET /webhook-endpoints/{endpoint_id}": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "PATCH /webhook-endpoints/{endpoint_id}": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "DELETE /webhook-endpoints/{endpoint_id}": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "POST /webhook-endpoints/{endpoint_id}/secret": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "POST /webhook-endpoints/{endpoint_id}/test": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "GET /webhook-endpoints/{endpoint_id}/deliveries": {"own": OWN_SEARCH, "missing": NO_SEARCH},
    "GET /webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}": {
        "own": OWN_SEARCH,
        "missing": NO_SEARCH,
    },
    "POST /webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay": {
        "own": OWN_SEARCH,
        "missing": NO_SEARCH,
    },
    "GET //health/live": {"-": OPEN},
    "GET //health/ready": {"-": OPEN},
    "GET //metrics": {"-": "111333333333."},
}
BODIES: dict[str, dict[str, Any]] = {
    "POST /results": {"title": "鞋底材料"},
    "POST /needs": {"title": "求鞋底材料"},
    "PATCH /results/{listing_id}": {"title": "新名称"},
    "PATCH /needs/{listing_id}": {"title": "新名称"},
    "POST /results/{listing_id}/renew": {},
    "POST /needs/{listing_id}/renew": {},
    "PUT /matches/{match_id}/feedback": {"verdict": "saved"},
    "POST /synonyms": {"line": "止滑 = 防滑"},
    "POST /fair-series": {"name": "科技成果面对面"},
    "PATCH /fair-series/{series_id}": {"name": "新名称"},
    "POST /fair-series/{series_id}/fairs": {"begins_on": "2027-06-18"},
    "POST /fairs": {"name": "对接会"},
    "PATCH /fairs/{fair_id}": {"name": "新名称"},
    "POST /fairs/{fair_id}/registrations": {},
    "PATCH /fairs/{fair_id}/registrations/{registration_id}": {"note": "靠门"},
    "PUT /fairs/{fair_id}/registrations/{registration_id}/listings": {"listing_ids": []},
    "PUT /fairs/{fair_id}/registrations/{registration_id}/wishes": {"wishes": []},
    "POST /fairs/{fair_id}/registrations/{registration_id}/delegates": {"name": "林工"},
    "PATCH /fairs/{fair_id}/registrations/{registration_id}/delegates/{delegate_id}": {},
    "POST /fairs/{fair_id}/delegations": {"name": "代表团"},
    "POST /fairs/{fair_id}/meetings": dict.fromkeys(
        ("first_id", "second_id", "slot_id", "table_id"), "x"
    ),
    "PATCH /fairs/{fair_id}/meetings/{meeting_id}": {},
    "POST /fairs/{fair_id}/meetings/{meeting_id}/cancel": {},
    "POST /fairs/{fair_id}/meetings/{meeting_id}/no-show": {"absent_ids": ["x"]},
    "PUT /fairs/{fair_id}/meetings/{meeting_id}/outcome": {"answer": "again"},
    "POST /fairs/{fair_id}/check-ins": {"scans": [{"payload": "x"}]},
    "POST /fairs/{fair_id}/what-if": {"slots": [1], "teams": [1]},
    "POST /fairs/{fair_id}/plans": {},
    "POST /fairs/{fair_id}/exports": {"content": "pairs"},
    "POST /fairs/{fair_id}/plans/{plan_id}/meetings": dict.fromkeys(
        ("first_id", "second_id", "slot_id", "table_id"), "x"
    ),
    "PATCH /fairs/{fair_id}/plans/{plan_id}/meetings/{plan_meeting_id}": {},
    **DEAL_BODIES,
    "POST /saved-searches": {"name": "鞋底", "kind": "results"},
    "POST /saved-searches/preview": {"kind": "results"},
    "PATCH /saved-searches/{search_id}": {"name": "新名称"},
    "POST /webhook-endpoints": {"url": "http://127.0.0.1:9/hook"},
    "PATCH /webhook-endpoints/{endpoint_id}": {"description": "主系统"},
    "POST /alerts/read": {"until": "{alert_id}"},
}
CELLS = [(route, which) for route, objects in MATRIX.items() for which in objects]
_FORMS: dict[str, dict[str, str]] = {
    "POST /imports": {"kind": "result"},
    **{route: {} for route in DEAL_FILES},
    "POST /fairs/{fair_id}/registrations/upload": {"dry_run": "false"},
}
_PLACES = re.compile(r"\{(\w+)\}")
_SIGNS = {401: "1", 403: "3", 404: "4"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Streams that end after one look."""
    return msgspec.structs.replace(settings, alert_stream_s=0)


def test_every_route_of_the_application_is_in_a_matrix(app: Litestar) -> None:
    registered = {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith("/schema")
        for method in route.route_handler_map
        if method != "OPTIONS"
    }
    accounts = {f"{method} {_whole(path)}" for method, path in ACCOUNTS}
    ours = {f"{route.split()[0]} {_whole(route.split()[1])}" for route in MATRIX}

    assert registered == accounts | ours
    assert accounts & ours == set()


@pytest.mark.parametrize(("route", "which"), CELLS)
async def test_matrix(
    client: httpx.AsyncClient, database: Database, route: str, which: str
) -> None:
    people = await _people(database)
    headers = await _headers(database, people)
    ids = {} if which == "missing" else await _objects(database, people, which, route)

    found = [await _sign(client, route, ids, headers[actor]) for actor in ACTORS]

    assert dict(zip(ACTORS, found, strict=True)) == dict(
        zip(ACTORS, MATRIX[route][which], strict=True)
    )


def _whole(path: str) -> str:
    return path[1:] if path.startswith("//") else f"/api/v1{path}"


async def _people(database: Database) -> dict[str, Account]:
    kinds = {name: name.removeprefix("other ") for name in ACTORS[3:11]}
    people = {name: await make_account(database, kind) for name, kind in kinds.items()}
    people["moderator"] = await make_account(database, None, is_moderator=True)
    people["administrator"] = await make_account(database, None, is_administrator=True)
    return people


async def _headers(database: Database, people: dict[str, Account]) -> dict[str, dict[str, str]]:
    key = await make_key(database, people["institute"], "listings:write", "matches:write")
    async with database.writing() as session:
        await session.execute(update(ApiKey).values(expires_at=utc_now() - timedelta(days=1)))
    return {
        "anonymous": {},
        "bad token": {"Authorization": "Bearer djs_nothing"},
        "expired key": key,
        **{name: account.headers for name, account in people.items()},
    }


async def _objects(
    database: Database, people: dict[str, Account], which: str, route: str
) -> dict[str, object]:
    """A result of the institute, a need of the enterprise, their match, an import, a synonym."""
    now = utc_now()
    status = "published" if which in {"published", "match"} else "draft"

    def common(owner: str) -> dict[str, object]:
        return {
            "organisation_id": people[owner].user.organisation_id,
            "status": status,
            "published_at": now if status == "published" else None,
            "shows_organisation": True,
            "created_at": now,
            "changed_at": now,
        }

    result = ResultListing(id=new_id(), title="鞋底材料", **common("institute"))
    need = NeedListing(id=new_id(), title="求鞋底材料", **common("enterprise"))
    match = MatchRow(
        id=new_id(),
        result_id=result.id,
        need_id=need.id,
        score=80.0,
        explanation={"enterprise": _SIDE, "institute": _SIDE, "reasons": {"zh": [], "en": []}},
        for_result=True,
        for_need=True,
        result_version=1,
        need_version=1,
        found_at=now,
        scored_at=now,
    )
    told = Import(
        id=new_id(),
        organisation_id=people["institute"].user.organisation_id,
        user_id=people["institute"].user.id,
        kind="result",
        file_name="成果.csv",
        state="checked",
        created_at=now,
    )
    synonym = SynonymRow(
        id=new_id(),
        line="=\t甲乙|乙丙",
        created_by_id=people["administrator"].user.id,
        created_at=now,
    )
    async with database.writing() as session:
        session.add_all([result, need])
        await session.flush()
        session.add_all([match, told, synonym])
        fair_ids = await fair_objects(session, people, which)
        deal_ids = await deal_objects(
            session, people, result.id, need.id, is_draft=which == "draft"
        )
    subscribed = await _subscribed(database, people["enterprise"])
    listing: Listing = need if "/needs/" in route else result
    return {
        "listing_id": listing.id,
        "match_id": match.id,
        "import_id": told.id,
        "synonyms_id": synonym.id,
        "name": "fields",
        "list_name": "pairs",
        **fair_ids,
        **deal_ids,
        **subscribed,
    }


async def _subscribed(database: Database, owner: Account) -> dict[str, object]:
    """A saved search of this person and what it told."""
    now = utc_now()
    search = Subscription(
        id=new_id(),
        user_id=owner.user.id,
        organisation_id=owner.user.organisation_id,
        kind="results",
        name="鞋底",
        query={},
        frequency="instant",
        digest_minute=540,
        digest_weekday=1,
        time_zone="Asia/Shanghai",
        channels=["inbox"],
        stop_token=new_token(STOP_PREFIX),
        feed_hash=token_hash(_FEED),
        created_at=now,
        changed_at=now,
    )
    alert = Alert(
        id=new_id(),
        scope_id=search.id,
        subscription_id=search.id,
        user_id=owner.user.id,
        type="listing.found",
        subject_id=new_id(),
        subject_version=1,
        in_inbox=True,
        created_at=now,
    )
    endpoint = WebhookEndpoint(
        id=new_id(),
        organisation_id=owner.user.organisation_id,
        created_by_id=owner.user.id,
        url="http://127.0.0.1:9/hook",
        secret=new_secret(),
        state="enabled",
        created_at=now,
    )
    delivery = Delivery(
        id=new_id(),
        key="test",
        channel="webhook",
        type="endpoint.test",
        user_id=owner.user.id,
        endpoint_id=endpoint.id,
        created_at=now,
    )
    async with database.writing() as session:
        session.add_all([search, endpoint])
        await session.flush()
        session.add_all([alert, delivery])
    return {
        "kind": "results",
        "form": "atom",
        "feed_token": _FEED,
        "search_id": search.id,
        "alert_id": alert.id,
        "token": search.stop_token,
        "endpoint_id": endpoint.id,
        "delivery_id": delivery.id,
    }


_SIDE = {"base": 0.0, "parts": [], "log_odds": 0.0}


_FEED = new_token(FEED_PREFIX)


async def _sign(
    client: httpx.AsyncClient, route: str, ids: dict[str, object], headers: dict[str, str]
) -> str:
    method, path = route.split()
    body = BODIES.get(route)
    places = _PLACES.findall(f"{route} {body}")
    named = {name: str(ids.get(name, new_id())) for name in places}
    named["name"] = str(ids.get("name", "nothing"))
    if "/feeds/saved/" in path:
        named["token"] = str(ids.get("feed_token", "nothing"))
    for name, found in named.items():
        path = path.replace(f"{{{name}}}", found)
    sent: dict[str, Any] = {} if body is None else {"json": _filled(body, named)}
    if route in _FORMS:
        sent = {"files": {"file": ("a.csv", "名称,展区\n鞋底,".encode())}, "data": _FORMS[route]}
    answer = await client.request(
        method, _whole(path), headers=headers | {"If-Match": '"1"'}, **sent
    )
    assert answer.status_code < 500, answer.text
    return _SIGNS.get(answer.status_code, ".")


def _filled(body: dict[str, Any], named: dict[str, str]) -> dict[str, Any]:
    """The body with the ids that it names in braces."""
    return {
        name: value.format(**named) if isinstance(value, str) else value
        for name, value in body.items()
    }
