"""Imports, changes by the owner and undoing in any order, against a model in memory."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from market.listings.models import ResultListing
from tests.market.accounts.factories import make_account
from tests.market.exchange.importing import HEADERS, Importing

REFERENCES = ["R1", "R2", "R3"]
PRICES = ["10", "20", "30"]
TEXT = "湿摩擦系数提高三成，不增加设备，已经完成中试，可以量产。"


class Import(msgspec.Struct):
    """A table of prices by reference."""

    rows: dict[str, str]
    publishes: bool


class Change(msgspec.Struct):
    """The owner notes something on a listing: its version grows, its content stays."""

    reference: str


class Undo(msgspec.Struct):
    """Undo the import with this number, where it can be."""

    number: int


STEPS = st.lists(
    st.one_of(
        st.builds(
            Import,
            rows=st.dictionaries(st.sampled_from(REFERENCES), st.sampled_from(PRICES), min_size=1),
            publishes=st.booleans(),
        ),
        st.builds(Change, reference=st.sampled_from(REFERENCES)),
        st.builds(Undo, number=st.integers(0, 4)),
    ),
    min_size=1,
    max_size=7,
)


class Kept(msgspec.Struct, frozen=True):
    """A listing as the model has it; `was_public` stays after it was published once."""

    price: str
    status: str
    version: int
    was_public: bool


class Done(msgspec.Struct):
    """What an import did to each reference: what was before, and the version that it left."""

    before: dict[str, Kept | None]
    after: dict[str, int]
    is_undone: bool = False


class Model:
    """What the listings of one organisation should be."""

    def __init__(self) -> None:
        self.listings: dict[str, Kept] = {}
        self.imports: list[Done] = []

    def apply(self, step: Import) -> None:
        done = Done({}, {})
        for reference, price in step.rows.items():
            old = self.listings.get(reference)
            new = _after(old, price, publishes=step.publishes)
            if new != old:
                self.listings[reference] = new
                done.before[reference], done.after[reference] = old, new.version
        self.imports.append(done)

    def change(self, reference: str) -> None:
        if reference in self.listings:
            old = self.listings[reference]
            self.listings[reference] = msgspec.structs.replace(old, version=old.version + 1)

    def undo(self, number: int) -> bool:
        """Whether there is such an import that can be undone."""
        if number >= len(self.imports) or self.imports[number].is_undone:
            return False
        done = self.imports[number]
        done.is_undone = True
        for reference, version in done.after.items():
            present = self.listings.get(reference)
            if present is not None and present.version == version:
                self._undo_row(reference, present, done.before[reference])
        return True

    def _undo_row(self, reference: str, present: Kept, before: Kept | None) -> None:
        if before is None and not present.was_public:
            del self.listings[reference]
            return
        price, status = (
            (present.price, "withdrawn") if before is None else (before.price, before.status)
        )
        self.listings[reference] = Kept(price, status, present.version + 1, present.was_public)


def _after(old: Kept | None, price: str, *, publishes: bool) -> Kept:
    if old is None:
        return Kept(price, "published" if publishes else "draft", 1, publishes)
    goes_out = publishes and old.status == "draft"
    if price == old.price and not goes_out:
        return old
    status = "published" if goes_out else old.status
    return Kept(price, status, old.version + 1, old.was_public or goes_out)


async def stored(importing: Importing) -> dict[str, Kept]:
    own = ResultListing.organisation_id == importing.account.user.organisation_id
    async with importing.database.reading() as session:
        found = (await session.scalars(select(ResultListing).where(own))).all()
    return {
        str(listing.reference): Kept(
            str((listing.price_min_cny or 0) // 10_000),
            listing.status,
            listing.version,
            listing.published_at is not None,
        )
        for listing in found
    }


async def run(importing: Importing, model: Model, ids: list[str], step: Any) -> None:
    if isinstance(step, Import):
        table = [[key, f"成果{key}", TEXT, "新材料", price, ""] for key, price in step.rows.items()]
        applied = await importing.applied([HEADERS, *table], publishes=step.publishes)
        ids.append(applied["id"])
        model.apply(step)
    elif isinstance(step, Change):
        await importing.note(step.reference)
        model.change(step.reference)
    elif model.undo(step.number):
        await importing.step(ids[step.number], "undo")


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
async def test_any_order_of_imports_changes_and_undoing_ends_as_the_model_says(
    importing: Importing, steps: list[Any]
) -> None:
    account = await make_account(importing.database)
    someone = msgspec.structs.replace(importing, account=account)
    model, ids = Model(), list[str]()

    for step in steps:
        await run(someone, model, ids, step)

    assert await stored(someone) == model.listings
