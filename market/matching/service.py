"""Feedback on matches: each organisation's own, and nobody else's to see."""

import uuid
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.db import new_id
from market.errors import FieldError, Invalid
from market.matching.models import MatchFeedback
from market.matching.queries import own_match
from schemas.match_views import FeedbackForm


async def give_feedback(
    session: AsyncSession,
    viewer: Viewer,
    match_id: uuid.UUID | None,
    form: FeedbackForm,
    now: datetime,
) -> MatchFeedback:
    """Save or decline a match for the viewer's organisation; what it said before is replaced.

    Raises Invalid, and NotFound for a match that is not theirs.
    """
    _check(form)
    # The match is held: a rematch at this moment would take it away with its feedback.
    match = await own_match(session, viewer, match_id, for_change=True)
    said = {
        "user_id": viewer.user_id,
        "verdict": form.verdict,
        "reason": form.reason,
        "text": form.text.strip(),
        "given_at": now,
    }
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(
        insert(MatchFeedback)
        .values(id=new_id(), match_id=match.id, organisation_id=viewer.organisation_id, **said)
        .on_conflict_do_update(index_elements=["match_id", "organisation_id"], set_=said)
    )
    return (
        await session.execute(
            select(MatchFeedback)
            .where(
                MatchFeedback.match_id == match.id,
                MatchFeedback.organisation_id == viewer.organisation_id,
            )
            .execution_options(populate_existing=True)
        )
    ).scalar_one()


def _check(form: FeedbackForm) -> None:
    errors = []
    if form.verdict == "declined" and form.reason is None:
        errors.append(FieldError("#/reason", "请选择婉拒的原因", "Say why it is declined."))
    if form.verdict == "saved" and form.reason is not None:
        errors.append(
            FieldError("#/reason", "收藏时不需要原因", "A match is saved without a reason.")
        )
    if form.reason == "other" and not form.text.strip():
        errors.append(FieldError("#/text", "请说明其他原因", "Say what the other reason is."))
    if errors:
        raise Invalid(*errors)


async def take_back_feedback(
    session: AsyncSession, viewer: Viewer, match_id: uuid.UUID | None
) -> None:
    """Make the match as if the viewer's organisation had said nothing.

    Doing it twice is no error. Raises NotFound for a match that is not theirs.
    """
    match = await own_match(session, viewer, match_id, for_change=True)
    await session.execute(
        delete(MatchFeedback).where(
            MatchFeedback.match_id == match.id,
            MatchFeedback.organisation_id == viewer.organisation_id,
        )
    )
