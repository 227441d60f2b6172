"""The listings, matches and imports of a world, each with what its owner keeps to itself."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from market.accounts.models import LoginSession, OneTimeLink
from market.accounts.tokens import LINK_PREFIX, new_token, token_hash
from market.db import new_id, utc_now
from market.exchange.models import Import, ImportFile
from market.http.idempotency import StoredAnswer
from market.indexing.engines import Indexes
from market.jobs import CHECK_IMPORT, INDEX, enqueue
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.vocabulary_api import _VOCABULARIES
from market.matching.models import MatchFeedback, MatchRow, SynonymRow
from market.settings import Settings
from market.work import all_kinds
from market.worker import Worker
from tests.hard.deal_wares import make_deals
from tests.hard.fairs import hold_fairs
from tests.hard.subscribed import subscribe
from tests.hard.world import MODERATORS, VERIFIED, World

STATUSES = ("draft", "published", "paused", "closed", "withdrawn", "expired")
_POSTERS = ("institute", "neighbour", "quiet institute", "outpost", "broker")
_ASKERS = ("enterprise", "quiet enterprise", "newcomer", "outpost", "broker")
_INSTITUTE_PEOPLE = ("colleague", "full key")


async def stock(world: World, settings: Settings, indexes: Indexes) -> None:
    """Fill the marketplace, index it and match it."""
    await _listings(world)
    await _imports(world)
    await work(world, settings, indexes)
    await _matches(world)
    await hold_fairs(world)
    await _links(world)
    await _others(world)
    await make_deals(world)
    await subscribe(world)
    world.ids["feeds"] = ["results", "needs"]
    world.ids["vocabularies"] = [*_VOCABULARIES]


async def work(world: World, settings: Settings, indexes: Indexes) -> None:
    """Do all jobs that are due."""
    worker = Worker(world.database, all_kinds(settings, world.database, indexes))
    await worker.run_until_idle()


def owners(name: str) -> tuple[str, ...]:
    """The actors who may read all that this one owns."""
    return (name, *_INSTITUTE_PEOPLE) if name == "institute" else (name,)


async def _listings(world: World) -> None:
    wares: list[tuple[str, Listing]] = []
    for place, status in enumerate(STATUSES):
        wares += [(owner, _result(world, owner, status, place)) for owner in _POSTERS]
        wares += [(owner, _need(world, owner, status, place)) for owner in _ASKERS]
    quiet = ("quiet institute", "quiet enterprise")
    wares.append((quiet[0], _result(world, quiet[0], "published", 90, is_open=True)))
    wares.append((quiet[1], _need(world, quiet[1], "published", 90, is_open=True)))
    async with world.database.writing() as session:
        session.add_all([ware for _, ware in wares])
        await session.flush()
        for owner, ware in wares:
            world.add_id(f"{ware.kind}s", ware.id, owner=owner)
            await enqueue(session, INDEX, {"kind": ware.kind, "ids": [str(ware.id)]})


def _common(world: World, owner: str, status: str, *, is_open: bool) -> dict[str, Any]:
    secrets, now = world.secrets, utc_now()
    account = world.accounts[owner]
    assert account.organisation is not None
    private = (*owners(owner), *MODERATORS)
    is_hidden = owner.startswith("quiet") and status != "published"
    title = f" {secrets.text(f'hidden title of {owner}', private)}" if is_hidden else ""
    return {
        "id": new_id(),
        "organisation_id": account.organisation.id,
        "created_by_id": account.user.id,
        "reference": secrets.text(f"reference of {owner}", private),
        "title": f"高湿摩擦系数橡胶鞋底{title}",
        "text": "用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55，现有鞋底在湿地面上打滑。",
        "keywords": ["鞋底", "湿摩擦系数"],
        "fields": ["materials"],
        "industries": ["C1954"],
        "modes": ["licence"],
        "division": "350582",
        "shows_organisation": is_open,
        "shows_terms": is_open,
        "private_note": secrets.text(f"note of {owner}", private),
        "contacts": {"电话": secrets.text(f"contact of {owner}", owners(owner))},
        "extra": {"备注": secrets.text(f"extra column of {owner}", private)},
        "status": status,
        "published_at": None if status == "draft" else now,
        "expires_on": (now + timedelta(days=100)).date(),
        "created_at": now,
        "changed_at": now,
    }


def _terms(world: World, owner: str, *, is_open: bool) -> tuple[int, str]:
    """A price and an indicator of a listing; those of the quiet stay as their owners set them."""
    known_to = (*owners(owner), *MODERATORS, *(VERIFIED if is_open else ()))
    if not owner.startswith("quiet"):
        return 500_000, "0.55"
    kind = "shown" if is_open else "hidden"
    return (
        world.secrets.number(f"{kind} price of {owner}", known_to),
        world.secrets.text(f"{kind} indicator of {owner}", known_to),
    )


def _result(
    world: World, owner: str, status: str, place: int, *, is_open: bool = False
) -> ResultListing:
    price_cny, _ = _terms(world, owner, is_open=is_open)
    private = (*owners(owner), *MODERATORS)
    return ResultListing(
        **_common(world, owner, status, is_open=is_open),
        trl=place % 9 + 1,
        rights="granted",
        patents=["ZL202110123456.7"],
        price_min_cny=price_cny,
        price_max_cny=price_cny,
        price_floor_cny=world.secrets.number(f"price floor of {owner}", private),
    )


def _need(
    world: World, owner: str, status: str, place: int, *, is_open: bool = False
) -> NeedListing:
    price_cny, text = _terms(world, owner, is_open=is_open)
    return NeedListing(
        **_common(world, owner, status, is_open=is_open),
        indicators=[{"name": "湿摩擦系数", "text": f"湿摩擦系数 {text}"}],
        trl_min=place % 9 + 1,
        budget_min_cny=price_cny,
        budget_max_cny=price_cny,
    )


async def _matches(world: World) -> None:
    """Both quiet sides say what they think of their matches; neither hears the other."""
    async with world.database.writing() as session:
        rows = (
            await session.execute(select(MatchRow.id, MatchRow.result_id, MatchRow.need_id))
        ).all()
        for row in rows:
            for collection, listing_id in (("results", row.result_id), ("needs", row.need_id)):
                world.add_id("matches", row.id, owner=world.owner_of(collection, listing_id))
        for owner in ("quiet institute", "quiet enterprise"):
            account = world.accounts[owner]
            assert account.organisation is not None
            for row in rows[:40]:
                session.add(
                    MatchFeedback(
                        match_id=row.id,
                        organisation_id=account.organisation.id,
                        user_id=account.user.id,
                        verdict="saved",
                        text=world.secrets.text(f"feedback of {owner}", (owner,)),
                        given_at=utc_now(),
                    )
                )


async def _imports(world: World) -> None:
    """Files that wait for the worker's check, as if they had just been sent."""
    for owner in ("institute", "quiet institute", "quiet enterprise", "enterprise"):
        account = world.accounts[owner]
        assert account.organisation is not None
        mark = world.secrets.text(f"import of {owner}", owners(owner))
        imported = Import(
            id=new_id(),
            organisation_id=account.organisation.id,
            user_id=account.user.id,
            kind="need" if "enterprise" in owner else "result",
            file_name=f"{mark}.csv",
            state="checking",
            created_at=utc_now(),
        )
        async with world.database.writing() as session:
            session.add(imported)
            await session.flush()
            content = f"编号,名称\n{mark},{mark}\n,\n".encode()
            session.add(ImportFile(import_id=imported.id, content=content))
            await enqueue(session, CHECK_IMPORT, {"import_id": str(imported.id)})
        world.add_id("imports", imported.id, owner=owner)


async def _links(world: World) -> None:
    now = utc_now()
    async with world.database.writing() as session:
        for owner in ("institute", "quiet institute"):
            account = world.accounts[owner]
            assert account.organisation is not None
            mark = world.secrets.text(f"invitation by {owner}", (*owners(owner), "administrator"))
            token = new_token(LINK_PREFIX)
            world.secrets.token(token)
            link = OneTimeLink(
                id=new_id(),
                purpose="invitation",
                token_hash=token_hash(token),
                organisation_id=account.organisation.id,
                email=f"{mark}@example.cn",
                created_by_id=account.user.id,
                created_at=now,
                expires_at=now + timedelta(days=7),
            )
            session.add(link)
            world.add_id("invitations", link.id, owner=owner)


async def _others(world: World) -> None:
    """A session's device, an administrator's remark and a stored answer."""
    now = utc_now()
    quiet = world.accounts["quiet institute"].user
    device = world.secrets.text("device of quiet institute", ("quiet institute",))
    remark = world.secrets.text("remark on a synonym", ("administrator",))
    answer = world.secrets.text("stored answer of quiet institute", ("quiet institute",))
    token = new_token("djs_")
    world.secrets.token(token)
    login = LoginSession(
        id=new_id(),
        user_id=quiet.id,
        token_hash=token_hash(token),
        user_agent=device,
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(days=1),
    )
    admin_id = world.accounts["administrator"].user.id
    synonym = SynonymRow(
        id=new_id(), line="=\t鞋底|大底", note=remark, created_by_id=admin_id, created_at=now
    )
    async with world.database.writing() as session:
        session.add_all([login, synonym])
        session.add(
            StoredAnswer(
                actor_id=quiet.id,
                key="same",
                fingerprint=b"\0" * 32,
                status=201,
                headers={},
                body=answer.encode(),
                created_at=now,
            )
        )
    world.add_id("sessions", login.id, owner="quiet institute")
    world.add_id("synonyms", synonym.id, owner="administrator")
