"""The figures of one application."""

import httpx
import pytest
from litestar import Litestar, get
from prometheus_client.parser import text_string_to_metric_families

from market.accounts.guard import anyone
from market.app import create_app
from market.db import Database
from market.http.metrics import Metrics
from market.indexing.engines import Indexes
from market.settings import Settings


def figures_of(text: str, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    """The samples of one name by their labels."""
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


@get("/try/{name:str}", opt=anyone())
async def tried() -> dict[str, str]:
    return {}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(
        data_folder=settings.data_folder, database_url=settings.database_url, metrics_open=True
    )


@pytest.fixture
def app(settings: Settings, database: Database, indexes: Indexes) -> Litestar:
    return create_app(settings, database, indexes, extra_routes=[tried])


def _labels(method: str, route: str, **others: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"method": method, "route": route, **others}.items()))


async def test_requests_are_counted_by_route_and_not_by_address(client: httpx.AsyncClient) -> None:
    for path in ("/try/a", "/try/b", "/none/1", "/none/2"):
        await client.get(path)

    answer = await client.get("/metrics")

    assert figures_of(answer.text, "duijie_requests_total") == {
        _labels("GET", "/try/{name}", status="200"): 2.0,
        _labels("GET", "(no route)", status="404"): 2.0,
    }


async def test_how_long_requests_took_is_a_histogram(client: httpx.AsyncClient) -> None:
    await client.get("/try/a")

    answer = await client.get("/metrics")

    place = _labels("GET", "/try/{name}")
    assert figures_of(answer.text, "duijie_request_seconds_count") == {place: 1.0}
    buckets = figures_of(answer.text, "duijie_request_seconds_bucket")
    assert buckets[_labels("GET", "/try/{name}", le="+Inf")] == 1.0


async def test_request_for_the_figures_is_itself_in_flight(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")

    assert figures_of(answer.text, "duijie_requests_in_flight") == {(): 1.0}


async def test_unknown_methods_make_no_new_figures(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.request(f"BREW{number}", "/try/a")

    answer = await client.get("/metrics")

    methods = {
        dict(labels)["method"] for labels in figures_of(answer.text, "duijie_requests_total")
    }
    assert methods == {"OTHER"}


async def test_two_applications_do_not_mix(
    client: httpx.AsyncClient, settings: Settings, database: Database, indexes: Indexes
) -> None:
    other = create_app(settings, database, indexes, extra_routes=[tried])
    transport = httpx.ASGITransport(app=other)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as visitor:
        await visitor.get("/try/a")

    answer = await client.get("/metrics")

    assert figures_of(answer.text, "duijie_requests_total") == {}


def test_jobs_are_shown_as_they_are_at_each_look() -> None:
    metrics = Metrics()
    metrics.text({"queued": 4, "dead": 1}, 12.5)

    text = metrics.text({"queued": 0, "dead": 2}, 0.0).decode()

    assert figures_of(text, "duijie_jobs") == {
        (("state", "queued"),): 0.0,
        (("state", "dead"),): 2.0,
    }
    assert figures_of(text, "duijie_oldest_due_job_seconds") == {(): 0.0}
