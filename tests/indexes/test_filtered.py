import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.indexes import HNSW, Auto, Exact, Faiss, Filtered, Inverted

pytest.importorskip("usearch", reason="needs pip install 'inlay[hnsw]'")
N = 2500


def made(n, seed):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(30, 12))
    return normalize(centres[rng.integers(30, size=n)] + 0.6 * rng.normal(size=(n, 12)))


X, Q = made(N, 1), made(40, 2)
GRAPH = HNSW(M=6, ef_construction=40, ef_search=20)


@pytest.fixture(scope="module")
def index():
    return Filtered(GRAPH, recall=0.9).fit(X)


@pytest.mark.parametrize("plan", ["pre", "in", "post"])
@pytest.mark.parametrize("n_allowed", [1, 6, 80, 1200])
def test_every_plan_finds_as_many_as_there_are(plan, n_allowed, index):
    rows = np.sort(np.random.default_rng(3).permutation(N)[:n_allowed])
    only = Filtered(GRAPH, plans=[plan])
    vars(only).update({name: value for name, value in vars(index).items() if name.endswith("_")})
    hits, true = only.search(Q, 10, where=rows), Exact().fit(X).search(Q, 10, where=rows)
    assert only.plan(rows, 10).name == plan
    np.testing.assert_array_equal(hits.counts, min(10, n_allowed))
    assert np.isin(hits.ids[hits.ids >= 0], rows).all()
    found = ((hits.ids[:, :, None] == true.ids[:, None]) & (true.ids >= 0)[:, None]).any(axis=1).sum()
    assert found >= (1.0 if plan == "pre" else 0.8) * (true.ids >= 0).sum()
    same = hits.ids == true.ids
    np.testing.assert_array_equal(hits.scores[same], true.scores[same])  # exact scores, whatever the plan


def test_the_cheapest_plan_that_finds_enough_is_taken(index):
    few, many = index.plan(np.arange(5), 10), index.plan(np.arange(N) % 2 == 0, 10)
    assert (few.name, few.recall, few.selectivity) == ("pre", 1.0, 0.002)
    assert many.name in ("in", "post")
    assert many.cost < N
    assert many.recall >= 0.9
    assert "1,250 of 2,500 rows are allowed" in many.why
    assert "pre costs 4,167 at a recall of 1.000" in many.why
    assert index.plan(None, 10).name == "all"
    strict = Filtered(GRAPH, recall=1.0)
    vars(strict).update({name: value for name, value in vars(index).items() if name.endswith("_")})
    strict.readings_ = [{"selectivity": 0.5, "in": 0.99, "post": 0.98}]
    assert strict.plan(np.arange(N) % 2 == 0, 10).name == "pre"


def test_readings_tell_what_random_filters_leave(index):
    assert [reading["selectivity"] for reading in index.readings_] == [0.01, 0.1, 0.5]
    for reading in index.readings_:
        assert 0.7 < reading["in"] <= 1
        assert 0.7 < reading["post"] <= 1


def test_masks_combine_and_no_filter_asks_the_index(index):
    length, kind = np.arange(N) % 97, np.arange(N) % 5
    where = (length > 20) & (length < 60) & np.isin(kind, [1, 4])
    assert where[index.search(Q, 5, where=where).ids].all()
    np.testing.assert_array_equal(index.search(Q, 5).ids, index.index_.search(Q, 5).ids)
    assert index.search(Q, 5, where=np.zeros(N, bool)).counts.tolist() == [0] * len(Q)


def test_it_grows_with_its_index():
    index = Filtered(Exact()).fit(X[:100]).add(X[100:150])
    assert index.search(X[120:121], 1, where=np.arange(100, 150)).ids.tolist() == [[120]]
    with pytest.raises(ShapeError, match="12 columns, got 3"):
        index.add(X[:, :3])


def test_costs_of_lists_are_counted():
    pytest.importorskip("faiss", reason="needs pip install 'inlay[quantize]'")
    index = Filtered(Faiss("IVF50,SQ8", n_probe=5)).fit(X)
    assert index.plan(None, 10).cost == 50 + N * 5 / 50


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (Filtered(Inverted()), "stores vectors"),
        (Filtered(Auto(), plans=["between"]), "plans must be some of pre, in, post"),
        (Filtered(Exact(), plans=[]), "plans must be some of"),
        (Filtered(Exact(), slack=0.5), "slack finite and at least 1"),
        (Filtered(Exact(), recall=0), "recall must be above 0"),
    ],
)
def test_wrong_parameters_are_refused(index, says):
    with pytest.raises(ParameterError, match=says):
        index.fit(X)


def test_vectors_are_shared_with_the_index_after_add():
    X = normalize(np.random.default_rng(0).normal(size=(300, 8)))
    index = Filtered(Exact()).fit(X[:200]).add(X[200:])
    assert np.shares_memory(index.vectors_, index.index_.vectors_)
    with pytest.raises(ParameterError, match="slack finite"):
        Filtered(Exact(), slack=np.inf).fit(X)
