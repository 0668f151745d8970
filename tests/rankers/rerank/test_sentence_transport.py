from itertools import product

import numpy as np
import pytest

from inlay.core.errors import ParameterError
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
