from sqlalchemy import delete, select, update

from market.accounts.models import ApiKey, LoginSession, User
from market.app import create_app
from market.db import Database, utc_now
from market.indexing.engines import Indexes
from market.settings import Settings
from tests.hard.asgi import WireRequest, ask
from tests.hard.wares import stock
from tests.hard.world import Actor, heal, people


async def test_healing_gives_back_sessions_rights_and_keys(database: Database) -> None:
    world = await people(database)
    before = await _doors(database)
    async with database.writing() as session:
        await session.execute(delete(LoginSession))
        await session.execute(update(User).values(disabled_at=utc_now(), is_administrator=False))
        await session.execute(update(ApiKey).values(revoked_at=utc_now()))

    await heal(world)

    assert await _doors(database) == before


async def test_owners_read_their_own_secrets(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    """Else nothing would be planted where it could leak."""
    world = await people(database)
    await stock(world, settings, indexes)
    app = create_app(settings, database, indexes)
    readers = {actor.name: actor for actor in world.actors}

    for name in ("quiet institute", "quiet enterprise", "administrator"):
        for collection in ("results", "needs"):
            for listing_id in world.ids[collection]:
                path = f"/api/v1/{collection}/{listing_id}"
                told = await _read(app, readers[name], path)
                world.secrets.told(name, told)

    assert world.secrets.never_seen(_planted("institute", "price floor"), "quiet institute") == []
    assert world.secrets.never_seen(_planted("enterprise"), "quiet enterprise") == []
    assert world.secrets.never_seen(["note of institute", "note of broker"], "administrator") == []


def _planted(kind: str, *more: str) -> list[str]:
    what = ("note", "contact", "extra column", "reference", "hidden title", "hidden price", *more)
    return [f"{each} of quiet {kind}" for each in what]


async def _read(app: object, actor: Actor, path: str) -> bytes:
    headers = tuple(
        (name.lower().encode(), value.encode()) for name, value in actor.headers.items()
    )
    answer = await ask(app, WireRequest(method="GET", path=path.encode(), headers=headers))  # type: ignore[arg-type]
    return answer.body


async def _doors(database: Database) -> list[object]:
    async with database.reading() as session:
        users = await session.execute(
            select(User.email, User.disabled_at, User.is_administrator).order_by(User.id)
        )
        sessions = await session.scalars(
            select(LoginSession.token_hash).order_by(LoginSession.token_hash)
        )
        keys = await session.execute(select(ApiKey.name, ApiKey.revoked_at).order_by(ApiKey.id))
        return [[tuple(row) for row in users], list(sessions), [tuple(row) for row in keys]]
