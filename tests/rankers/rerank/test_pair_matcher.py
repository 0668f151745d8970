"""The pair matcher: its scores by loops and by the network, what it learns of classes, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.rankers.rerank import PairMatcher

pytest.importorskip("torch")


def rows(classes, rng):
    """Return rows whose first two columns tell the class; six others are larger and tell nothing."""
    noise = rng.normal(scale=[0.1] * 2 + [2.0] * 6, size=(len(classes), 8))
    return np.float32(noise + np.pad(classes, ((0, 0), (0, 6))))


def known(n_classes=40, n_rows=8, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(n_classes), n_rows)
    return Search(Hits([[0]], [[0.0]]), X=rows(2 * rng.normal(size=(n_classes, 2))[y], rng)), y


@pytest.fixture(scope="module")
def matcher():
    return PairMatcher(hidden=24, n_epochs=40, learning_rate=0.01).fit(*known())


def episode(seed=1, n_queries=30, n_classes=10):
    """Return a search of new classes, one row of each stored, and the row that is of the class of each query."""
    rng = np.random.default_rng(seed)
    classes = 2 * rng.normal(size=(n_classes, 2))
    wanted = rng.integers(n_classes, size=n_queries)
    X, Q = rows(classes, rng), rows(classes[wanted], rng)
    return Search(
        Hits(np.tile(np.arange(n_classes), (n_queries, 1)), np.zeros((n_queries, n_classes))), Q=Q, X=X
    ), wanted


def by_loops(matcher, q, x):
    q, x = ([float(v - m) / matcher.scale_ for v, m in zip(z, matcher.mean_, strict=True)] for z in (q, x))

    def layer(inputs, which):
        return [
            float(b) + sum(float(w) * v for w, v in zip(weights, inputs, strict=True))
            for weights, b in zip(matcher.weights_[which], matcher.biases_[which], strict=True)
        ]

    def compared(a, b):
        pairs = list(zip(a, b, strict=True))
        return [abs(u - v) for u, v in pairs] + [u * v for u, v in pairs]

    f, g = ([max(0.0, v) for v in layer(z, 0)] for z in (q, x))
    units = [max(0.0, v) for v in layer(compared(q, x) + compared(f, g), 1)]
    return layer(units, 2)[0]


def test_scores_are_those_of_loops(matcher):
    search, _ = episode(n_queries=3, n_classes=4)
    found = matcher.rank(search).hits
    for i in range(3):
        want = {j: by_loops(matcher, search.Q[i], search.X[j]) for j in range(4)}
        assert found.ids[i].tolist() == sorted(want, key=want.get, reverse=True)
        assert np.allclose(found.scores[i], [want[j] for j in found.ids[i]], rtol=1e-5)


def test_scores_are_those_of_the_network(matcher):
    torch = pytest.importorskip("torch")
    from inlay.nn.pair_matcher import learn

    stored, y = known()
    scaled = (stored.X - matcher.mean_) / np.float32(matcher.scale_)
    network, losses = learn(
        scaled,
        y,
        hidden=24,
        dropout=0.5,
        n_epochs=40,
        batch_size=128,
        learning_rate=0.01,
        weight_decay=0.01,
        random_state=0,
    )
    assert np.array_equal(losses, matcher.losses_)
    search, _ = episode(n_queries=5)
    found = matcher.rank(search).hits
    q, x = (torch.from_numpy(np.float32((Z - matcher.mean_) / matcher.scale_)) for Z in (search.Q, search.X))
    with torch.no_grad():
        for i in range(5):
            want = network(q[[i] * 10], x[found.ids[i].tolist()]).numpy()
            assert np.allclose(found.scores[i], want, atol=1e-4)


def test_it_finds_classes_that_it_never_saw(matcher):
    search, wanted = episode(n_queries=200)
    found = matcher.rank(search).hits
    distances = np.linalg.norm(search.Q[:, None] - search.X, axis=2)
    learned, nearest = (found.ids[:, 0] == wanted).mean(), (distances.argmin(axis=1) == wanted).mean()
    assert learned > 0.7
    assert learned > nearest + 0.2
    assert matcher.losses_[-1] < 0.5 < matcher.losses_[0]


def test_untrained_it_says_little_and_another_seed_says_another_thing():
    search, _ = episode()
    one, two = (PairMatcher(hidden=4, n_epochs=0, random_state=seed).fit(*known()).rank(search).hits for seed in (0, 1))
    assert not np.array_equal(one.scores, two.scores)


@settings(max_examples=30, deadline=None)
@given(arrays(np.float32, (2, 8), elements=st.floats(-100, 100, width=32)))
def test_the_score_is_the_same_both_ways(matcher, pair):
    hits = Hits([[0]], [[0.0]])
    there, back = (matcher.rank(Search(hits, Q=Z[:1], X=Z[1:])).hits.scores for Z in (pair, pair[::-1].copy()))
    assert np.array_equal(there, back)


def test_padding_stays_and_blocks_change_nothing(matcher, monkeypatch):
    search, _ = episode(n_queries=4)
    hits = Hits([[3, 1, -1], [-1, -1, -1], [2, -1, -1], [0, 1, 2]], np.zeros((4, 3)))
    search = Search(hits, Q=search.Q, X=search.X)
    want = matcher.rank(search).hits
    assert want.counts.tolist() == [2, 0, 1, 3]
    assert sorted(want.ids[0, :2].tolist()) == [1, 3]
    monkeypatch.setattr("inlay.rankers.rerank._pairs.HELD_BYTES", 1)  # one pair at a time
    again = matcher.rank(search).hits
    assert np.array_equal(again.ids, want.ids)
    assert np.allclose(again.scores, want.scores, rtol=1e-6)


def test_rows_alone_in_their_class_only_serve_as_others():
    stored, y = known(n_classes=3, n_rows=3)
    y[[0, 1, 2]] = [7, 8, 9]
    method = PairMatcher(hidden=3, n_epochs=2).fit(stored, y)
    assert np.isfinite(method.losses_).all()


def test_pairs_are_what_they_are_said_to_be(monkeypatch):
    """Each row of a class of several meets one of its class that is not itself, and one of another."""
    torch = pytest.importorskip("torch")
    from inlay.nn import pair_matcher

    seen = []

    def forward(self, q, x):
        seen.append((q[:, 0].numpy().astype(int), x[:, 0].numpy().astype(int)))
        return self.head(self.joint.weight[:, :1].T).squeeze() * torch.ones(len(q))

    monkeypatch.setattr(pair_matcher.Comparator, "forward", forward)
    numbers = np.array([1, 0, 2, 1, 0, 3, 1])
    X = np.arange(7, dtype=np.float32)[:, None] * np.ones((1, 2), np.float32)
    more = {"learning_rate": 1e-3, "weight_decay": 0.0, "random_state": 0}
    pair_matcher.learn(X, numbers, hidden=2, dropout=0.0, n_epochs=200, batch_size=5, **more)
    partners = {row: (set(), set()) for row in range(7)}
    for q, x in seen:
        half = len(q) // 2
        for place, (a, b) in enumerate(zip(q, x, strict=True)):
            partners[a][place >= half].add(int(b))
    for row, (same, other) in partners.items():
        of_class = set(np.flatnonzero(numbers == numbers[row]).tolist())
        assert same == of_class - {row}
        assert other == (set(range(7)) - of_class if len(of_class) > 1 else set())


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"hidden": 0}, "hidden must be at least 1, got 0"),
        ({"n_epochs": -1}, "n_epochs must be at least 0"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, said):
    with pytest.raises(ParameterError, match=said):
        PairMatcher(**parameters).fit(*known())


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_a_network_that_bursts_is_refused():
    with pytest.raises(ParameterError, match="lower learning_rate, which is 1e\\+30"):
        PairMatcher(hidden=4, n_epochs=3, learning_rate=1e30).fit(*known())


@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_a_fit_that_bursts_leaves_what_was_learned():
    (stored, y), (search, _) = known(n_classes=10), episode()
    ranker = PairMatcher(hidden=4, n_epochs=2).fit(stored, y)
    before = ranker.rank(search).hits
    with pytest.raises(ParameterError, match="lower learning_rate"):
        ranker.set_params(learning_rate=1e30).fit(Search(stored.hits, X=stored.X + 1), y)
    np.testing.assert_array_equal(ranker.rank(search).hits.scores, before.scores)
    assert np.isfinite(ranker.losses_).all()


def test_a_stored_row_that_is_not_finite_is_named_by_its_number(matcher):
    search, _ = episode()
    X = search.X.copy()
    X[7] = np.nan
    with pytest.raises(ShapeError, match="X has a value that is not finite in row 7"):
        matcher.rank(Search(Hits([[5, 7]], [[1.0, 0.5]]), Q=search.Q[:1], X=X))


def test_what_it_cannot_learn_from_is_refused():
    stored, y = known()
    with pytest.raises(DataError, match="the 320 rows are of 1 different classes"):
        PairMatcher().fit(stored, np.zeros(len(y), int))
    with pytest.raises(DataError, match="one of them with two rows"):
        PairMatcher().fit(stored, [f"class {i}" for i in range(len(y))])
    with pytest.raises(ShapeError, match="one class for each"):
        PairMatcher().fit(stored)
    with pytest.raises(ShapeError, match="320 rows of X, got 319"):
        PairMatcher().fit(stored, y[1:])
    with pytest.raises(ParameterError, match="PairMatcher looks at X"):
        PairMatcher().fit(Search(stored.hits), y)


def test_what_it_cannot_rank_is_refused(matcher):
    search, _ = episode()
    with pytest.raises(NotFittedError):
        PairMatcher().rank(search)
    with pytest.raises(ParameterError, match="PairMatcher looks at Q"):
        matcher.rank(Search(search.hits, X=search.X))
    with pytest.raises(ShapeError, match="Q must have 8 columns, got 7"):
        matcher.rank(Search(search.hits, Q=search.Q[:, 1:], X=search.X))
    with pytest.raises(ShapeError, match="X must have 8 columns, got 7"):
        matcher.rank(Search(search.hits, Q=search.Q, X=search.X[:, 1:]))
    with pytest.raises(ShapeError, match="Row 9 was found, but X has 5 rows"):
        matcher.rank(Search(search.hits, Q=search.Q, X=search.X[:5]))
