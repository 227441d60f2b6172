"""Webhook endpoints and the log of what was sent to them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from schemas.common import ONE_LINE, Line200, Request

EndpointState = Literal["enabled", "disabled"]
# owner: by hand; gone: it answered 410; failing: nothing but failures for days.
DisabledReason = Literal["owner", "gone", "failing"]
DeliveryState = Literal["waiting", "delivered", "dead", "cancelled"]
Url = Annotated[
    str,
    msgspec.Meta(
        min_length=8,
        max_length=2_000,
        pattern=ONE_LINE,
        description="http 或 https 网址 · an http or https address",
        examples=["https://hooks.example/duijie"],
    ),
]


class EndpointForm(Request):
    """Where one's own system listens."""

    url: Url
    description: Line200 = ""


class EndpointChange(Request):
    """Fields that are left out stay. Enabling an endpoint forgets its failures."""

    url: Url | UnsetType = UNSET
    description: Line200 | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET


class EndpointView(msgspec.Struct, kw_only=True):
    """An endpoint of one's organisation. `old_secret_until`: both secrets sign until then."""

    id: str
    url: str
    description: str
    state: EndpointState
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_at: datetime


class NewEndpoint(msgspec.Struct, kw_only=True):
    """`secret` verifies the signatures; it is shown this once."""

    secret: str
    endpoint: EndpointView


class AttemptView(msgspec.Struct, kw_only=True, frozen=True):
    """One try. `answer` is how the answer began, `error` what failed without one."""

    number: int
    began_at: datetime
    took_ms: int
    status: int | None
    answer: str
    error: str


class DeliveryView(msgspec.Struct, kw_only=True):
    """One message to an endpoint; `message_id` is the same at every try."""

    id: str
    message_id: str
    type: str
    state: DeliveryState
    attempts: int
    next_try_at: datetime | None
    error: str
    created_at: datetime
    ended_at: datetime | None


class DeliveryDetails(DeliveryView, kw_only=True):
    """With the exact body, and every try."""

    body: str
    tries: list[AttemptView]
