"""What is forgotten of accounts, and what is not."""

from datetime import UTC, datetime, timedelta

from market.accounts.models import AttemptCount, LoginSession, OneTimeLink
from market.accounts.service import prune_accounts
from market.accounts.tokens import token_hash
from market.db import Database
from tests.market.accounts.factories import make_account, rows

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
SECOND = timedelta(seconds=1)


def link(name: str, **times: datetime) -> OneTimeLink:
    """An invitation that has long expired unless `times` say otherwise."""
    return OneTimeLink(
        purpose="invitation",
        token_hash=token_hash(name),
        email=name,
        created_at=NOON - 2 * MONTH,
        **{"expires_at": NOON + MONTH} | times,
    )


async def test_what_is_over_for_good_is_forgotten(database: Database) -> None:
    account = await make_account(database)
    async with database.writing() as session:
        for name, expires_at in (("old", NOON), ("young", NOON + SECOND)):
            session.add(
                LoginSession(
                    user_id=account.user.id,
                    token_hash=token_hash(name),
                    user_agent=name,
                    created_at=NOON - MONTH,
                    last_used_at=NOON - MONTH,
                    expires_at=expires_at,
                )
            )
        session.add_all(
            [
                link("open"),
                link("just expired", expires_at=NOON - MONTH),
                link("long expired", expires_at=NOON - MONTH - SECOND),
                link("just used", used_at=NOON - MONTH),
                link("long used", used_at=NOON - MONTH - SECOND),
                link("just revoked", revoked_at=NOON - MONTH),
                link("long revoked", revoked_at=NOON - MONTH - SECOND),
                AttemptCount(key="old", window_at=NOON - timedelta(hours=3), attempts=1),
                AttemptCount(key="young", window_at=NOON - timedelta(hours=1), attempts=1),
            ]
        )

    for _ in range(2):
        async with database.writing() as session:
            await prune_accounts(session, NOON)

    # The one without a name is the session that the account came with.
    assert {each.user_agent for each in await rows(database, LoginSession)} == {"", "young"}
    left = sorted(each.email for each in await rows(database, OneTimeLink))
    assert left == ["just expired", "just revoked", "just used", "open"]
    assert [each.key for each in await rows(database, AttemptCount)] == ["young"]
