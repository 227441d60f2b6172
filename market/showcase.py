"""A marketplace to try out: accounts of every role, the sample listings, indexed and matched."""

import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import User
from market.accounts.organisations import organisation_from
from market.accounts.passwords import hash_of
from market.accounts.service import add_account, add_user
from market.db import Database, utc_now
from market.errors import UsageRefused
from market.listings.bulk import Posting, create_listings
from market.listings.service import announce
from market.sample import sample_needs, sample_results
from market.settings import Settings
from schemas.accounts import OrganisationForm
from schemas.listing_views import ListingKind
from schemas.listings import Need, Result

MAIL_DOMAIN = "demo.example"
# Who may be tried out beside the organisations of the sample: kind → (name, division).
_OTHERS: Mapping[str, tuple[str, str]] = {
    "investor": ("刺桐成果转化引导基金", "350500"),
    "outpost": ("深圳离岸创新中心", "440300"),
    "organizer": ("晋江科技大市场", "350582"),
    "broker": ("海丝技术经纪事务所", "350500"),
}


class Credential(msgspec.Struct, frozen=True):
    """Whom one can sign in as. The password is known here only, and only now."""

    role: str
    email: str
    password: str
    name: str


class _Posted(msgspec.Struct, frozen=True):
    organisation: OrganisationForm
    kind: ListingKind
    listings: Sequence[Result | Need]


async def fill(settings: Settings, database: Database) -> list[Credential]:
    """Fill a marketplace that has nobody in it; indexing and matching are left as jobs.

    One organisation for each institute and enterprise of the sample, all verified. Raises
    UsageRefused when there are accounts already.
    """
    password = secrets.token_urlsafe(9)
    password_hash = await hash_of(password)
    now = utc_now()
    people = _People(password, password_hash, now)
    async with database.writing() as session:
        if await session.scalar(select(User.id).limit(1)):
            raise UsageRefused(
                "数据文件夹里已有账号，样例只填入新的平台 · "
                "There are accounts already: the sample goes into a new marketplace only"
            )
        await people.add_staff(session)
        for posted in _sample():
            owner = await people.add(session, posted.organisation)
            await _post(session, settings, posted, owner, now)
        for kind, (name, division) in _OTHERS.items():
            await people.add(session, _form(kind, name, division))
    return people.credentials


class _People:
    """Adds accounts; the first of each role gets a password that is told."""

    def __init__(self, password: str, password_hash: str, now: datetime) -> None:
        self.credentials: list[Credential] = []
        self._password = password
        self._password_hash = password_hash
        self._now = now

    async def add_staff(self, session: AsyncSession) -> None:
        """The administrator and the moderator, who belong to no organisation."""
        for role, name in (("administrator", "平台管理员"), ("moderator", "内容审核员")):
            user = self._user(role, name)
            user.is_administrator = role == "administrator"
            user.is_moderator = role == "moderator"
            await add_user(session, user)

    async def add(self, session: AsyncSession, form: OrganisationForm) -> User:
        organisation = organisation_from(form, self._now)
        organisation.verified_at = self._now
        user = self._user(form.kind, f"{form.name}联系人")
        user.is_manager = True
        await add_account(session, organisation, user)
        return user

    def _user(self, role: str, name: str) -> User:
        is_told = role not in {credential.role for credential in self.credentials}
        mailbox = role if is_told else f"{role}-{uuid.uuid4().hex[:8]}"
        email = f"{mailbox}@{MAIL_DOMAIN}"
        if is_told:
            self.credentials.append(Credential(role, email, self._password, name))
        # Nobody signs in as the others: a hash that no password has.
        password_hash = self._password_hash if is_told else "!"
        return User(email=email, name=name, password_hash=password_hash, created_at=self._now)


async def _post(
    session: AsyncSession, settings: Settings, posted: _Posted, owner: User, now: datetime
) -> None:
    if owner.organisation_id is None:
        raise TypeError("An account of an organisation posts.")
    posting = Posting(
        organisation_id=owner.organisation_id,
        user_id=owner.id,
        kind=posted.kind,
        now=now,
        published_until=now.date() + timedelta(days=settings.listing_days),
    )
    stored = await create_listings(session, posting, posted.listings)
    await announce(session, posted.kind, [listing.id for listing in stored])


def _sample() -> Iterable[_Posted]:
    """The sample by who posts it: the shoe works and the materials institute come first."""
    results = sorted(sample_results(), key=lambda result: _turn(result.id, result.institute))
    for name, offered in groupby(results, key=attrgetter("institute")):
        found: list[Result | Need] = list(offered)
        yield _Posted(_form("institute", name, found[0].division), "result", found)
    needs = sorted(sample_needs(), key=lambda need: _turn(need.id, need.enterprise))
    for name, asked in groupby(needs, key=attrgetter("enterprise")):
        found = list(asked)
        yield _Posted(_form("enterprise", name, found[0].division), "need", found)


_FIRST = ("刺桐大学材料科学与工程学院", "晋江陈埭登越鞋业有限公司")


def _turn(listing_id: str, organisation: str) -> tuple[bool, str, str]:
    return organisation not in _FIRST, organisation, listing_id


def _form(kind: str, name: str, division: str | None) -> OrganisationForm:
    return msgspec.convert({"kind": kind, "name": name, "division": division}, OrganisationForm)
