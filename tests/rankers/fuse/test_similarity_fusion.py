import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.rankers.fuse import SimilarityFusion


def pairs(S):
    """One query for each row of S, with one candidate, scored by every layer."""
    rows = np.arange(len(S))[:, None]
    first, *others = (Hits(rows, layer[:, None]) for layer in np.float32(S).T)
    return Search(first, tuple(others))


def layers(n=300, noise=(0.5, 1.0, 1.0, 2.0), seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    S = truth[:, None] + np.array(noise) * rng.normal(size=(n, len(noise)))
    return np.float32(S * [1, 10, 0.1, 1] + [0, 5, 0, -3]), truth


def test_the_centrality_is_that_of_power_iteration():
    S, _ = layers()
    method = SimilarityFusion().fit(pairs(S))
    C = np.maximum(np.corrcoef(S.T.astype(float)), 0)
    w = np.ones(4)
    for _ in range(500):
        w = C @ w
        w /= w.sum()
    np.testing.assert_allclose(method.weights_, w, atol=1e-6)


def test_grades_give_the_non_negative_least_squares_of_scikit_learn():
    S, truth = layers()
    method = SimilarityFusion().fit(pairs(S), [{i: float(grade)} for i, grade in enumerate(truth)])
    want = LinearRegression(positive=True).fit(S.astype(float), truth).predict(S.astype(float))
    np.testing.assert_allclose(method.fuse(S), want, atol=1e-4)


def test_rank_gives_what_fuse_gives():
    S, _ = layers()
    method = SimilarityFusion().fit(pairs(S))
    out = method.rank(pairs(S[:50]))
    np.testing.assert_allclose(out.hits.scores[:, 0], method.fuse(S[:50]), rtol=1e-5, atol=1e-6)
    assert out.legs[:, 0].tolist() == S[:50].tolist()


def test_the_network_is_closer_to_the_truth_than_any_layer_of_like_quality():
    S, truth = layers(2000, (1.0, 1.0, 1.0, 1.0))
    fused = np.corrcoef(SimilarityFusion().fit(pairs(S)).fuse(S), truth)[0, 1]
    assert fused > max(np.corrcoef(layer, truth)[0, 1] for layer in S.T) + 0.1


def test_a_layer_without_agreement_counts_for_little():
    S, _ = layers(2000)
    S[:, 3] = np.random.default_rng(9).normal(size=2000)
    assert SimilarityFusion().fit(pairs(S)).weights_[3] < 0.05


def test_a_pair_that_a_layer_lacks_has_its_least():
    one, two = Hits([[0, 1, 2]], [[3, 2, 1]]), Hits([[1, 0]], [[9, 4]])
    method = SimilarityFusion().fit(Search(one, (two,)))
    assert method.minimum_.tolist() == [1, 4]
    out = method.rank(Search(one, (two,)))
    assert out.hits.scores[0, out.hits.ids[0].tolist().index(2)] == method.fuse([[1, 4]])[0]


def test_wrong_input_is_refused():
    S, _ = layers()
    method = SimilarityFusion().fit(pairs(S))
    with pytest.raises(ParameterError, match="fitted on 4 lists"):
        method.rank(pairs(S[:, :3]))
    with pytest.raises(ShapeError, match="S must have 4 columns, got 3"):
        method.fuse(S[:, :3])
    with pytest.raises(ShapeError, match="has 300 queries, but y has judgments for 1"):
        SimilarityFusion().fit(pairs(S), [{}])
    with pytest.raises(ShapeError, match="this one has none"):
        SimilarityFusion().fit(Search(Hits([[-1]], [[-np.inf]])))


def test_lists_that_do_not_agree_count_alike():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(200, 1000))
    lists = []
    for _ in range(3):  # three equally good measures, the ten best of each
        scores = truth + rng.normal(size=truth.shape)
        ids = np.argsort(-scores, axis=1)[:, :10]
        lists.append(Hits(ids, np.take_along_axis(scores, ids, 1)))
    weights = SimilarityFusion().fit(Search(lists[0], others=tuple(lists[1:]))).weights_
    np.testing.assert_allclose(weights, 1 / 3, atol=1e-6)


@pytest.mark.parametrize("order", [(0, 0, 1, 1), (0, 1, 0, 1)])
def test_the_order_of_equal_camps_does_not_choose_between_them(order):
    falling = np.float32([[4, 3, 2, 1]])
    camps = Hits([[0, 1, 2, 3]], falling), Hits([[3, 2, 1, 0]], falling)
    lists = [camps[i] for i in order]
    weights = SimilarityFusion().fit(Search(lists[0], others=tuple(lists[1:]))).weights_
    np.testing.assert_allclose(weights, 0.25, atol=1e-6)


def test_grades_that_are_not_finite_are_refused_and_change_nothing():
    search = Search(Hits([[0, 1]], [[2.0, 1.0]]), others=(Hits([[1, 0]], [[5.0, 1.0]]),))
    ranker = SimilarityFusion().fit(search)
    with pytest.raises(ShapeError, match="not a finite number"):
        ranker.fit(Search(Hits([[0]], [[9.0]])), [{0: float("nan")}])
    assert ranker.minimum_.tolist() == [1.0, 1.0]
