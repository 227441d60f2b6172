"""Which saved searches a listing fits, without asking any index.

Saved searches are kept by one word or code that a listing must hold to fit (StrictSearch.keys);
a listing is held against those alone that its own words and codes lead to. Both engines find the
same documents strictly, so the answer is theirs, too.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from search.documents import SearchDocument
from search.port import Filters
from search.strict import Held, StrictSearch, meets

Id = uuid.UUID
_ANY = ""


class SavedSearch(NamedTuple):
    """A saved search, made ready.

    `search` has the filters as those may use them who see least (prices widened to bands), so it
    fits whatever anybody may be told; `filters` are the exact ones.
    """

    id: Id
    version: int
    kind: str
    search: StrictSearch
    filters: Filters
    organisation_id: Id | None
    asks_who: bool

    def fits_exactly(self, held: Held) -> bool:
        """For those who may know exact numbers, once the search fits."""
        return meets(self.filters, held)


class SavedSearches:
    """All saved searches, found by what they need."""

    def __init__(self) -> None:
        self._by_id: dict[Id, SavedSearch] = {}
        self._by_key: dict[str, dict[Id, SavedSearch]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def versions(self) -> dict[Id, int]:
        return {each.id: each.version for each in self._by_id.values()}

    def put(self, saved: SavedSearch) -> None:
        self.drop(saved.id)
        self._by_id[saved.id] = saved
        for key in _keys(saved):
            self._by_key.setdefault(key, {})[saved.id] = saved

    def drop(self, search_id: Id) -> None:
        saved = self._by_id.pop(search_id, None)
        for key in _keys(saved) if saved else ():
            found = self._by_key[key]
            del found[search_id]
            if not found:
                del self._by_key[key]

    def fitting(self, kind: str, held: Held) -> list[SavedSearch]:
        """The saved searches that a listing of this kind fits, in the order of their ids."""
        near: dict[Id, SavedSearch] = {}
        for key in _keys_held(kind, held):
            near.update(self._by_key.get(key, {}))
        return sorted((each for each in near.values() if each.search.fits(held)), key=_id)


def _id(saved: SavedSearch) -> Id:
    return saved.id


def _keys(saved: SavedSearch) -> list[str]:
    keys = saved.search.keys() or [_ANY]
    return [f"{saved.kind} {key}" for key in dict.fromkeys(keys)]


def _keys_held(kind: str, held: Held) -> Iterator[str]:
    yield f"{kind} {_ANY}"
    yield from (f"{kind} ={word}" for word in held.words)
    yield from (f"{kind} {code}" for code in held.codes())


def reasons_of(search: StrictSearch, held: Held) -> dict[str, Any]:
    """Why a listing fits: the words that it holds, other wordings in their place, the filters.

    `search` fits. Codes are those of the listing's own that were asked for.
    """
    words = [*search.words, *("".join(phrase.split()) for phrase in search.phrases)]
    wordings: list[list[str]] = []
    for own, *others in search.wordings:
        if held.words.issuperset(own):
            words += own
            continue
        theirs = next(each for each in others if held.words.issuperset(each))
        wordings.append(["".join(_longest(own)), "".join(_longest(theirs))])
    reasons: dict[str, Any] = {"words": _longest(words), "wordings": wordings}
    reasons |= _met(search.filters, held)
    return {name: value for name, value in reasons.items() if value}


def _longest(words: Sequence[str]) -> list[str]:
    """Without what is a part of another: 摩擦 says nothing beside 湿摩擦系数."""
    different = dict.fromkeys(words)
    return [
        word for word in different if not any(word != each and word in each for each in different)
    ]


def _met(filters: Filters, held: Held) -> dict[str, Any]:
    return {
        "field": [code for code in filters.fields if code in held.fields],
        "industry": [code for code in filters.industries if code in held.industries],
        "division": [code for code in filters.divisions if code in held.divisions],
        "mode": [code for code in filters.modes if code in held.modes],
        "organisation": filters.organisation,
        "trl": filters.trl_min is not None or filters.trl_max is not None,
        "price": filters.price_min_cny is not None or filters.price_max_cny is not None,
    }


def fingerprint(document: SearchDocument) -> bytes:
    """What matters of a listing to those who were told of it: a change of it is told again.

    That is what it is called and offers or asks – title, codes, maturity, price – and not how
    its text words it, or that it was paused or renewed.
    """
    parts: Iterable[Any] = (
        document.title,
        document.fields,
        document.industries,
        document.modes,
        document.division,
        (document.trl_min, document.trl_max),
        (document.price_min_cny, document.price_max_cny),
    )
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).digest()
