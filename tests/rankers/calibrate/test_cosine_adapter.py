"""The Cosine Adapter: the mapping by loops, what it learns of the queries, and what it refuses."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.rankers.calibrate import CosineAdapter


def judged(n=200, k=6, seed=0):
    """Return a search where the cosine that is needed depends on the query, from 0.2 to 0.8, and its judgments."""
    rng = np.random.default_rng(seed)
    Q = rng.normal(size=(n, 5)).astype(np.float32)
    cosines = -np.sort(-rng.uniform(0, 1, size=(n, k)))
    ids = np.tile(np.arange(k), (n, 1))
    needed = np.where(Q[:, 0] > 0, 0.75, 0.25)
    y = [{j: 1.0 for j in range(k) if cosines[i, j] > needed[i]} for i in range(n)]
    return Search(Hits(ids, cosines), Q=Q), y, cosines > needed[:, None]


def small(mapping="power", **more):
    return CosineAdapter(mapping, hidden=16, n_epochs=30, learning_rate=0.01, **more)


@pytest.mark.parametrize("mapping", ["linear", "square_root", "quadratic", "power"])
def test_scores_are_the_mapping_by_loops(mapping):
    search, y, _ = judged(n=30)
    ids, scores = search.hits.ids, search.hits.scores - 0.4  # some below zero
    search = Search(Hits(ids, scores), Q=search.Q)
    adapter = small(mapping).fit(search, y)
    found = adapter.rank(search).hits
    held = {"linear": 1.0, "square_root": 0.5, "quadratic": 2.0}
    for i, (a, b, k) in enumerate(adapter.parameters(search.Q)):
        assert a > 0
        assert k == held[mapping] if mapping in held else 0 < k < 2
        want = [1 / (1 + np.exp(-(np.sign(x) * a * abs(x) ** k + b))) for x in scores[i].astype(float)]
        assert np.allclose(found.scores[i], want, rtol=1e-5)
        assert found.ids[i].tolist() == ids[i].tolist()  # a rising mapping leaves the order


def test_parameters_are_those_of_the_network():
    torch = pytest.importorskip("torch")
    from inlay.nn.cosine_adapter import learn

    search, y, good = judged(n=40)
    adapter = small().fit(search, y)
    scaled = (search.Q - search.Q.mean(axis=0)) / search.Q.std()
    network, losses = learn(
        scaled,
        search.hits.scores,
        good.astype(np.float32),
        np.ones(good.shape, bool),
        hidden=16,
        slope=adapter.start_[0],
        middle=adapter.start_[1],
        step=0.1,
        power=None,
        n_epochs=30,
        batch_size=32,
        learning_rate=0.01,
        weight_decay=0.1,
        random_state=0,
    )
    with torch.no_grad():
        want = torch.cat(network(torch.from_numpy(scaled)), dim=1).numpy()
    assert np.allclose(adapter.parameters(search.Q), want, rtol=1e-4)
    assert np.allclose(adapter.losses_, losses)
    assert losses[-1] < losses[0]


def test_without_learning_all_queries_have_one_mapping():
    search, y, _ = judged(n=50)
    adapter = CosineAdapter("linear", n_epochs=0).fit(search, y)
    a, b, k = adapter.parameters(search.Q).T
    assert np.ptp(a) == np.ptp(b) == 0
    assert (k == 1).all()
    assert a[0] * adapter.start_[1] == pytest.approx(-b[0])


def test_it_learns_what_a_query_needs():
    search, y, _ = judged()
    asked, _, good = judged(seed=1)
    adapter = small().fit(search, y)
    P = adapter.rank(asked).hits.scores
    raw = average_precision_score(good.ravel(), asked.hits.scores.ravel())
    assert average_precision_score(good.ravel(), P.ravel()) > raw + 0.05
    left = adapter.set_params(threshold=0.5).rank(asked).hits
    assert np.mean((left.ids >= 0) == good) > 0.85
    assert (left.counts == 0).any()


def test_what_is_no_hit_teaches_nothing():
    search, y, _ = judged(n=30)
    ids, scores = (np.pad(part, ((0, 0), (0, 2)), constant_values=-1) for part in (search.hits.ids, search.hits.scores))
    padded = Search(Hits(ids, scores), Q=search.Q)
    want, got = small().fit(search, y), small().fit(padded, y)
    assert np.allclose(want.parameters(search.Q), got.parameters(search.Q), rtol=1e-4)
    assert got.rank(padded).hits.counts.tolist() == [6] * 30


def test_refusals():
    search, y, _ = judged(n=6)
    for name, value in {"mapping": "cubic", "threshold": -0.1, "hidden": 0, "learning_rate": 0.0}.items():
        with pytest.raises(ParameterError, match=name):
            CosineAdapter(**{name: value}).fit(search, y)
    with pytest.raises(ParameterError, match="CosineAdapter looks at Q"):
        CosineAdapter().fit(Search(search.hits), y)
    with pytest.raises(ParameterError, match="of 36 hits 0 are relevant"):
        CosineAdapter().fit(search, [{}] * 6)
    with pytest.raises(ShapeError, match="has 6 queries, but y has judgments for 2"):
        CosineAdapter().fit(search, y[:2])
    with pytest.raises(ParameterError, match="lower learning_rate"):
        CosineAdapter(learning_rate=1e30, n_epochs=3).fit(search, y)
    adapter = CosineAdapter(n_epochs=1)
    with pytest.raises(NotFittedError):
        adapter.rank(search)
    with pytest.raises(ShapeError, match="Q must have 5 columns, got 2"):
        adapter.fit(search, y).rank(Search(search.hits, Q=search.Q[:, :2]))


def test_a_fit_that_fails_changes_nothing():
    search, y, _ = judged(n=30)
    adapter = CosineAdapter(hidden=4, n_epochs=1).fit(search, y)
    want = adapter.rank(search).hits.scores
    with pytest.raises(ParameterError, match="lower learning_rate"):
        adapter.set_params(learning_rate=1e30, n_epochs=3).fit(search, y)
    np.testing.assert_array_equal(adapter.rank(search).hits.scores, want)
