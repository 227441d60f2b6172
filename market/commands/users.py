"""`duijie users`: people, from the machine that the marketplace runs on.

This is the only way to make administrators and moderators: no route of the API can.
"""

import sys

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import select

from market.accounts.links import NewLink
from market.accounts.models import Organisation, User
from market.accounts.passwords import NO_PASSWORD, hash_of, password_errors
from market.accounts.service import add_user, offer_password_reset
from market.accounts.users import disable_user, enable_user
from market.accounts.wire import link_view, user_view
from market.commands.accounts import as_json_option, checked, in_database, print_json, user_with
from market.db import Database, utc_now
from market.errors import UsageRefused
from market.settings import Settings
from schemas.accounts import Email, NewPassword, OneTimeLinkView, PersonName

_email = click.argument("email")
_administrator = click.option(
    "--administrator", is_flag=True, help="平台管理员 · administrator of the marketplace"
)
_moderator = click.option("--moderator", is_flag=True, help="审核员 · moderator")


@click.group()
def users() -> None:
    """用户与管理员：添加、停用、重置密码、授予角色。

    People: add them, disable them, reset their passwords, grant roles.
    """


@users.command()
@_email
@click.option("--name", default="", help="姓名，默认取邮箱前段 · name; default: from the address")
@_administrator
@_moderator
@click.option("--ask-password", is_flag=True, help="在此输入密码 · ask for the password here")
@click.option(
    "--password-stdin", is_flag=True, help="从标准输入读取密码 · read the password from stdin"
)
@as_json_option
def add(
    email: str,
    name: str,
    administrator: bool,
    moderator: bool,
    ask_password: bool,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """添加账号；不给密码时输出设置密码的一次性链接。

    Adds a person. Without a password it prints a one-time link to choose one.
    """
    user = User(
        email=checked(email, Email, "EMAIL"),
        name=checked(name or email.partition("@")[0], PersonName, "--name"),
        password_hash=NO_PASSWORD,
        is_administrator=administrator,
        is_moderator=moderator,
        created_at=utc_now(),
    )
    password = _password(email, asks=ask_password, from_stdin=password_stdin)

    async def work(database: Database, settings: Settings) -> OneTimeLinkView | None:
        if password is not None:
            user.password_hash = await hash_of(password)
        async with database.writing() as session:
            await add_user(session, user)
            if password is not None:
                return None
            link = await offer_password_reset(
                session, user, created_by_id=None, settings=settings, now=utc_now()
            )
        return _shown(link, settings)

    link = in_database(work)
    if as_json:
        print_json({"user": user_view(user), "link": link})
        return
    click.echo(f"已添加 · added: {user.email}{_roles_in_brackets(user)}")
    if link is not None:
        _print_link(link)


@users.command("list")
@as_json_option
def list_users(as_json: bool) -> None:
    """列出所有账号。

    Lists all people.
    """

    async def work(database: Database, _settings: Settings) -> list[tuple[User, str | None]]:
        async with database.reading() as session:
            rows = await session.execute(
                select(User, Organisation.name)
                .outerjoin(Organisation, Organisation.id == User.organisation_id)
                .order_by(User.id)
            )
            return [(user, organisation) for user, organisation in rows]

    found = in_database(work)
    if as_json:
        print_json({"items": [user_view(user) for user, _ in found]})
        return
    if not found:
        click.echo("还没有账号 · Nobody yet: duijie users add EMAIL --administrator")
        return
    _print_table(found)


@users.command()
@_email
@as_json_option
def reset(email: str, as_json: bool) -> None:
    """输出设置新密码的一次性链接。

    Prints a one-time link to a new password; earlier ones stop working.
    """

    async def work(database: Database, settings: Settings) -> OneTimeLinkView:
        async with database.writing() as session:
            user = await user_with(session, email)
            if user.disabled_at is not None:
                raise UsageRefused(f"{email}：账号已停用 · the account is disabled")
            link = await offer_password_reset(
                session, user, created_by_id=None, settings=settings, now=utc_now()
            )
        return _shown(link, settings)

    link = in_database(work)
    if as_json:
        print_json({"link": link})
        return
    _print_link(link)


@users.command()
@_email
@as_json_option
def disable(email: str, as_json: bool) -> None:
    """停用账号：登录、密钥和链接立即失效。

    Disables a person: sessions, keys and links end at once.
    """

    async def work(database: Database, _settings: Settings) -> User:
        async with database.writing() as session:
            user = await user_with(session, email)
            await disable_user(session, user, utc_now())
        return user

    _print_user(in_database(work), "已停用 · disabled", as_json=as_json)


@users.command()
@_email
@as_json_option
def enable(email: str, as_json: bool) -> None:
    """恢复账号；之前的登录和密钥不恢复。

    Enables a person again. Sessions and keys of before stay ended.
    """

    async def work(database: Database, _settings: Settings) -> User:
        async with database.writing() as session:
            user = await user_with(session, email)
            await enable_user(session, user)
        return user

    _print_user(in_database(work), "已恢复 · enabled", as_json=as_json)


@users.command()
@_email
@_administrator
@_moderator
@as_json_option
def grant(email: str, administrator: bool, moderator: bool, as_json: bool) -> None:
    """授予角色，立即生效。

    Grants roles, at once.
    """
    user = _with_roles(email, _roles(administrator, moderator), granted=True)
    _print_user(user, "现有角色 · roles now", as_json=as_json)


@users.command()
@_email
@_administrator
@_moderator
@as_json_option
def revoke(email: str, administrator: bool, moderator: bool, as_json: bool) -> None:
    """收回角色，立即生效。

    Takes roles back, at once.
    """
    user = _with_roles(email, _roles(administrator, moderator), granted=False)
    _print_user(user, "现有角色 · roles now", as_json=as_json)


def _roles(administrator: bool, moderator: bool) -> list[str]:
    named = [("is_administrator", administrator), ("is_moderator", moderator)]
    roles = [column for column, is_named in named if is_named]
    if not roles:
        raise UsageRefused(
            "请给出 --administrator 或 --moderator · name --administrator or --moderator"
        )
    return roles


def _with_roles(email: str, columns: list[str], *, granted: bool) -> User:
    async def work(database: Database, _settings: Settings) -> User:
        async with database.writing() as session:
            user = await user_with(session, email)
            for column in columns:
                setattr(user, column, granted)
        return user

    return in_database(work)


def _password(email: str, *, asks: bool, from_stdin: bool) -> str | None:
    """The password that was given, if any. Raises UsageRefused for a weak one."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif asks:
        password = click.prompt("密码 · Password", hide_input=True, confirmation_prompt=True)
    else:
        return None
    password = checked(password, NewPassword, "密码 · password")
    for error in password_errors(password, email=email, pointer=""):
        raise UsageRefused(f"{error.zh} · {error.en}")
    return password


def _shown(link: NewLink, settings: Settings) -> OneTimeLinkView:
    return link_view(link, settings.public_url)


def _print_link(link: OneTimeLinkView) -> None:
    until = link.expires_at.astimezone().strftime("%Y-%m-%d %H:%M")
    click.echo(f"设置密码的链接，{until} 前有效，只能用一次：")
    click.echo(f"A link to choose a password, good once until {until}:")
    click.echo(link.url)


def _print_user(user: User, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"user": user_view(user)})
        return
    click.echo(f"{done}: {user.email}{_roles_in_brackets(user)}")


def _role_names(user: User) -> list[str]:
    named = [("administrator", user.is_administrator), ("moderator", user.is_moderator)]
    return [role for role, is_one in named if is_one]


def _roles_in_brackets(user: User) -> str:
    names = ", ".join(_role_names(user))
    return f" ({names})" if names else ""


def _print_table(found: list[tuple[User, str | None]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("邮箱 Email", "姓名 Name", "单位 Organisation", "角色 Roles", "状态 State"):
        table.add_column(header, overflow="fold")
    for user, organisation in found:
        roles = (["manager"] if user.is_manager else []) + _role_names(user)
        state = "正常 active" if user.disabled_at is None else "停用 disabled"
        table.add_row(
            user.email, Text(user.name), Text(organisation or ""), ", ".join(roles), state
        )
    Console().print(table)
