"""A populated marketplace with people of every role, and secrets that each of them keeps."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, insert, update

from market.accounts.guard import SCOPES
from market.accounts.models import ApiKey, LoginSession, Organisation, User
from market.accounts.tokens import API_KEY_PREFIX, begins_with, new_token, token_hash
from market.db import Database, utc_now
from market.fairs.models import Fair
from tests.hard.planted import Secrets
from tests.market.accounts.factories import Account, make_account

PASSWORD = "湿摩擦 keeps 6 secrets"
MODERATORS = ("moderator", "administrator")
# Who belongs to a verified organisation: they see what owners show to such.
VERIFIED = (
    "institute",
    "colleague",
    "full key",
    "narrow key",
    "neighbour",
    "enterprise",
    "investor",
    "outpost",
    "organizer",
    "broker",
    "quiet institute",
    "quiet enterprise",
)


def household(actor: str) -> str:
    """The account whose organisation the actor works for."""
    return "institute" if actor in {"colleague", "full key", "narrow key"} else actor


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. Those that only read keep what they own as it was, so that it stays secret."""

    name: str
    headers: Mapping[str, str]
    only_reads: bool = False


class World(msgspec.Struct, kw_only=True):
    """`ids` are those that paths may name, by the collection that stands before them.

    What belongs to something else stands there a second time, by its collection and whose it is
    ("meetings@<id of the fair>"). `known` are good values for fields by their names, `statuses`
    those that fairs are healed to.
    """

    database: Database
    secrets: Secrets
    accounts: dict[str, Account]
    keys: dict[str, tuple[str, tuple[str, ...]]] = {}
    actors: list[Actor] = []
    ids: dict[str, list[str]] = {}
    owned: dict[str, dict[str, list[str]]] = {}
    key_ids: dict[str, Any] = {}
    known: dict[str, list[Any]] = {}
    statuses: dict[uuid.UUID, str] = {}

    def add_id(self, collection: str, found: Any, *, owner: str = "", parent: Any = None) -> None:
        own = self.owned.setdefault(household(owner), {})
        for name in (collection, f"{collection}@{parent}") if parent else (collection,):
            if str(found) not in self.ids.setdefault(name, []):
                self.ids[name].append(str(found))
            own.setdefault(name, []).append(str(found))

    def owner_of(self, collection: str, found: Any) -> str:
        """Whose the thing with this id is; "" for nobody's."""
        owners = (name for name, own in self.owned.items() if str(found) in own.get(collection, ()))
        return next(owners, "")

    def own_ids(self, actor: str) -> dict[str, list[str]]:
        """Ids of what belongs to the actor, or to its organisation."""
        return self.owned.get(household(actor), {})


async def people(database: Database) -> World:
    """Organisations and people of every kind, signed in, with keys, and strangers."""
    secrets = Secrets()
    world = World(database=database, secrets=secrets, accounts={})
    await _organisations(world)
    await _staff(world)
    await _keys(world)
    world.actors = _actors(world)
    for name, account in world.accounts.items():
        world.add_id("users", account.user.id, owner=name)
        if account.organisation is not None:
            world.add_id("organisations", account.organisation.id, owner=name)
        secrets.token(_token(account))
        world.add_id("sessions", _session_id(_token(account)), owner=name)
    for _, token in _tokens(world):
        secrets.token(token)
    await heal(world)
    return world


async def heal(world: World) -> None:
    """Give back what the actors lost meanwhile: sessions, rights, keys, verification.

    Administrators among them disable people and end sessions; without this, the run would soon
    knock at nothing but closed doors.
    """
    now = utc_now()
    world.secrets.distrust()
    async with world.database.writing() as session:
        for account in world.accounts.values():
            user, organisation = account.user, account.organisation
            await session.execute(update(User).where(User.id == user.id).values(_user_values(user)))
            if organisation is not None:
                await session.execute(
                    update(Organisation)
                    .where(Organisation.id == organisation.id)
                    .values(verified_at=organisation.verified_at)
                )
            token = _token(account)
            await session.execute(
                delete(LoginSession).where(LoginSession.token_hash == token_hash(token))
            )
            await session.execute(insert(LoginSession).values(_login(user, token)))
        for fair_id, status in world.statuses.items():
            await session.execute(update(Fair).where(Fair.id == fair_id).values(status=status))
        for name, key_id in world.key_ids.items():
            await session.execute(
                update(ApiKey)
                .where(ApiKey.id == key_id)
                .values(revoked_at=None, expires_at=now + timedelta(days=9), name=name)
            )


def _user_values(user: User) -> dict[str, Any]:
    names = ("name", "is_manager", "is_administrator", "is_moderator", "password_hash")
    return {"disabled_at": None} | {name: getattr(user, name) for name in names}


def _token(account: Account) -> str:
    return account.headers["Authorization"].removeprefix("Bearer ")


def _session_id(token: str) -> uuid.UUID:
    """The same for a token whenever its session is given back."""
    return uuid.uuid5(uuid.NAMESPACE_OID, token)


def _login(user: User, token: str) -> dict[str, Any]:
    now = utc_now()
    return {
        "id": _session_id(token),
        "user_id": user.id,
        "token_hash": token_hash(token),
        "user_agent": "fuzz",
        "created_at": now,
        "last_used_at": now,
        "expires_at": now + timedelta(days=1),
    }


async def _organisations(world: World) -> None:
    hashed = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    world.secrets.literal("a password hash", hashed)
    kinds = {
        "institute": "institute",
        "neighbour": "institute",
        "quiet institute": "institute",
        "enterprise": "enterprise",
        "quiet enterprise": "enterprise",
        "newcomer": "enterprise",
        "investor": "investor",
        "outpost": "outpost",
        "organizer": "organizer",
        "broker": "broker",
    }
    for name, kind in kinds.items():
        changes: dict[str, Any] = {}
        if name.startswith("quiet"):
            mark = world.secrets.text(f"address of {name}", (name, "administrator"))
            changes["email"] = f"{mark}@example.cn"
        if name == "quiet enterprise":
            changes["name"] = world.secrets.text(f"name of {name}", (*VERIFIED, *MODERATORS))
        world.accounts[name] = await make_account(
            world.database,
            kind,
            is_verified=name != "newcomer",
            password_hash=hashed,
            **changes,
        )


async def _staff(world: World) -> None:
    hashed = world.accounts["institute"].user.password_hash
    world.accounts["colleague"] = await make_account(
        world.database,
        organisation=world.accounts["institute"].organisation,
        is_manager=False,
        password_hash=hashed,
    )
    for name in MODERATORS:
        rights: dict[str, Any] = {f"is_{name}": True, "is_manager": False}
        world.accounts[name] = await make_account(
            world.database, None, password_hash=hashed, **rights
        )


async def _keys(world: World) -> None:
    world.keys = {
        "full key": (new_token(API_KEY_PREFIX), tuple(sorted(SCOPES))),
        "narrow key": (new_token(API_KEY_PREFIX), ("matches:read",)),
    }
    now = utc_now()
    async with world.database.writing() as session:
        for name, (token, scopes) in world.keys.items():
            key = ApiKey(
                user_id=world.accounts["institute"].user.id,
                name=name,
                begins_with=begins_with(token),
                token_hash=token_hash(token),
                scopes=list(scopes),
                created_at=now,
                expires_at=now + timedelta(days=9),
            )
            session.add(key)
            await session.flush()
            world.key_ids[name] = key.id
            world.add_id("keys", key.id, owner=name)


def _tokens(world: World) -> list[tuple[str, str]]:
    return [(name, token) for name, (token, _) in world.keys.items()]


def _actors(world: World) -> list[Actor]:
    signed_in = [
        Actor(name=name, headers=account.headers, only_reads=name.startswith("quiet"))
        for name, account in world.accounts.items()
    ]
    with_keys = [
        Actor(name=name, headers={"Authorization": f"Bearer {token}"})
        for name, token in _tokens(world)
    ]
    strangers = [
        Actor(name="anonymous", headers={}),
        Actor(name="forger", headers={"Authorization": f"Bearer {new_token(API_KEY_PREFIX)}"}),
    ]
    # Most routes are for those who post, hold or administer: they ask more often than the others.
    names = {"institute", "enterprise", "organizer", "administrator"}
    busy = [each for each in signed_in if each.name in names]
    # Half of all routes are for those who hold fairs.
    organizers = [each for each in signed_in if each.name == "organizer"] * 7
    return [*signed_in, *busy, *busy, *organizers, *with_keys, *strangers]
