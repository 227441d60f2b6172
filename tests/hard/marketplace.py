"""The real application on a populated database, in a loop of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from market.app import create_app
from market.db import Database
from market.indexing.engines import indexes_in_memory
from market.settings import Settings
from tests.hard.asgi import AsgiApp
from tests.hard.own_loop import OwnLoop, own_loop
from tests.hard.wares import stock
from tests.hard.world import World, heal, people
from tests.market.accounts.factories import make_account


class Marketplace:
    """For callers without a loop; `heal` gives everybody back what they lost."""

    def __init__(self, loop: OwnLoop, settings: Settings) -> None:
        self.loop = loop
        self._settings = settings
        self._database: Database
        self.world: World
        self.app: AsgiApp
        loop.run(self._open())

    async def _open(self) -> None:
        self._database = Database(self._settings.url_of_database)
        indexes = indexes_in_memory()
        self.app = self.loop.serving(create_app(self._settings, self._database, indexes))
        self.world = await people(self._database)
        await stock(self.world, self._settings, indexes)
        # May do everything, and owns what the paths name: few answers are 403 or 404.
        self.world.accounts["owner"] = await make_account(
            self._database,
            organisation=self.world.accounts["institute"].organisation,
            is_administrator=True,
            is_moderator=True,
        )

    def headers_of(self, who: str) -> Mapping[str, str]:
        return {} if who == "anonymous" else self.world.accounts[who].headers

    def heal(self) -> None:
        self.loop.run(heal(self.world))

    def close(self) -> None:
        self.loop.run(self._database.close())


@contextmanager
def running_marketplace(settings: Settings) -> Iterator[Marketplace]:
    with own_loop() as loop:
        marketplace = Marketplace(loop, settings)
        try:
            yield marketplace
        finally:
            marketplace.close()
