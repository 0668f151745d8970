from itertools import product

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Ragged, Search
from inlay.rankers.rerank import SentenceTransport


def vectors(lengths: list[int], seed: int) -> Ragged:
    values = np.random.default_rng(seed).normal(size=(sum(lengths), 5)).astype(np.float32)
    return Ragged(values, np.cumsum([0, *lengths]))


IDS = np.array([[0, 1, 2, 3, 4], [4, 2, 0, -1, -1], [-1] * 5])
SEARCH = Search(
    Hits(IDS, np.where(IDS < 0, -np.inf, -np.arange(5, dtype=np.float32))),
    Q_parts=vectors([3, 1, 2], 0),
    X_parts=vectors([2, 6, 1, 0, 4], 1),
)


def softmax(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values - values.max())
    return np.asarray(weights / weights.sum())


def each() -> list[tuple[int, int, np.ndarray]]:
    assert SEARCH.Q_parts is not None
    assert SEARCH.X_parts is not None
    out = []
    for query, row in product(range(3), range(5)):
        q, x = SEARCH.Q_parts[query], SEARCH.X_parts[row]
        if row in IDS[query] and len(x):
            out.append((query, row, np.linalg.norm(q[:, None].astype(np.float64) - x, axis=2)))
    return out


def scores_of(hits: Hits) -> dict[tuple[int, int], float]:
    return {
        (i, int(row)): float(s)
        for i in range(3)
        for row, s in zip(hits.ids[i], hits.scores[i], strict=True)
        if row >= 0
    }


@pytest.mark.parametrize(("epsilon", "temperature"), [(0.3, 1.0), (0.5, 0.2), (0.3, float("inf"))])
def test_the_plan_is_that_of_pot(epsilon: float, temperature: float) -> None:
    ot = pytest.importorskip("ot", reason="needs pip install 'inlay[transport]'")
    ranker = SentenceTransport(epsilon=epsilon, temperature=temperature, n_iter=2000)
    found = scores_of(ranker.rank(SEARCH).hits)
    assert len(found) == len(each()) == 7
    for query, row, D in each():
        a, b = softmax(-D.min(axis=1) / temperature), softmax(-D.min(axis=0) / temperature)
        plan = ot.sinkhorn(a, b, D, epsilon, method="sinkhorn_log", numItermax=2000, stopThr=1e-9)
        np.testing.assert_allclose(found[query, row], -(plan * D).sum(), rtol=1e-5)


def test_little_entropy_comes_near_the_cheapest_plan() -> None:
    ot = pytest.importorskip("ot", reason="needs pip install 'inlay[transport]'")
    found = scores_of(SentenceTransport(epsilon=0.05, temperature=float("inf"), n_iter=2000).rank(SEARCH).hits)
    for query, row, D in each():
        cheapest = ot.emd2(np.full(len(D), 1 / len(D)), np.full(D.shape[1], 1 / D.shape[1]), D)
        assert cheapest * 0.9999 <= -found[query, row] <= cheapest * 1.02


def far_apart() -> Search:
    """Sentences of length eight, so far apart that the entropy is small beside their distances."""
    rng = np.random.default_rng(5)
    query = rng.normal(size=(8, 16)) * 2
    items = [rng.normal(size=(int(rng.integers(4, 12)), 16)) * 2 + query[rng.integers(8)] * 0.5 for _ in range(10)]
    return Search(Hits([np.arange(10)], [np.zeros(10)]), Q_parts=Ragged.stack([query]), X_parts=Ragged.stack([*items]))


def test_few_iterations_come_to_the_plan_of_sentences_far_apart() -> None:
    ot = pytest.importorskip("ot", reason="needs pip install 'inlay[transport]'")
    search = far_apart()
    assert search.Q_parts is not None
    assert search.X_parts is not None
    hits = SentenceTransport().rank(search).hits
    for row, score in zip(hits.ids[0], hits.scores[0], strict=True):
        D = np.linalg.norm(search.Q_parts[0][:, None].astype(np.float64) - search.X_parts[row], axis=2)
        a, b = softmax(-D.min(axis=1)), softmax(-D.min(axis=0))
        # The entropy of a plan is at most that of its margins, so much can it cost more than the cheapest.
        most = 0.05 * -(a[:, None] * b * np.log(a[:, None] * b)).sum()
        assert -1e-3 <= -score - ot.emd2(a, b, D) <= most + 1e-3
    many = SentenceTransport(n_iter=20_000).rank(search).hits
    np.testing.assert_array_equal(hits.ids, many.ids)
    np.testing.assert_allclose(hits.scores, many.scores, atol=1e-3)


def test_a_score_does_not_depend_on_the_hits_beside_it() -> None:
    search = far_apart()
    together = SentenceTransport(n_iter=20).rank(search).hits
    for row, score in zip(together.ids[0], together.scores[0], strict=True):
        alone = Search(Hits([[row]], [[0]]), Q_parts=search.Q_parts, X_parts=search.X_parts)
        assert SentenceTransport(n_iter=20).rank(alone).hits.scores[0, 0] == pytest.approx(score, rel=1e-6)


def test_the_best_match_is_the_smallest_distance() -> None:
    found = scores_of(SentenceTransport("best").rank(SEARCH).hits)
    for query, row, D in each():
        assert found[query, row] == pytest.approx(-D.min(), rel=1e-6)


def test_hits_without_parts_and_those_behind_are_left_out() -> None:
    assert SentenceTransport().rank(SEARCH).hits.counts.tolist() == [4, 3, 0]
    few = SentenceTransport(n_reranked=2).rank(SEARCH).hits
    assert [sorted(row) for row in few.ids.tolist()] == [[0, 1], [2, 4], [-1, -1]]


def test_a_document_is_nearest_to_itself_with_its_sentences_in_any_order() -> None:
    assert SEARCH.X_parts is not None
    items = Ragged.stack([SEARCH.X_parts[1], SEARCH.X_parts[1][::-1], SEARCH.X_parts[4]])
    query = Ragged.stack([SEARCH.X_parts[1]])
    search = Search(Hits([[2, 1, 0]], [[3, 2, 1]]), Q_parts=query, X_parts=items)
    hits = SentenceTransport(temperature=float("inf")).rank(search).hits
    assert hits.ids[0, 2] == 2
    np.testing.assert_allclose(hits.scores[0, :2], 0, atol=1e-5)


@pytest.mark.parametrize("wrong", [{"match": "sum"}, {"epsilon": 0.0}, {"temperature": -1.0}, {"n_iter": 0}])
def test_what_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        SentenceTransport(**wrong).rank(SEARCH)  # type: ignore[arg-type]


def test_nothing_stored_gives_no_hits_and_a_row_that_is_not_there_is_named() -> None:
    parts = {"Q_parts": vectors([2], 0), "X_parts": vectors([], 0)}
    assert SentenceTransport().rank(Search(Hits([[-1, -1]], [[-np.inf] * 2]), **parts)).hits.ids.tolist() == [[-1, -1]]
    with pytest.raises(ShapeError, match="Row 5 was found, but X_parts has 2 rows"):
        SentenceTransport().rank(Search(Hits([[5]], [[1]]), Q_parts=vectors([2], 0), X_parts=vectors([1, 2], 1)))
