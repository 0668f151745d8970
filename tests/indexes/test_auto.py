"""Auto takes Exact for few vectors, the smallest graph search that is good enough for many, and says why."""

import json
import sys

import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.fingerprint import fingerprint
from inlay.core.vectors import normalize
from inlay.indexes import Auto, Exact


def sample(n, seed=0):
    return normalize(np.random.default_rng(seed).standard_normal((n, 12)))


def test_few_vectors_are_searched_exactly():
    X, Q = sample(300), sample(9, 1)
    index = Auto(exact_below=300).fit(X)
    assert index.choice_["index"] == "Exact"
    assert "300 vectors are few" in index.choice_["why"]
    assert index.readings_ == []
    where = [5, 6, 200]
    assert np.array_equal(index.search(Q, 4, where=where).ids, Exact().fit(X).search(Q, 4, where=where).ids)


def test_many_get_the_least_effort_that_reaches_the_recall():
    pytest.importorskip("usearch")
    X = sample(4000)
    easy, hard = Auto(0.5, exact_below=1000).fit(X), Auto(0.995, exact_below=1000).fit(X)
    for index in (easy, hard):
        assert index.choice_["index"] == type(index.index_).__name__ == "HNSW"
        *before, last = index.readings_
        assert last["recall@10"] >= index.recall
        assert last["ef_search"] == index.index_.ef_search
        assert all(reading["recall@10"] < index.recall for reading in before)
        json.dumps([index.choice_, index.readings_])
    assert len(hard.readings_) > len(easy.readings_)


def test_a_graph_that_is_not_good_enough_is_not_taken(monkeypatch):
    pytest.importorskip("usearch")
    from inlay.indexes import hnsw

    monkeypatch.setattr(hnsw, "EFFORTS", (1, 2))
    index = Auto(1.0, exact_below=0).fit(sample(3000))
    assert index.choice_["index"] == type(index.index_).__name__ == "Exact"
    assert "% of the 10 exact neighbours at most; 100.0% were asked for" in index.choice_["why"]
    assert len(index.readings_) == 2
    assert Auto(exact_below=0).fit(sample(5)).choice_["index"] == "Exact"


def test_without_the_library_it_is_exact(monkeypatch):
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    index = Auto(exact_below=10).fit(sample(50))
    assert index.choice_["index"] == "Exact"
    assert 'pip install "inlay[hnsw]"' in index.choice_["why"]


@pytest.mark.parametrize(("below", "missing"), [(300, False), (10, False), (10, True)])
def test_progress_tells_of_every_row_once(monkeypatch, below, missing):
    if missing:
        monkeypatch.setitem(sys.modules, "usearch.index", None)
    else:
        pytest.importorskip("usearch")
    told = []
    index = Auto(0.5, exact_below=below).fit_with_progress(sample(300), told.append)
    assert sum(told) == 300
    assert index.choice_ == Auto(0.5, exact_below=below).fit(sample(300)).choice_


def test_the_same_vectors_give_the_same_choice():
    pytest.importorskip("usearch")
    X, Q = sample(2500), sample(20, 1)
    one, two = Auto(0.9, exact_below=100).fit(X), Auto(0.9, exact_below=100).fit(X)
    assert one.choice_ == two.choice_
    assert np.array_equal(one.search(Q, 5).ids, two.search(Q, 5).ids)


@pytest.mark.parametrize("below", [100, 5000])
def test_save_and_load(tmp_path, below):
    X, Q = sample(3000), sample(20, 1)
    index = Auto(exact_below=below, dtype="float16").fit(X)
    index.save(tmp_path / "index")
    found = Auto.load(tmp_path / "index", mmap=True)
    assert (found.choice_, found.readings_) == (index.choice_, index.readings_)
    assert np.array_equal(found.search(Q, 5).scores, index.search(Q, 5).scores)


def test_add_chooses_anew_when_few_become_many():
    pytest.importorskip("usearch")
    X = sample(3000)
    index = Auto(0.8, exact_below=2000).fit(X[:1500])
    assert index.add(X[1500:1900]).choice_["index"] == "Exact"
    assert index.add(X[1900:2500]).choice_["index"] == "HNSW"
    graph = index.index_
    index.add(X[2500:])
    assert index.index_ is graph
    assert (index.search(X, 1).ids[:, 0] == np.arange(3000)).mean() > 0.95


def test_does_not_touch_what_it_was_given():
    X = sample(50)
    before = X.copy()
    Auto().fit(X)
    assert X.flags.writeable
    assert np.array_equal(X, before)


def test_refuses():
    for wrong in ({"recall": 0}, {"recall": 1.1}, {"exact_below": -1}, {"dtype": "int8"}):
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            Auto(**wrong).fit(sample(5))
    with pytest.raises(ShapeError):
        Auto().fit([[np.nan]])
    with pytest.raises(NotFittedError):
        Auto().search(sample(1), 1)


def test_what_is_fitted_twice_is_the_same():
    pytest.importorskip("usearch")
    assert len({fingerprint(Auto(0.5, exact_below=100).fit(sample(1000))) for _ in range(2)}) == 1
