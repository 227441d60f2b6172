"""GET /vocabularies/{name}."""

import httpx
import pytest

from schemas import vocab


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("fields", len(vocab.fields())),
        ("modes", len(vocab.modes())),
        ("stages", len(vocab.stages())),
        ("industries", len(vocab.industries())),
        ("divisions", len(vocab.divisions())),
    ],
)
async def test_vocabulary_is_told_whole_and_may_be_kept(
    client: httpx.AsyncClient, name: str, entries: int
) -> None:
    answer = await client.get(f"/api/v1/vocabularies/{name}")

    told = answer.json()
    assert (answer.status_code, told["name"], len(told["items"])) == (200, name, entries)
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert answer.headers["content-type"] == "application/json"
    assert told.keys() == {"name", "source", "edition", "licence", "items"}


async def test_entries_tell_names_and_parents(client: httpx.AsyncClient) -> None:
    modes = (await client.get("/api/v1/vocabularies/modes")).json()["items"]
    industries = (await client.get("/api/v1/vocabularies/industries")).json()["items"]

    by_code = {entry["code"]: entry for entry in [*modes, *industries]}
    assert by_code["licence_exclusive"] == {
        "code": "licence_exclusive",
        "zh": vocab.modes()["licence_exclusive"].zh,
        "en": vocab.modes()["licence_exclusive"].en,
        "parent": "licence",
        "verified": vocab.modes()["licence_exclusive"].verified,
    }
    assert [entry["code"] for entry in industries] == [each.code for each in vocab.industries()]


async def test_stages_tell_their_levels(client: httpx.AsyncClient) -> None:
    stages = (await client.get("/api/v1/vocabularies/stages")).json()["items"]

    assert {stage["code"]: (stage["trl_min"], stage["trl_max"]) for stage in stages} == (
        vocab.STAGE_TRL
    )


async def test_vocabulary_that_the_client_holds_is_not_sent_again(
    client: httpx.AsyncClient,
) -> None:
    first = await client.get("/api/v1/vocabularies/fields")
    held = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}

    again = await client.get("/api/v1/vocabularies/fields", headers=held)
    another = await client.get("/api/v1/vocabularies/modes", headers=held)

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert another.status_code == 200


async def test_unknown_vocabulary_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/vocabularies/colours")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
