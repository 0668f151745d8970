"""The aspect matcher: its probabilities by loops and by the network, what it learns, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.rankers.rerank import AspectMatcher

pytest.importorskip("torch")

KNOWN = {"hidden": 24, "negative_ratio": 0, "learning_rate": 0.01}


def items(form, colour, rng):
    told = np.hstack([np.eye(3)[form], np.eye(3)[colour]])
    return np.float32(told + rng.normal(scale=0.1, size=told.shape))


def graded(n=100, seed=0):
    """Return a search of items of three forms and colours for each other, and the grades of a fourth of the pairs."""
    rng = np.random.default_rng(seed)
    form, colour = rng.integers(3, size=(2, n))
    X = items(form, colour, rng)
    y = [{j: (form[i] == form[j]) + 2 * (colour[i] == colour[j]) for j in range(0, n, 4)} for i in range(n)]
    return Search(Hits(np.tile(np.arange(n), (n, 1)), np.zeros((n, n))), Q=X, X=X), y, form, colour


@pytest.fixture(scope="module")
def matcher():
    search, y, *_ = graded()
    return AspectMatcher(**KNOWN).fit(search, y)


def by_loops(matcher, q, x):
    u, v = ([float(a - m) / matcher.scale_ for a, m in zip(z, matcher.mean_, strict=True)] for z in (q, x))
    pairs = list(zip(u, v, strict=True))
    inputs = [*u, *v, *(abs(a - b) for a, b in pairs), *(a * b for a, b in pairs)]

    def layer(inputs, which):
        return [
            float(b) + sum(float(w) * value for w, value in zip(weights, inputs, strict=True))
            for weights, b in zip(matcher.weights_[which], matcher.biases_[which], strict=True)
        ]

    return layer([max(0.0, value) for value in layer(inputs, 0)], 1)


def some(n_queries=3, n_rows=4, seed=1):
    rng = np.random.default_rng(seed)
    Q, X = (items(*rng.integers(3, size=(2, n)), rng) for n in (n_queries, n_rows))
    return Search(Hits(np.tile(np.arange(n_rows), (n_queries, 1)), np.zeros((n_queries, n_rows))), Q=Q, X=X)


@pytest.mark.parametrize("aspect", [0, 1])
def test_order_and_probabilities_are_those_of_loops(matcher, aspect):
    search = some()
    found = matcher.set_params(aspect=aspect).rank(search).hits
    shares = matcher.aspects(search)
    assert shares.shape == (3, 4, 2)
    for i in range(3):
        odds = {j: by_loops(matcher, search.Q[i], search.X[j]) for j in range(4)}
        assert found.ids[i].tolist() == sorted(odds, key=lambda j: -odds[j][aspect])
        assert np.allclose(found.scores[i], [odds[j][aspect] for j in found.ids[i]], rtol=1e-5)
        assert np.allclose(shares[i], [1 / (1 + np.exp(-np.array(odds[j]))) for j in range(4)], atol=1e-6)


def test_the_network_that_is_trained_is_the_one_that_ranks(matcher):
    torch = pytest.importorskip("torch")
    from inlay.nn.aspect_matcher import learn

    stored, y, *_ = graded()
    grades = np.array([list(row.values()) for row in y]).ravel()
    pairs = np.array([(i, j) for i, row in enumerate(y) for j in row])
    Z = (stored.X - matcher.mean_) / np.float32(matcher.scale_)
    network, losses = learn(
        *(Z, Z, pairs, np.column_stack([grades & 1, grades >> 1]).astype(bool)),
        hidden=24,
        dropout=0.1,
        n_epochs=5,
        batch_size=128,
        learning_rate=0.01,
        weight_decay=0.01,
        random_state=0,
    )
    assert np.array_equal(losses, matcher.losses_)
    search = some(5)
    q, x = (torch.from_numpy(np.float32((V - matcher.mean_) / matcher.scale_)) for V in (search.Q, search.X))
    with torch.no_grad():
        want = torch.sigmoid(network(q.repeat_interleave(4, 0), x.repeat(5, 1))).numpy().reshape(5, 4, 2)
    assert np.allclose(matcher.aspects(search), want, atol=1e-5)


def test_it_tells_one_aspect_from_the_other_and_from_both(matcher):
    search, _, form, colour = graded(60, seed=3)
    shares = matcher.aspects(search)
    assert ((shares[:, :, 0] > 0.5) == (form[:, None] == form)).mean() > 0.95
    assert ((shares[:, :, 1] > 0.5) == (colour[:, None] == colour)).mean() > 0.95
    for aspect, label in enumerate((form, colour)):
        first = matcher.set_params(aspect=aspect).rank(search).hits.ids[:, :10]
        assert (label[first] == label[:, None]).mean() > 0.95
    assert matcher.losses_[-1] < matcher.losses_[0] / 2


def test_pairs_at_random_share_nothing_and_are_not_those_named(monkeypatch):
    from inlay.nn import aspect_matcher

    seen, learn = [], aspect_matcher.learn
    monkeypatch.setattr(
        aspect_matcher,
        "learn",
        lambda Q, X, pairs, shared, **rest: seen.append((pairs, shared)) or learn(Q, X, pairs, shared, **rest),
    )
    search, y, *_ = graded(20)
    y = [{j: grade for j, grade in row.items() if grade} for row in y]
    AspectMatcher(hidden=2, n_epochs=0, negative_ratio=3).fit(search, y)
    pairs, shared = seen[0]
    n = sum(map(len, y))
    assert shared[:n].any(axis=1).all()
    assert not shared[n:].any()
    assert n < len(pairs) <= 4 * n
    assert all(j not in y[i] for i, j in pairs[n:].tolist())
    assert len(np.unique(pairs[n:], axis=0)) > 50


def test_there_are_as_many_aspects_as_the_largest_grade_has_bits():
    search, y, *_ = graded(12)
    y[3][0] = 16
    assert AspectMatcher(hidden=2, n_epochs=1).fit(search, y).aspects(some()).shape == (3, 4, 5)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)), st.integers(1, 60_000))
def test_neither_the_first_order_nor_the_size_of_blocks_changes_the_hits(matcher, order, held):
    search = some(2, 6)
    given_hits = Hits([order, order], np.zeros((2, 6)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inlay.rankers.rerank._pairs.HELD_BYTES", held)
        hits = matcher.rank(Search(given_hits, Q=search.Q, X=search.X)).hits
    want = matcher.rank(search).hits
    assert np.array_equal(hits.ids, want.ids)
    assert np.allclose(hits.scores, want.scores, rtol=1e-5)


def test_padding_stays_and_has_no_probability(matcher):
    search = some(3, 3)
    hits = Hits([[2, 1, -1], [-1, -1, -1], [0, 1, 2]], np.zeros((3, 3)))
    search = Search(hits, Q=search.Q, X=search.X)
    assert matcher.rank(search).hits.counts.tolist() == [2, 0, 3]
    shares = matcher.aspects(search)
    assert (shares[hits.ids < 0] == 0).all()
    assert (shares[hits.ids >= 0] > 0).all()


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"hidden": 0}, "hidden must be at least 1, got 0"),
        ({"n_epochs": -1}, "n_epochs must be at least 0"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
        ({"negative_ratio": -0.5}, "negative_ratio must be at least 0, got -0.5"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, said):
    search, y, *_ = graded(12)
    with pytest.raises(ParameterError, match=said):
        AspectMatcher(**parameters).fit(search, y)


@pytest.mark.parametrize(
    ("y", "error", "said"),
    [
        (None, ParameterError, "AspectMatcher learns from judgments"),
        ([{0: 1}], ShapeError, "has 2 queries, but y has judgments for 1"),
        ([{0: 1}, {4: 1}], ShapeError, "from 0 to 3; query 1 has 4"),
        ([{-1: 1}, {}], ShapeError, "from 0 to 3; query 0 has -1"),
        ([{}, {2: 0.5}], DataError, r"y\[1\] has the grade 0.5 for row 2; a grade is a whole number"),
        ([{}, {2: -1}], DataError, "has the grade -1.0"),
        ([{1: float("nan")}, {}], DataError, "has the grade nan"),
        ([{}, {2: 2.0**31}], DataError, "at most 31"),
        ([{}, {2: 0}], DataError, "No pair in y shares an aspect: all 1 grades are 0"),
        ([{}, {}], DataError, "No pair in y shares an aspect: all 0 grades"),
    ],
)
def test_grades_that_say_nothing_are_refused(y, error, said):
    with pytest.raises(error, match=said):
        AspectMatcher().fit(some(2), y)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_a_network_that_bursts_is_refused():
    search, y, *_ = graded(12)
    with pytest.raises(ParameterError, match="lower learning_rate, which is 1e\\+30"):
        AspectMatcher(hidden=4, learning_rate=1e30).fit(search, y)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_a_fit_that_bursts_leaves_what_was_learned():
    search, y, *_ = graded(12)
    ranker = AspectMatcher(hidden=4, n_epochs=2).fit(search, y)
    before = ranker.rank(search).hits
    other = Search(search.hits, Q=search.Q + 1, X=search.X + 1)
    with pytest.raises(ParameterError, match="lower learning_rate"):
        ranker.set_params(learning_rate=1e30).fit(other, y)
    np.testing.assert_array_equal(ranker.rank(search).hits.scores, before.scores)
    assert np.isfinite(ranker.losses_).all()


def test_searches_that_do_not_fit_are_refused(matcher):
    search = some()
    with pytest.raises(NotFittedError):
        AspectMatcher().rank(search)
    with pytest.raises(NotFittedError):
        AspectMatcher().aspects(search)
    with pytest.raises(ParameterError, match="AspectMatcher looks at Q and X"):
        AspectMatcher().fit(Search(search.hits), [{0: 1}] * 3)
    with pytest.raises(ParameterError, match="AspectMatcher looks at X"):
        matcher.aspects(Search(search.hits, Q=search.Q))
    with pytest.raises(ShapeError, match="Row 3 was found, but X has 2 rows"):
        matcher.set_params(aspect=0).rank(Search(search.hits, Q=search.Q, X=search.X[:2]))
    for aspect in (2, -1, 0.5):
        with pytest.raises(ParameterError, match=f"aspect must be from 0 to 1, those of fit, got {aspect}"):
            matcher.set_params(aspect=aspect).rank(search)
    matcher.set_params(aspect=0)
