"""The score of a pair: features, weights, log-odds of both sides, vetoes."""

import math
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.matching.score import (
    ENTERPRISE_WEIGHTS,
    GOOD_SCORE,
    INSTITUTE_WEIGHTS,
    MIDPOINT,
    STEEPNESS,
    TEXT_EVEN_COVERAGE,
    Feature,
    Features,
    NeedScore,
    deadline_fit,
    features,
    field_closeness,
    industry_closeness,
    log_odds,
    mode_fit,
    mutual_score,
    price_fit,
    region_closeness,
    side,
    text_fit,
    trl_fit,
    veto,
)
from schemas.listings import Need, Result
from schemas.matching import Side
from tests.market.factories import bare_need, bare_result, make_need, make_result

AS_OF = date(2026, 11, 23)
FEATURES: tuple[Feature, ...] = (
    "text",
    "industry",
    "field",
    "trl",
    "price",
    "mode",
    "region",
    "deadline",
)
BOTH_SIDES = pytest.mark.parametrize(
    "weights", [ENTERPRISE_WEIGHTS, INSTITUTE_WEIGHTS], ids=["enterprise", "institute"]
)

shares = st.floats(0, 1)
known_features = st.dictionaries(st.sampled_from(FEATURES), shares)
levels = st.integers(1, 9)
amounts = st.integers(0, 10**12)
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def some_of(*codes: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(codes), max_size=3).map(tuple)


fields = some_of("materials", "energy", "no-such-field", "")
industries = some_of("C", "C19", "C195", "C1954", "C1953", "C29", "I65", "Z9999", "", "C19540")
modes = some_of("transfer", "licence", "licence_open", "licence_sole", "joint", "no-such-mode", "")
divisions = st.sampled_from([None, "350582", "350503", "350000", "110101", "429004", "99", ""])

needs = st.builds(
    Need,
    id=st.just("N1"),
    title=st.text(max_size=5),
    fields=fields,
    industries=industries,
    trl_min=st.none() | levels,
    modes=modes,
    budget_max_cny=st.none() | amounts,
    deadline=st.none() | days,
    division=divisions,
)
results = st.builds(
    Result,
    id=st.just("R1"),
    title=st.text(max_size=5),
    fields=fields,
    industries=industries,
    trl=st.none() | levels,
    modes=modes,
    price_min_cny=st.none() | amounts,
    ready_on=st.none() | days,
    division=divisions,
)


def score_of(known: Features) -> float:
    return mutual_score(log_odds(known, ENTERPRISE_WEIGHTS), log_odds(known, INSTITUTE_WEIGHTS))


def pair_score(need: Need, result: Result, *, coverage: float = 0.2) -> float:
    return score_of(features(need, result, text=text_fit(coverage), as_of=AS_OF))


# --- the whole: features, sides, mutual score


def test_a_pair_that_states_everything_has_every_feature() -> None:
    need = make_need(deadline=date(2027, 5, 31))
    result = make_result(ready_on=date(2027, 5, 31))

    assert features(need, result, text=0.4, as_of=AS_OF) == {
        "text": 0.4,
        "industry": 1.0,
        "field": 1.0,
        "trl": 1.0,
        "price": 1.0,
        "mode": 1.0,
        "region": 1.0,
        "deadline": 0.5,
    }


def test_a_pair_that_states_nothing_has_its_text_only() -> None:
    need, result = bare_need("N1", "防滑"), bare_result("R1", "止滑")

    assert features(need, result, text=0.4, as_of=AS_OF) == {"text": 0.4}


@pytest.mark.parametrize("of_need", [True, False])
def test_what_one_side_alone_states_is_no_feature(of_need: bool) -> None:
    need = make_need(deadline=AS_OF) if of_need else bare_need("N1", "防滑")
    result = bare_result("R1", "止滑") if of_need else make_result(ready_on=AS_OF)

    assert features(need, result, text=0.4, as_of=AS_OF) == {"text": 0.4}


@given(needs, results, shares)
def test_every_feature_is_a_share(need: Need, result: Result, text: float) -> None:
    known = features(need, result, text=text, as_of=AS_OF)

    assert {feature: 0 <= value <= 1 for feature, value in known.items()} == dict.fromkeys(
        known, True
    )


def test_a_side_is_the_worked_example() -> None:
    known: Features = {"price": 0.25, "text": 0.8}

    found = side(known, {"text": 0.45, "industry": 0.2, "price": 0.15})

    assert [(part.feature, part.value) for part in found.parts] == [("text", 0.8), ("price", 0.25)]
    assert [part.points for part in found.parts] == pytest.approx([1.5, -0.6])
    assert found.base == 0.0
    assert found.log_odds == pytest.approx(0.9)


@BOTH_SIDES
@given(known=known_features, base=st.floats(-10, 10))
def test_log_odds_are_the_base_and_the_sum_of_the_parts(
    weights: Mapping[Feature, float], known: Features, base: float
) -> None:
    found = side(known, weights, base=base)

    assert found.base == base
    assert found.log_odds == pytest.approx(
        base + math.fsum(part.points for part in found.parts), abs=1e-9
    )


@BOTH_SIDES
@given(known=known_features)
def test_the_parts_are_the_known_features_that_the_side_weighs(
    weights: Mapping[Feature, float], known: Features
) -> None:
    parts = side(known, weights).parts

    assert [(part.feature, part.value) for part in parts] == [
        (feature, known[feature]) for feature in weights if feature in known
    ]


@BOTH_SIDES
@given(known=known_features)
def test_log_odds_follow_from_the_weighted_mean(
    weights: Mapping[Feature, float], known: Features
) -> None:
    weighed = {feature: weights[feature] for feature in known if feature in weights}
    total = sum(weighed.values())
    mean = sum(weight * known[feature] for feature, weight in weighed.items()) / (total or 1)

    expected = STEEPNESS * (mean - MIDPOINT) if weighed else 0.0
    assert side(known, weights).log_odds == pytest.approx(expected, abs=1e-9)


@BOTH_SIDES
@given(known=known_features)
def test_the_short_way_to_log_odds_gives_the_same(
    weights: Mapping[Feature, float], known: Features
) -> None:
    assert log_odds(known, weights) == pytest.approx(side(known, weights).log_odds, abs=1e-9)


@given(needs, st.lists(st.tuples(results, st.none() | shares), min_size=1, max_size=5))
def test_one_need_with_many_results_scores_each_as_the_formula_says(
    need: Need, offers: list[tuple[Result, float | None]]
) -> None:
    score = NeedScore(need, as_of=AS_OF)

    # Twice, since what was worked out once is remembered.
    for result, text in offers * 2:
        known = features(need, result, text=text, as_of=AS_OF)
        by_formula = mutual_score(
            log_odds(known, ENTERPRISE_WEIGHTS), log_odds(known, INSTITUTE_WEIGHTS)
        )
        assert score.of(result, text=text) == pytest.approx(by_formula, abs=1e-9)


def test_organisations_are_the_same_whatever_the_width_and_blanks_of_their_names() -> None:
    need = make_need(enterprise="福建（晋江）鞋业 有限公司", credit_code="")
    result = make_result(institute="福建(晋江)鞋业有限公司", credit_code="")

    assert veto(need, result) == "same_organisation"


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_the_mutual_score_follows_from_both_log_odds(enterprise: float, institute: float) -> None:
    p_enterprise = 1 / (1 + math.exp(-enterprise))
    p_institute = 1 / (1 + math.exp(-institute))

    assert mutual_score(enterprise, institute) == pytest.approx(
        100 * math.sqrt(p_enterprise * p_institute), abs=1e-9
    )


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_the_mutual_score_is_symmetric_and_between_0_and_100(a: float, b: float) -> None:
    assert 0 <= mutual_score(a, b) <= 100
    assert mutual_score(a, b) == mutual_score(b, a)


@pytest.mark.parametrize(
    ("enterprise", "institute", "score"),
    [(0, 0, 50), (1e6, 1e6, 100), (-1e6, 1e6, 0), (math.log(3), math.log(3), 75)],
)
def test_known_log_odds_have_a_known_score(
    enterprise: float, institute: float, score: float
) -> None:
    assert mutual_score(enterprise, institute) == pytest.approx(score)


def test_a_side_that_knows_nothing_is_undecided() -> None:
    assert side({}, ENTERPRISE_WEIGHTS) == Side(base=0.0, parts=(), log_odds=0.0)
    assert side({}, ENTERPRISE_WEIGHTS, base=-1.5).log_odds == -1.5
    assert log_odds({}, ENTERPRISE_WEIGHTS) == 0.0


def test_a_feature_that_a_side_does_not_weigh_leaves_it_undecided() -> None:
    known: Features = {"trl": 0.0, "deadline": 0.0}

    assert side(known, INSTITUTE_WEIGHTS) == Side(base=0.0, parts=(), log_odds=0.0)
    assert log_odds(known, INSTITUTE_WEIGHTS) == 0.0


# --- unknown features are dropped, not punished


@BOTH_SIDES
@given(known=known_features, added=st.sampled_from(FEATURES))
def test_a_feature_at_the_mean_of_the_others_changes_nothing(
    weights: Mapping[Feature, float], known: Features, added: Feature
) -> None:
    others: Features = {feature: value for feature, value in known.items() if feature != added}
    mean = log_odds(others, weights) / STEEPNESS + MIDPOINT
    if not any(feature in weights for feature in others):
        mean = MIDPOINT

    completed: Features = {**others, added: mean}

    assert log_odds(completed, weights) == pytest.approx(log_odds(others, weights), abs=1e-9)


@BOTH_SIDES
@given(known=known_features)
def test_missing_features_leave_renormalised_weights(
    weights: Mapping[Feature, float], known: Features
) -> None:
    left = {feature: weights[feature] for feature in weights if feature in known}
    renormalised = {feature: weight / sum(left.values()) for feature, weight in left.items()}

    assert log_odds(known, weights) == pytest.approx(log_odds(known, renormalised), abs=1e-9)


@pytest.mark.parametrize(
    ("of_need", "of_result"),
    [
        ("industries", "industries"),
        ("fields", "fields"),
        ("modes", "modes"),
        ("division", "division"),
        ("trl_min", "trl"),
        ("budget_max_cny", "price_min_cny"),
    ],
)
def test_a_gap_on_either_side_scores_the_same_as_on_both(of_need: str, of_result: str) -> None:
    empty = () if isinstance(getattr(make_need(), of_need), tuple) else None
    need, result = make_need(), make_result()
    need_gap, result_gap = make_need(**{of_need: empty}), make_result(**{of_result: empty})

    scores = {pair_score(need_gap, result), pair_score(need, result_gap)}

    assert scores == {pair_score(need_gap, result_gap)}
    assert pair_score(need, result) not in scores


# --- monotone


@given(needs, results, shares, shares)
def test_more_coverage_never_lowers_the_score(
    need: Need, result: Result, one: float, other: float
) -> None:
    less, more = sorted([one, other])

    assert pair_score(need, result, coverage=less) <= pair_score(need, result, coverage=more) + 1e-9


@given(needs, results, st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_higher_price_never_raises_the_score(
    need: Need, result: Result, one: int, other: int
) -> None:
    low, high = sorted([one, other])
    priced = [replaced(result, price_min_cny=price) for price in (low, high)]

    cheap, dear = (pair_score(need, each) for each in priced)

    assert dear <= cheap + 1e-9


@given(needs, results, levels, levels)
def test_less_ripeness_never_raises_the_score_up_to_two_levels_above_the_asked(
    need: Need, result: Result, one: int, other: int
) -> None:
    asked = 9 if need.trl_min is None else need.trl_min
    unripe, ripe = sorted(min(level, asked + 2) for level in (one, other))

    scores = [pair_score(need, replaced(result, trl=level)) for level in (unripe, ripe)]

    assert scores[0] <= scores[1] + 1e-9


@given(known_features, st.sampled_from(FEATURES), shares)
def test_raising_one_feature_never_lowers_the_score(
    known: Features, feature: Feature, value: float
) -> None:
    low, high = sorted([known.get(feature, 0.0), value])

    lower: Features = {**known, feature: low}
    higher: Features = {**known, feature: high}

    assert score_of(lower) <= score_of(higher) + 1e-9


def replaced(result: Result, **changes: int) -> Result:
    values = {name: getattr(result, name) for name in result.__struct_fields__}
    return Result(**{**values, **changes})


# --- single features


@given(shares, shares)
def test_text_fit_is_monotone_and_below_1(one: float, other: float) -> None:
    less, more = sorted([one, other])

    assert 0 <= text_fit(less) <= text_fit(more) < 1


def test_text_fit_is_0_without_coverage_and_even_at_its_turning_point() -> None:
    assert text_fit(0.0) == 0.0
    assert text_fit(TEXT_EVEN_COVERAGE) == pytest.approx(0.5)
    assert text_fit(1.0) == pytest.approx(10**0.8 / (1 + 10**0.8))


@pytest.mark.parametrize(
    ("need", "result", "closeness"),
    [
        (("C1954",), ("C1954",), 1.0),
        (("C1954",), ("C1953",), 0.8),
        (("C1954",), ("C195",), 0.8),
        (("C195",), ("C195",), 0.8),
        (("C1954",), ("C1921",), 0.55),
        (("C19",), ("C1954",), 0.55),
        (("C1954",), ("C2913",), 0.2),
        (("C1954",), ("C1311",), 0.2),
        (("C",), ("C",), 0.2),
        (("C1954",), ("I6513",), 0.0),
        (("I6513", "C1954"), ("A0111", "C1953"), 0.8),
        (("Z9999",), ("Z9999",), 1.0),
        (("C1954",), ("",), 0.0),
        ((), ("C1954",), None),
        (("C1954",), (), None),
        ((), (), None),
    ],
)
def test_industries_are_as_close_as_their_best_pair(
    need: tuple[str, ...], result: tuple[str, ...], closeness: float | None
) -> None:
    assert industry_closeness(need, result) == closeness
    assert industry_closeness(result, need) == closeness


@pytest.mark.parametrize(
    ("need", "result", "closeness"),
    [
        (("materials",), ("materials",), 1.0),
        (("materials", "energy"), ("services", "energy"), 1.0),
        (("materials",), ("energy",), 0.0),
        (("no-such-field",), ("no-such-field",), 1.0),
        ((), ("materials",), None),
        (("materials",), (), None),
    ],
)
def test_fields_meet_or_do_not(
    need: tuple[str, ...], result: tuple[str, ...], closeness: float | None
) -> None:
    assert field_closeness(need, result) == closeness


@pytest.mark.parametrize(
    ("asked", "offered", "fit"),
    [
        (7, 7, 1.0),
        (5, 7, 1.0),
        (4, 7, 0.94),
        (1, 9, 0.7),
        (7, 6, math.exp(-0.5)),
        (7, 4, math.exp(-1.5)),
        (9, 1, math.exp(-4)),
        (None, 7, None),
        (7, None, None),
    ],
)
def test_ripeness_fits_by_the_gap(
    asked: int | None, offered: int | None, fit: float | None
) -> None:
    assert trl_fit(asked, offered) == (None if fit is None else pytest.approx(fit))


@pytest.mark.parametrize(
    ("budget", "price", "fit"),
    [
        (800_000, 600_000, 1.0),
        (800_000, 800_000, 1.0),
        (800_000, 1_600_000, 0.5**1.5),
        (0, 600_000, 0.0),
        (0, 0, 1.0),
        (800_000, 0, 1.0),
        (None, 600_000, None),
        (800_000, None, None),
    ],
)
def test_a_price_fits_by_the_budget(
    budget: int | None, price: int | None, fit: float | None
) -> None:
    assert price_fit(budget, price) == (None if fit is None else pytest.approx(fit))


@pytest.mark.parametrize(
    ("need", "result", "fit"),
    [
        (("licence",), ("licence", "service"), 1.0),
        (("licence", "equity"), ("licence",), 0.8),
        (("transfer",), ("joint",), 0.1),
        (("licence_exclusive",), ("licence_open",), 1.0),
        (("licence_exclusive",), ("licence",), 1.0),
        (("licence",), ("licence_sole",), 1.0),
        (("pay_after_use",), ("platform",), 0.1),
        (("no-such-mode",), ("no-such-mode",), 1.0),
        (("no_such_mode",), ("no_other_mode",), 0.1),
        ((), ("licence",), None),
        (("licence",), (), None),
    ],
)
def test_modes_fit_by_the_share_of_what_is_asked(
    need: tuple[str, ...], result: tuple[str, ...], fit: float | None
) -> None:
    assert mode_fit(need, result) == (None if fit is None else pytest.approx(fit))


@pytest.mark.parametrize(
    ("need", "result", "closeness"),
    [
        ("350582", "350582", 1.0),
        ("350582", "350503", 1.0),
        ("350500", "350582", 1.0),
        ("350582", "350203", 0.7),
        ("350000", "350000", 0.7),
        ("350000", "350582", 0.7),
        ("110101", "110105", 1.0),
        ("429004", "429004", 1.0),
        ("429004", "429005", 0.7),
        ("350582", "440300", 0.4),
        ("999999", "350582", 0.4),
        (None, "350582", None),
        ("350582", None, None),
        ("", "350582", None),
    ],
)
def test_regions_are_close_by_city_and_province(
    need: str | None, result: str | None, closeness: float | None
) -> None:
    assert region_closeness(need, result) == closeness
    assert region_closeness(result, need) == closeness


@pytest.mark.parametrize(
    ("quarters", "fit"), [(0, 0.5), (1, 1 / (1 + math.exp(-1))), (-2, 1 / (1 + math.exp(2)))]
)
def test_a_deadline_fits_by_the_quarters_left(quarters: int, fit: float) -> None:
    ready = date(2027, 6, 30)
    deadline = ready + timedelta(days=91 * quarters)

    assert deadline_fit(deadline, ready, as_of=AS_OF) == pytest.approx(fit)


def test_what_was_ready_long_ago_can_be_had_today() -> None:
    deadline = date(2027, 3, 1)

    long_ago = deadline_fit(deadline, date(2019, 1, 1), as_of=AS_OF)

    assert long_ago == deadline_fit(deadline, AS_OF, as_of=AS_OF)


@given(days, days, days, st.integers(0, 2000))
def test_a_later_deadline_never_fits_worse(
    ready: date, as_of: date, deadline: date, more_days: int
) -> None:
    sooner = deadline_fit(deadline, ready, as_of=as_of)
    later = deadline_fit(deadline + timedelta(days=more_days), ready, as_of=as_of)

    assert sooner is not None
    assert later is not None
    assert 0 <= sooner <= later <= 1


def test_the_farthest_dates_have_a_fit() -> None:
    assert deadline_fit(date.min, date.max, as_of=AS_OF) == 0.0
    assert deadline_fit(date.max, date.min, as_of=date.min) == 1.0


@pytest.mark.parametrize(("deadline", "ready_on"), [(None, AS_OF), (AS_OF, None), (None, None)])
def test_without_both_days_there_is_no_deadline(
    deadline: date | None, ready_on: date | None
) -> None:
    assert deadline_fit(deadline, ready_on, as_of=AS_OF) is None


# --- vetoes


def test_the_same_credit_code_is_the_same_organisation() -> None:
    code = "91350582MA2Y000000"

    assert veto(make_need(credit_code=code), make_result(credit_code=code)) == "same_organisation"


def test_the_same_name_is_the_same_organisation() -> None:
    need, result = make_need(enterprise="刺桐大学"), make_result(institute="刺桐大学")

    assert veto(need, result) == "same_organisation"


def test_encumbered_rights_forbid_a_pair() -> None:
    assert veto(make_need(), make_result(rights="encumbered")) == "rights_encumbered"


@pytest.mark.parametrize("rights", [None, "granted", "pending", "know_how"])
def test_other_rights_forbid_nothing(rights: str | None) -> None:
    assert veto(make_need(), make_result(rights=rights)) is None


def test_two_unknown_organisations_are_not_the_same() -> None:
    need = make_need(enterprise="", credit_code="")
    result = make_result(institute="", credit_code="")

    assert veto(need, result) is None


def test_other_codes_and_names_forbid_nothing() -> None:
    need = make_need(credit_code="91350582MA2Y000000")
    result = make_result(credit_code="12350000488000000X")

    assert veto(need, result) is None


# --- the constants


@BOTH_SIDES
def test_weights_are_positive_and_of_known_features(weights: Mapping[Feature, float]) -> None:
    assert set(weights) <= set(FEATURES)
    assert min(weights.values()) > 0
    assert max(weights, key=lambda feature: weights[feature]) == "text"


def test_a_perfect_pair_is_good_and_a_pair_without_anything_in_common_is_not() -> None:
    stranger = make_result(
        fields=("energy",), industries=("I6513",), trl=2, modes=("transfer",), division="440300"
    )

    assert pair_score(make_need(), make_result(), coverage=1.0) > GOOD_SCORE
    assert pair_score(make_need(), stranger, coverage=0.0) < GOOD_SCORE / 5


@pytest.mark.parametrize("closeness", [industry_closeness, field_closeness, mode_fit])
def test_repeating_a_code_changes_nothing(
    closeness: Callable[[tuple[str, ...], tuple[str, ...]], float | None],
) -> None:
    assert closeness(("C1954", "C1954"), ("C1954",)) == closeness(("C1954",), ("C1954",))
