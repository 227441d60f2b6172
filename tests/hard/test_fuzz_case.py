"""The fuzzer finds what it is there to find: a run without findings means something."""

import pytest
from litestar import Litestar, MediaType, Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from market.db import Database
from market.errors import NotFound
from market.http.problems import problem_of
from tests.hard.fuzz_case import Fuzz
from tests.hard.world import World, people

_DOCUMENT = {
    "paths": {
        "/things": {
            "post": {
                "operationId": "makeThing",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"size": {"type": "integer"}},
                                "required": ["size"],
                            }
                        }
                    }
                },
            }
        }
    }
}


async def _faults(
    database: Database, *handlers: HTTPRouteHandler, cases: int = 60, told: World | None = None
) -> set[str]:
    world = told or await people(database)
    app = Litestar([*handlers], openapi_config=None, exception_handlers={Exception: problem_of})
    run = Fuzz(app, world, _DOCUMENT, seed=1)
    for number in range(cases):
        await run.run_case(number)
    return {finding.fault for finding in run.findings}


async def test_harmless_application_has_no_findings(database: Database) -> None:
    @get("/things/{thing:str}")
    async def read() -> None:
        raise NotFound

    faults = await _faults(database, read)

    assert faults == set()


async def test_body_that_nobody_foresaw_is_found(database: Database) -> None:
    @post("/things")
    async def make(data: JSONBody[dict[str, int]]) -> int:
        return 100 // len(data.get("size", 1).to_bytes(8, "big", signed=True))

    @get("/other")
    async def read() -> None:
        raise NotFound

    faults = await _faults(database, make, read, cases=300)

    assert faults == {"500 is the server's own fault"}


async def test_text_instead_of_a_problem_is_found(database: Database) -> None:
    @get("/things")
    async def read() -> Response[str]:
        return Response("gone", status_code=404, media_type=MediaType.TEXT)

    faults = await _faults(database, read)

    assert faults == {"404 is no application/problem+json"}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            {"type": "urn:a", "title": "a", "status": 409, "code": "not_found"},
            "404 tells of 409",
        ),
        (
            {"type": "urn:a", "title": "a", "status": 404, "code": "quite_new"},
            "nobody knows the code 'quite_new'",
        ),
    ],
)
async def test_problem_that_is_none_of_ours_is_found(
    database: Database, body: dict[str, object], fault: str
) -> None:
    @get("/things")
    async def read() -> Response[dict[str, object]]:
        return Response(body, status_code=404, media_type="application/problem+json")

    faults = await _faults(database, read)

    assert fault in faults


async def test_traceback_in_an_answer_is_found(database: Database) -> None:
    @get("/things")
    async def read() -> str:
        return "Traceback (most recent call last):"

    faults = await _faults(database, read)

    assert faults == {"it tells what the program looks like inside"}


async def test_answer_that_lacks_what_its_status_needs_is_found(database: Database) -> None:
    @get("/things")
    async def read() -> None:
        raise HTTPException(status_code=401)

    faults = await _faults(database, read)

    assert "401 does not say how to sign in" in faults


async def test_secret_is_found_in_the_answers_to_all_but_its_owner(database: Database) -> None:
    world = await people(database)
    mark = world.secrets.text("note of broker", ["broker"])

    @get("/things")
    async def read() -> dict[str, str]:
        return {"note": f"private: {mark}"}

    faults = await _faults(database, read, cases=1_500, told=world)

    strangers = {actor.name for actor in world.actors} - {"broker"}
    assert faults == {f"it tells {name} a secret: note of broker" for name in strangers}


async def test_token_and_its_hash_are_found_whoever_is_told(database: Database) -> None:
    world = await people(database)
    token = world.keys["full key"][0]

    @get("/things")
    async def read() -> list[str]:
        return [token]

    faults = await _faults(database, read, told=world)

    assert faults
    assert {fault.partition(": ")[2] for fault in faults} == {"a token of somebody"}
