import numpy as np
import pytest

from inlay._compression.measured import Trial, _once, measure
from inlay.core.values import Hits
from inlay.core.vectors import normalize, product_top_k
from inlay.indexes import Coded, Exact
from inlay.transforms.quantize import ScalarQuantizer


@pytest.fixture
def X():
    return normalize(np.random.default_rng(0).normal(size=(400, 16)))


def trial(X, grades=None, documents=None):
    documents = np.arange(len(X)) if documents is None else documents
    return Trial(X, X[:40], 5, product_top_k(X[:40], X, 5), grades, documents)


def test_a_document_counts_where_it_stands_first():
    ids = np.array([[4, 2, 4, -1], [1, 1, 1, 3]])
    scores = np.float32([[0.9, 0.5, 0.4, -np.inf], [0.4, 0.3, 0.2, 0.1]])
    hits = _once(ids, scores)
    assert hits.ids.tolist() == [[4, 2, -1, -1], [1, 3, -1, -1]]
    np.testing.assert_array_equal(hits.scores[:, :2], np.float32([[0.9, 0.5], [0.4, 0.1]]))


def test_recall_equals_sets(X):
    on = trial(X)
    ids = np.random.default_rng(1).permuted(np.tile(np.arange(400), (40, 1)), axis=1)[:, :5]
    hits = Hits(ids, np.tile(np.float32([5, 4, 3, 2, 1]), (40, 1)))
    want = [len({*a} & {*b}) / 5 for a, b in zip(on.exact.ids.tolist(), ids.tolist(), strict=True)]
    assert on.recall(hits).tolist() == pytest.approx(want)


def test_exact_search_keeps_everything(X):
    pytest.importorskip("ir_measures", reason="needs pip install 'inlay[eval]'")
    grades = [{i: 2, i + 1: 1} for i in range(40)]
    found = measure("float32", Exact(), trial(X, grades), {})
    assert (found.memory, found.disk, found.recall.value, found.kept.value, found.bound) == (64, 0, 1.0, 1.0, None)
    assert found.ndcg.value > 0.5


def test_codes_cost_less_and_the_bound_holds(X):
    small, read_again = (measure("", Coded(ScalarQuantizer(bits=4), rescore=n), trial(X), {}) for n in (0, 10))
    assert (small.memory, small.disk) == (8, 0)
    assert (read_again.memory, read_again.disk) == (8, 64)
    assert small.recall.value < read_again.recall.value
    assert read_again.bound.certain <= read_again.recall.value
    assert small.bound.place >= 5


def test_several_passages_of_a_document_are_one_hit(X):
    pytest.importorskip("ir_measures", reason="needs pip install 'inlay[eval]'")
    documents = np.arange(400) // 2
    grades = [{int(documents[i]): 1} for i in range(40)]
    on = trial(X, grades, documents)
    assert on.depth == 25
    assert on.ndcg(product_top_k(X[:40], X, 25)).tolist() == [1.0] * 40


def test_what_was_coded_is_not_coded_again(X, monkeypatch):
    on, known = trial(X), {}
    alone = measure("", Coded(ScalarQuantizer(), rescore=3), on, {})
    first = measure("", Coded(ScalarQuantizer()), on, known)
    monkeypatch.setattr(ScalarQuantizer, "fit", None)
    second = measure("", Coded(ScalarQuantizer(), rescore=3), on, known)
    assert second.recall == alone.recall
    assert second.disk == 64
    assert first.disk == 0
