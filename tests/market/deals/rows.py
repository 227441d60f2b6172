"""The routes of deals in the matrix of rights, and the things that they name.

The order is between the institute and the enterprise, at a fair of the organizer.
"""

import uuid
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id, utc_now
from market.deals.models import (
    IntentOrder,
    OrderConfirmation,
    SigningCeremony,
    SigningProject,
)
from market.records.service import KnownFair, record_fair
from tests.market.accounts.factories import Account
from tests.market.deals.factories import CONTRACT, REGISTRATION

_PROPOSES = "111......3.33"
_OWN_ORDER = "111.4.4443433"
_NO_ORDER = "1114444443433"
_READS_ORDER = "111.4.444.43."
_READS_NO_ORDER = "1114444444434"
_READERS = "111........3."
_MOVES = ("confirm", "negotiate", "agree", "sign", "register", "fulfil", "lapse", "resume")
_CHANGED = {"own": _OWN_ORDER, "missing": _NO_ORDER}
_READ = {"own": _READS_ORDER, "missing": _READS_NO_ORDER}
_ORDER = "/intent-orders/{order_id}"
_CEREMONY = "/signing-ceremonies/{ceremony_id}"
_PROJECT = f"{_CEREMONY}/projects/{{project_id}}"
_OPEN = ".11.........."
_ORGANIZERS = "111333333.333"
_NO_CEREMONY = "1113333334333"
_NOT_THERE = "4114444444444"
_COUNTS = "111333333.33."
_SEEN = {"published": _OPEN, "draft": "411444444.44.", "missing": _NOT_THERE}
_ORGANIZED = {"draft": _ORGANIZERS, "missing": _NO_CEREMONY}

MATRIX: dict[str, dict[str, str]] = {
    "POST /intent-orders": {"-": _PROPOSES},
    "GET /intent-orders": {"-": _READERS},
    "GET /my/order-reminders": {"-": _PROPOSES},
    f"GET {_ORDER}": _READ,
    f"GET {_ORDER}/history": _READ,
    f"PATCH {_ORDER}": _CHANGED,
    **{f"POST {_ORDER}/{move}": _CHANGED for move in (*_MOVES, "step-back")},
    "POST /signing-ceremonies": {"-": _ORGANIZERS},
    "GET /signing-ceremonies": {"-": _OPEN},
    f"GET {_CEREMONY}": _SEEN,
    f"PATCH {_CEREMONY}": _ORGANIZED,
    f"DELETE {_CEREMONY}": _ORGANIZED,
    f"POST {_CEREMONY}/publish": _ORGANIZED,
    f"POST {_CEREMONY}/withdraw": _ORGANIZED,
    f"GET {_CEREMONY}/projects": _SEEN,
    f"POST {_CEREMONY}/projects": _ORGANIZED,
    f"POST {_CEREMONY}/projects/import": _ORGANIZED,
    f"GET {_PROJECT}": _SEEN,
    f"PATCH {_PROJECT}": _ORGANIZED,
    f"DELETE {_PROJECT}": _ORGANIZED,
    "GET /stats/definitions": {"-": _OPEN},
    "GET /stats/funnel": {"-": _COUNTS},
    "GET /stats/funnel/{step}/rows": {"-": _COUNTS, "missing": "1113333334334"},
    "GET /stats/years": {"-": _COUNTS},
    "GET /stats/charts/funnel": {"-": _COUNTS},
    "GET /stats/charts/years": {"-": _COUNTS},
    "GET /stats/signings": {"-": _OPEN},
    "GET /stats/signings/projects": {"-": _OPEN},
}
BODIES: dict[str, dict[str, Any]] = {
    # Named without a listing it is refused for what it says, not for who says it.
    "POST /intent-orders": {"mode": "licence"},
    f"PATCH {_ORDER}": {"next_step": "寄送样品"},
    **{f"POST {_ORDER}/{move}": {} for move in (*_MOVES, "step-back")},
    "POST /signing-ceremonies": {"name": "集中签约", "held_on": "2026-06-18"},
    f"PATCH {_CEREMONY}": {"place": "会展中心"},
    f"POST {_CEREMONY}/projects": {"title": "产业化", "kind": "industry"},
    f"PATCH {_PROJECT}": {"batch": "第一批"},
    f"POST {_ORDER}/sign": CONTRACT,
    f"POST {_ORDER}/register": REGISTRATION,
}


# What is sent is a file of projects.
FILES = frozenset({f"POST {_CEREMONY}/projects/import"})


async def deal_objects(
    session: AsyncSession,
    people: dict[str, Account],
    result_id: uuid.UUID,
    need_id: uuid.UUID,
    *,
    is_draft: bool,
) -> dict[str, object]:
    """An order to which both sides said yes; a ceremony of the organizer with a project."""
    now = utc_now()
    ids = {name: account.user.organisation_id for name, account in people.items()}
    organizer_id, institute_id = ids["organizer"], ids["institute"]
    enterprise_id = ids["enterprise"]
    assert organizer_id is not None
    fair = KnownFair(fair_id=new_id(), organisation_id=organizer_id, name="鞋服专场")
    await record_fair(session, fair)
    order = IntentOrder(
        id=new_id(),
        institute_id=institute_id,
        enterprise_id=enterprise_id,
        proposed_by_id=institute_id,
        listing_id=need_id,
        result_id=result_id,
        need_id=need_id,
        fair_id=fair.fair_id,
        stage="intent",
        confirmed_at=now,
        created_at=now,
        progressed_at=now,
        changed_at=now,
    )
    session.add(order)
    await session.flush()
    session.add_all(
        OrderConfirmation(order_id=order.id, organisation_id=each, confirmed_at=now)
        for each in (institute_id, enterprise_id)
    )
    ceremony = SigningCeremony(
        id=new_id(),
        organisation_id=organizer_id,
        name="集中签约",
        held_on=now.date(),
        status="draft" if is_draft else "published",
        created_at=now,
        changed_at=now,
    )
    session.add(ceremony)
    await session.flush()
    project = SigningProject(
        id=new_id(),
        ceremony_id=ceremony.id,
        title="产业化",
        kind="industry",
        amount_cny=1,
        is_on_stage=True,
        created_at=now,
    )
    session.add(project)
    return {
        "order_id": order.id,
        "ceremony_id": ceremony.id,
        "project_id": project.id,
        "step": "intent",
    }
