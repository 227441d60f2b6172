"""What the commands about people and keys share: the database, people by address, output."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import User
from market.accounts.names import email_key
from market.commands.databases import opened_database
from market.db import Database
from market.errors import UsageRefused
from market.settings import Settings, settings_from

T = TypeVar("T")

as_json_option = click.option("--json", "as_json", is_flag=True, help="输出 JSON · print JSON")


def in_database(work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    """Do `work` with the database of the DUIJIE_* settings.

    Raises UsageRefused when the database isn't ready, and what `work` raises.
    """
    settings = settings_from(os.environ)

    async def run() -> T:
        async with opened_database(settings) as database:
            return await work(database, settings)

    return asyncio.run(run())


async def user_with(session: AsyncSession, email: str, *, lock: bool = True) -> User:
    """The person with this address. Raises UsageRefused when there is none.

    With `lock` nobody else changes them until the unit of work ends.
    """
    wanted = select(User).where(User.email == email_key(email))
    if lock:
        wanted = wanted.with_for_update(key_share=True)
    user = (await session.scalars(wanted)).first()
    if user is None:
        raise UsageRefused(f"{email}：没有这个账号 · there is no such account")
    return user


def checked(value: str, kind: Any, name: str) -> str:
    """A value as the wire would take it. Raises UsageRefused."""
    try:
        text: str = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise UsageRefused(f"{name}：无法使用 · can't be used ({error})") from None
    return text


def print_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
