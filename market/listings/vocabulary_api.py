"""GET /vocabularies/{name}: what clients build their filters and forms from."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from market.accounts.guard import anyone
from market.errors import NotFound
from market.http.etags import TELLS_VERSION
from schemas import vocab
from schemas.vocab import Entry, Vocabulary
from schemas.vocabularies import VocabularyEntry, VocabularyView

_KEPT_S = 86_400
_VOCABULARIES: Mapping[str, Callable[[], Vocabulary]] = {
    "fields": vocab.fields,
    "modes": vocab.modes,
    "stages": vocab.stages,
    "industries": vocab.industries,
    "divisions": vocab.divisions,
    "contract_kinds": vocab.contract_kinds,
    "signing_kinds": vocab.signing_kinds,
}


@get(
    "/vocabularies/{name:str}",
    operation_id="getVocabulary",
    summary="词表 · A vocabulary",
    description=" · ".join(_VOCABULARIES),
    tags=["vocabularies"],
    opt=anyone() | TELLS_VERSION,
)
async def get_vocabulary(
    request: Request[Any, Any, Any], name: FromPath[str]
) -> Response[VocabularyView]:
    if name not in _VOCABULARIES:
        raise NotFound
    body, tag = _encoded(name)
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={_KEPT_S}"}
    held = request.headers.get("if-none-match", "")
    if tag in (each.strip().removeprefix("W/") for each in held.split(",")):
        return _answer(b"", 304, headers)
    return _answer(body, 200, headers)


def _answer(encoded: Any, status: int, headers: dict[str, str]) -> Response[VocabularyView]:
    return Response(encoded, status_code=status, headers=headers, media_type="application/json")


@cache
def _encoded(name: str) -> tuple[bytes, str]:
    """The answer and its tag, made once: a vocabulary changes with the program only."""
    vocabulary = _VOCABULARIES[name]()
    view = VocabularyView(
        name=name,
        source=vocabulary.source,
        edition=vocabulary.edition,
        licence=vocabulary.licence,
        items=[_shown(entry, name) for entry in vocabulary],
    )
    body = msgspec.json.encode(view)
    return body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _shown(entry: Entry, name: str) -> VocabularyEntry:
    shown = VocabularyEntry(
        code=entry.code,
        zh=entry.zh,
        en=entry.en,
        parent=entry.parent,
        verified=entry.verified,
    )
    if name != "stages":
        return shown
    low, high = vocab.STAGE_TRL[entry.code]
    return msgspec.structs.replace(shown, trl_min=low, trl_max=high)


routes: list[ControllerRouterHandler] = [get_vocabulary]
