"""Everything that takes a password: log in, register, accept an invitation, choose a new one.

A hash takes long, so each of these works in several units of work and hashes between them; the
last one looks again at what the first one read.
"""

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts import attempts
from market.accounts.attempts import give_back, take_attempts
from market.accounts.links import open_link, use_link
from market.accounts.models import LoginSession, Organisation, User
from market.accounts.names import email_key
from market.accounts.organisations import code_errors, organisation_from, refuse_if
from market.accounts.passwords import check_password, hash_of, password_errors
from market.accounts.queries import organisation_of, user_by_email
from market.accounts.service import accept_invitation, add_account, set_password
from market.accounts.sessions import Client, open_session
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.errors import Conflict, FieldError, Forbidden, Invalid, Unauthorized
from market.settings import Settings
from schemas.accounts import (
    Credentials,
    InvitationAcceptance,
    PasswordChange,
    PasswordReset,
    RegistrationForm,
)


class Opened(msgspec.Struct, frozen=True):
    """A session that was just opened; `token` is not stored."""

    token: str
    login: LoginSession
    user: User
    organisation: Organisation | None


async def register(
    database: Database, settings: Settings, form: RegistrationForm, client: Client
) -> tuple[Organisation, User]:
    """A new organisation with its first person, who manages it.

    Raises Forbidden when registration is closed, Invalid, TooManyRequests, and one and the same
    Conflict for a known organisation and a known address.
    """
    if not settings.registration_open:
        raise Forbidden(
            "registration_closed",
            "未开放注册，请联系平台管理员",
            "Registration is closed: please ask an administrator.",
        )
    now = utc_now()
    refuse_if(
        *code_errors(form.organisation, below="#/organisation"),
        *password_errors(form.user.password, email=form.user.email, pointer="#/user/password"),
    )
    await take_attempts(database, [attempts.registrations(client.address)], now)
    organisation = organisation_from(form.organisation, now)
    user = User(
        email=form.user.email,
        name=form.user.name.strip(),
        password_hash=await hash_of(form.user.password),
        is_manager=True,
        created_at=now,
    )
    async with database.writing() as session:
        await add_account(session, organisation, user)
    return organisation, user


async def log_in(
    database: Database, settings: Settings, form: Credentials, client: Client
) -> Opened:
    """A new session for the right password.

    Raises one and the same Unauthorized for a wrong password, an unknown and a disabled person,
    after the same work; and TooManyRequests, also for the right password, after too many wrong
    ones for this address or from this network.
    """
    now, email = utc_now(), email_key(form.email)
    counted = attempts.logins(email, client.address, settings.logins_per_quarter_hour)
    await take_attempts(database, counted, now)
    async with database.reading() as session:
        known = await user_by_email(session, email)
    check = await check_password(form.password, known.password_hash if known else None)
    if known is None or not check.is_right:
        raise _credentials_refused()
    async with database.writing() as session:
        user = await _unchanged_user(session, known)
        if user is None:
            raise _credentials_refused()
        user.password_hash = check.new_hash or user.password_hash
        await give_back(session, counted, now)
        token, login = await open_session(session, user, client, settings, now)
        organisation = await organisation_of(session, user)
    return Opened(token, login, user, organisation)


async def change_password(
    database: Database, settings: Settings, viewer: Viewer, form: PasswordChange
) -> None:
    """Replace the viewer's password; their other sessions end.

    Raises Invalid for a wrong old one or a weak new one, and TooManyRequests for guesses.
    """
    now = utc_now()
    async with database.reading() as session:
        known = await session.get_one(User, viewer.user_id)
    refuse_if(*password_errors(form.new_password, email=known.email, pointer="#/new_password"))
    counted = [attempts.password_checks(known.id, settings.logins_per_quarter_hour)]
    await take_attempts(database, counted, now)
    if not (await check_password(form.old_password, known.password_hash)).is_right:
        raise Invalid(FieldError("#/old_password", "原密码不正确", "Is not your password."))
    password_hash = await hash_of(form.new_password)
    async with database.writing() as session:
        user = await _unchanged_user(session, known)
        if user is None:
            raise _changed_meanwhile()
        await give_back(session, counted, now)
        await set_password(session, user, password_hash, now=now, keeps_session=viewer.session_id)


async def reset_password(database: Database, form: PasswordReset, client: Client) -> None:
    """Choose a password by a one-time link; every session of the person ends.

    Raises NotFound for a link that can't be used, Invalid, and TooManyRequests for guesses.
    """
    now = utc_now()
    counted = [attempts.link_guesses(client.address)]
    await take_attempts(database, counted, now)
    async with database.reading() as session:
        link = await open_link(session, "password_reset", form.token, now)
        email = (await session.get_one(User, link.user_id)).email
    refuse_if(*password_errors(form.new_password, email=email, pointer="#/new_password"))
    password_hash = await hash_of(form.new_password)
    async with database.writing() as session:
        # The person first, then their links: the order in which links are made and revoked.
        user = await session.get_one(User, link.user_id, with_for_update={"key_share": True})
        await use_link(session, "password_reset", form.token, now)
        await give_back(session, counted, now)
        await set_password(session, user, password_hash, now=now)


async def join(database: Database, form: InvitationAcceptance, client: Client) -> User:
    """The invited person joins the organisation; of many who try at once, one does.

    Raises NotFound for a link that can't be used, Conflict for an address with an account,
    Invalid, and TooManyRequests for guesses.
    """
    now = utc_now()
    counted = [attempts.link_guesses(client.address)]
    await take_attempts(database, counted, now)
    async with database.reading() as session:
        link = await open_link(session, "invitation", form.token, now)
    refuse_if(*password_errors(form.password, email=link.email, pointer="#/password"))
    password_hash = await hash_of(form.password)
    async with database.writing() as session:
        user = await accept_invitation(
            session, form.token, name=form.name, password_hash=password_hash, now=now
        )
        await give_back(session, counted, now)
    return user


async def _unchanged_user(session: AsyncSession, known: User) -> User | None:
    """The person, locked, if they still have the password that was checked and may sign in."""
    found = await session.scalars(
        select(User)
        .where(
            User.id == known.id,
            User.password_hash == known.password_hash,
            User.disabled_at.is_(None),
        )
        .with_for_update(key_share=True)
    )
    return found.first()


def _credentials_refused() -> Unauthorized:
    return Unauthorized(
        "credentials_refused", "邮箱或密码不正确", "The address or the password is wrong."
    )


def _changed_meanwhile() -> Conflict:
    return Conflict(
        "password_changed",
        "密码刚刚已被修改，请重新登录",
        "The password was changed just now: please sign in again.",
    )
