"""Accounts on the wire: organisations, people, sessions, one-time links and API keys."""

from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from schemas.common import NOT_BLANK, ONE_LINE, Name, Request, Text1000

OrganisationKind = Literal["institute", "enterprise", "investor", "outpost", "organizer", "broker"]
Scope = Literal[
    "listings:read",
    "listings:write",
    "matches:read",
    "matches:write",
    "imports:write",
    "organisation:write",
    "fairs:read",
    "fairs:write",
    "deals:read",
    "deals:write",
    "subscriptions:read",
    "subscriptions:write",
]

# A bare $ would let a line end follow.
_END = r"(?![\s\S])"

# ASCII only: a domain in another script is written in its xn-- form.
Email = Annotated[
    str,
    msgspec.Meta(
        min_length=6,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,180}"
        rf"\.[A-Za-z][A-Za-z0-9-]{{0,60}}[A-Za-z0-9]{_END}",
        description="邮箱地址 · address of a mailbox",
        examples=["zhang@example.cn"],
    ),
]
PersonName = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=100, pattern=NOT_BLANK),
]
NewPassword = Annotated[
    str,
    msgspec.Meta(
        min_length=8,
        max_length=128,
        pattern=ONE_LINE,
        description="8–128 个字符，不能是常见密码 · 8–128 characters, none of the commonest",
        examples=["三只白鹭-Heron-27"],
    ),
]
# What is only compared with something stored is bounded, and may otherwise be anything.
GivenText = Annotated[str, msgspec.Meta(max_length=254, pattern=ONE_LINE)]
CreditCode = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^[0-9A-Za-z]{{18}}{_END}",
        description="统一社会信用代码（GB 32100） · unified social credit code",
        examples=["91350100M000100Y43"],
    ),
]
Division = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^[0-9]{{6}}{_END}",
        description="行政区划代码（GB/T 2260） · code of an administrative division",
        examples=["350582"],
    ),
]


class OrganisationForm(Request):
    """An organisation that registers."""

    kind: OrganisationKind
    name: Name
    credit_code: CreditCode | None = None
    division: Division | None = None
    about: Text1000 = ""


class UserForm(Request):
    """The first person of an organisation, who becomes its manager."""

    email: Email
    name: PersonName
    password: NewPassword


class RegistrationForm(Request):
    organisation: OrganisationForm
    user: UserForm


class OrganisationChange(Request):
    """Fields that are left out stay; null empties one."""

    name: Name | UnsetType = UNSET
    credit_code: CreditCode | UnsetType | None = UNSET
    division: Division | UnsetType | None = UNSET
    about: Text1000 | UnsetType = UNSET


class UserChange(Request):
    """Fields that are left out stay."""

    name: PersonName | UnsetType = UNSET
    is_manager: bool | UnsetType = UNSET


class Credentials(Request):
    email: GivenText
    password: GivenText


class PasswordChange(Request):
    old_password: GivenText
    new_password: NewPassword


class PasswordReset(Request):
    token: GivenText
    new_password: NewPassword


class InvitationForm(Request):
    email: Email
    is_manager: bool = False


class InvitationAcceptance(Request):
    token: GivenText
    name: PersonName
    password: NewPassword


class KeyForm(Request):
    """A key for a program. Without `expires_at` it is good for a year; five years at most."""

    name: PersonName
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=len(get_args(Scope)))]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class OrganisationSummary(msgspec.Struct, kw_only=True):
    """What everyone sees of an organisation that is shown to them."""

    id: str
    kind: OrganisationKind
    name: str
    division: str | None
    about: str
    is_verified: bool


class OrganisationView(msgspec.Struct, kw_only=True):
    """What its own people, moderators and administrators see of an organisation."""

    id: str
    kind: OrganisationKind
    name: str
    credit_code: str | None
    division: str | None
    about: str
    verified_at: datetime | None
    created_at: datetime


class UserView(msgspec.Struct, kw_only=True):
    """What colleagues and administrators see of a person."""

    id: str
    organisation_id: str | None
    email: str
    name: str
    is_manager: bool
    is_moderator: bool
    is_administrator: bool
    disabled_at: datetime | None
    created_at: datetime


class Registration(msgspec.Struct, kw_only=True):
    organisation: OrganisationView
    user: UserView


class SignedIn(msgspec.Struct, kw_only=True):
    """`token` goes into `Authorization: Bearer …`; it is shown this once."""

    token: str
    expires_at: datetime
    user: UserView
    organisation: OrganisationView | None


class Me(msgspec.Struct, kw_only=True):
    """The person who is signed in, and the roles that count on every route."""

    user: UserView
    organisation: OrganisationView | None
    roles: list[str]


class SessionView(msgspec.Struct, kw_only=True):
    id: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool


class OneTimeLinkView(msgspec.Struct, kw_only=True):
    """A link that works once. It is shown this once: pass it on to the person it is for."""

    id: str
    url: str
    token: str
    expires_at: datetime


class InvitationView(msgspec.Struct, kw_only=True):
    """An invitation that may still be accepted."""

    id: str
    email: str
    is_manager: bool
    created_at: datetime
    expires_at: datetime


class KeyView(msgspec.Struct, kw_only=True):
    """A key as its owner sees it later: `begins_with` is all that is left of the secret."""

    id: str
    name: str
    begins_with: str
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKey(msgspec.Struct, kw_only=True):
    """`secret` goes into `Authorization: Bearer …`; it is shown this once."""

    secret: str
    key: KeyView
