"""Every answer is one that the OpenAPI document tells of."""

import pytest

from market.settings import Settings
from tests.hard.contract import check_contract
from tests.hard.marketplace import running_marketplace
from tests.hard.request_log import without_request_log

_EXAMPLES = 12


@pytest.mark.parametrize("who", ["owner", "organizer", "anonymous"])
def test_every_answer_is_in_the_document(settings: Settings, who: str) -> None:
    with running_marketplace(settings) as market, without_request_log():
        figures, breaches = check_contract(
            market.app,
            market.headers_of(who),
            market.world.ids,
            examples=_EXAMPLES,
            before_each=market.heal,
        )

    print(f"\n{who}, {figures.line}")
    assert "\n".join(str(breach) for breach in breaches) == ""
    assert figures.cases >= figures.operations
