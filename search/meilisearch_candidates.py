"""Documents of a Meilisearch index that share terms with a long text: two requests in all.

The first asks how frequent the terms are, the second reads the documents that a filter made of
these frequencies tells to be worth it. They are scored here, by all terms.
"""

from collections.abc import Iterable, Mapping, Sequence

from search.meilisearch_codes import word_code
from search.meilisearch_documents import WORD_FIELDS
from search.meilisearch_filters import Scope, all_of, prefix_code, scope_of
from search.meilisearch_reading import IndexReader, Question, Stored
from search.meilisearch_scoring import Frequencies, Scoring, terms_scoring
from search.meilisearch_telling import Telling, told_by, worth_reading
from search.port import Filters, Hit, Neighbourhood, WeightedTerm, distinct_hits
from search.typed import heaviest_terms

# The frequency of each term is a question of its own, for about 0.2 ms.
MAX_TERMS = 100
_FIELDS = ("key", "id", *WORD_FIELDS)
_NEAR_FIELDS = (*_FIELDS, "industries")


async def candidates(
    reader: IndexReader, terms: Sequence[WeightedTerm], filters: Filters, limit: int
) -> list[Hit]:
    """Best first, equal ones by id."""
    known = heaviest_terms(terms, MAX_TERMS)
    if not known or limit <= 0:
        return []
    documents, counts, _ = await reader.counted("words", _codes(known), ())
    scoring = terms_scoring(known, Frequencies(documents, counts))
    words = _tellings(scoring, counts)
    told = told_by(words, documents, wanted=limit)
    scope = scope_of(filters)
    stored = await worth_reading(reader, scope, told, words, wanted=limit, fields=_FIELDS)
    return _hits(scoring, stored, limit)


async def candidates_and_neighbours(
    reader: IndexReader, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, limit: int
) -> list[Hit]:
    """Candidates, then neighbours that are none of them."""
    known = heaviest_terms(terms, MAX_TERMS)
    known_near = heaviest_terms(neighbourhood.terms, MAX_TERMS)
    near = scope_of(Filters(industries=neighbourhood.industries))
    limit, limit_near = max(0, limit), max(0, neighbourhood.limit)
    documents, counts, (first,) = await reader.counted(
        "words", _codes([*known, *known_near]), [Question(near, limit=limit_near)]
    )
    frequencies = Frequencies(documents, counts)
    scoring, scoring_near = (terms_scoring(each, frequencies) for each in (known, known_near))
    words = _tellings(scoring, counts)
    told = told_by(words, documents, wanted=limit)
    share = first.total / max(1, documents)
    told_near = told_by(_tellings(scoring_near, counts, share), first.total, wanted=limit_near)
    both = [*told.alternatives, *(all_of([*near.clauses, x]) for x in told_near.alternatives)]
    stored = await worth_reading(
        reader, Scope(), told._replace(alternatives=both), words, wanted=limit, fields=_NEAR_FIELDS
    )
    codes = set(map(prefix_code, neighbourhood.industries))
    neighbours = [each for each in stored if not codes.isdisjoint(each.industries)]
    hits = _hits(scoring_near, neighbours, limit_near)
    if len(hits) < limit_near:
        hits += [Hit(hit.id or hit.key, 0.0) for hit in first.hits]
    return distinct_hits([*_hits(scoring, stored, limit), *hits])


def _codes(terms: Iterable[WeightedTerm]) -> Iterable[str]:
    return (word_code(term.token) for term in terms)


def _tellings(scoring: Scoring, counts: Mapping[str, int], share: float = 1.0) -> list[Telling]:
    """The words in all documents, or in a share of them."""
    return [
        Telling(weight, "words", code, counts[code] * share)
        for code, weight in scoring.weights.items()
    ]


def _hits(scoring: Scoring, stored: Iterable[Stored], limit: int) -> list[Hit]:
    """Those that share a term at all."""
    scored = scoring.scores(stored, WORD_FIELDS)
    return [Hit(each.id or each.key, score) for score, each in scored[:limit] if score]
