"""Documents of a Meilisearch index that share terms with a long text: two requests in all.

The first asks how frequent the terms are, the second reads the documents that a filter made of
these frequencies tells to be worth it. They are scored here, by all terms.
"""

from collections.abc import Iterable, Sequence

from search.meilisearch_codes import word_code
from search.meilisearch_documents import WORD_FIELDS
from search.meilisearch_filters import all_of, any_of, filter_conditions, has_word, prefix_code
from search.meilisearch_reading import Found, IndexReader, Question, Stored
from search.meilisearch_scoring import Frequencies, Scoring, terms_scoring
from search.meilisearch_telling import MOST_DOCUMENTS, Telling, telling_filter
from search.port import Filters, Hit, Neighbourhood, WeightedTerm, distinct_hits
from search.typed import heaviest_terms

# The frequency of each term is a question of its own, for about 0.2 ms.
MAX_TERMS = 100
_FIELDS = ("key", "id", *WORD_FIELDS)


async def candidates(
    reader: IndexReader, terms: Sequence[WeightedTerm], filters: Filters, limit: int
) -> list[Hit]:
    """Best first, equal ones by id."""
    known = heaviest_terms(terms, MAX_TERMS)
    if not known or limit <= 0:
        return []
    frequencies, _ = await _asked(reader, known, ())
    scoring = terms_scoring(known, frequencies)
    worth = all_of([_worth_reading(scoring, frequencies), *filter_conditions(filters)])
    stored = await reader.stored_where(worth, fields=_FIELDS, limit=MOST_DOCUMENTS)
    return _hits(scoring, stored, limit)


async def candidates_and_neighbours(
    reader: IndexReader, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, limit: int
) -> list[Hit]:
    """Candidates, then neighbours that are none of them."""
    known = heaviest_terms(terms, MAX_TERMS)
    known_near = heaviest_terms(neighbourhood.terms, MAX_TERMS)
    (near,) = filter_conditions(Filters(industries=neighbourhood.industries)) or [""]
    frequencies, (first,) = await _asked(
        reader, [*known, *known_near], [Question(filter=near, limit=max(0, neighbourhood.limit))]
    )
    scoring, scoring_near = (terms_scoring(each, frequencies) for each in (known, known_near))
    worth = _worth_reading(scoring, frequencies)
    worth_near = _worth_reading(scoring_near, frequencies, share=first.total)
    stored = await reader.stored_where(
        any_of([worth, all_of([near, worth_near])]),
        fields=(*_FIELDS, "industries"),
        limit=MOST_DOCUMENTS,
    )
    codes = set(map(prefix_code, neighbourhood.industries))
    neighbours = [each for each in stored if not codes.isdisjoint(each.industries)]
    hits = _hits(scoring_near, neighbours, neighbourhood.limit)
    if len(hits) < neighbourhood.limit:
        hits += [Hit(hit.id or hit.key, 0.0) for hit in first.hits]
    return distinct_hits([*_hits(scoring, stored, limit), *hits])


async def _asked(
    reader: IndexReader, terms: Iterable[WeightedTerm], others: Iterable[Question]
) -> tuple[Frequencies, list[Found]]:
    """How frequent the terms are, and the answers to the other questions."""
    tokens = list(dict.fromkeys(term.token for term in terms))
    counting = [Question(filter=has_word(token)) for token in tokens]
    everything, *answers = await reader.answers([Question(), *counting, *others])
    counts = zip(map(word_code, tokens), answers, strict=False)
    frequencies = Frequencies(everything.total, {code: count.total for code, count in counts})
    return frequencies, answers[len(tokens) :]


def _worth_reading(scoring: Scoring, frequencies: Frequencies, share: int | None = None) -> str:
    """Of the documents, or of so many of them, those that can have a high score."""
    documents = frequencies.documents
    part = 1.0 if share is None else share / max(1, documents)
    return telling_filter(
        (
            Telling(weight, "words", code, frequencies.by_code[code] * part)
            for code, weight in scoring.weights.items()
        ),
        documents * part,
    )


def _hits(scoring: Scoring, stored: Iterable[Stored], limit: int) -> list[Hit]:
    """Those that share a term at all."""
    scored = scoring.scores(stored, WORD_FIELDS)
    return [Hit(each.id or each.key, score) for score, each in scored[: max(0, limit)] if score]
