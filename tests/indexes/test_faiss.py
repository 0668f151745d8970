import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.neighbourhoods import share_found
from inlay.core.vectors import normalize
from inlay.indexes import Exact, Faiss

faiss = pytest.importorskip("faiss", reason="needs pip install 'inlay[quantize]'")


def made(n, seed):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(40, 16))
    return normalize(centres[rng.integers(40, size=n)] + 0.5 * rng.normal(size=(n, 16)))


X, Q = made(3000, 1), made(60, 2)


def share(index, k=10, where=None):
    true = Exact().fit(X).search(Q, k, where=where).ids
    ids = index.search(Q, k, where=where).ids
    return (true[:, :, None] == ids[:, None]).any(axis=1).mean()


def test_it_is_what_faiss_finds():
    peer = faiss.index_factory(16, "IVF32,Flat", faiss.METRIC_INNER_PRODUCT)
    peer.cp.seed = 0
    peer.train(X)
    peer.add(X)
    peer.nprobe = 4
    scores, ids = peer.search(Q, 5)
    hits = Faiss("IVF32,Flat", n_probe=4).fit(X).search(Q, 5)
    np.testing.assert_array_equal(hits.ids, ids)
    np.testing.assert_allclose(hits.scores, scores, rtol=1e-5)


def test_a_graph_is_walked_as_far_as_faiss_walks_it():
    peer = faiss.IndexHNSWFlat(16, 8, faiss.METRIC_INNER_PRODUCT)
    peer.hnsw.efConstruction = 200
    faiss.omp_set_num_threads(1)
    peer.add(X)
    for effort in (10, 40):
        ids = peer.search(Q, 10, params=faiss.SearchParametersHNSW(efSearch=effort))[1]
        hits = Faiss("HNSW8", ef_search=effort, rescore=1).fit(X).search(Q, 10)
        np.testing.assert_array_equal(hits.ids, ids)
        later = Faiss("HNSW8", ef_search=7, rescore=1).fit(X).set_params(ef_search=effort)
        np.testing.assert_array_equal(later.search(Q, 10).ids, ids)
    low, high = (Faiss("HNSW4", recall=recall, rescore=1).fit(X) for recall in (0.5, 1.0))
    assert low.ef_search_ < high.ef_search_
    assert min(share(high), share(Faiss("PCA14,HNSW8,SQ8", recall=0.98).fit(X))) > 0.93


def test_a_part_more_than_k_is_compared_again():
    index = Faiss("HNSW8,SQ4", ef_search=40, rescore=1.2).fit(X)
    hits = index.search(Q, 10)
    ids = faiss.deserialize_index(index.index_).search(Q, 12, params=faiss.SearchParametersHNSW(efSearch=40))[1]
    exact = np.einsum("qd,qkd->qk", Q, X[ids])
    best = np.take_along_axis(ids, np.argsort(-exact, axis=1)[:, :10], 1)
    np.testing.assert_array_equal(np.sort(hits.ids), np.sort(best))
    assert (np.sort(best) != np.sort(ids[:, :10])).any()


def test_probes_are_as_many_as_the_recall_takes():
    few, many = Faiss("IVF64,SQ8", recall=0.5).fit(X), Faiss("IVF64,SQ8", recall=0.98).fit(X)
    assert few.n_probe_ < many.n_probe_ < 64
    assert [reading["recall@10"] >= 0.98 for reading in many.readings_][-2:] == [False, True]
    assert share(many) > 0.93


@pytest.mark.parametrize("factory", ["IVF,SQ8", "PCA8,IVF16,PQ4x4", "PCA8,PQ4x4", "HNSW8", "IVF16_HNSW8,Flat"])
def test_filters_are_full_and_kept(factory):
    index = Faiss(factory, recall=0.9, rescore=8).fit(X)
    for step in (2, 30, 400, 1500):
        where = np.arange(1, 3000, step)
        hits = index.search(Q, 10, where=where)
        np.testing.assert_array_equal(hits.counts, min(10, len(where)))
        assert np.isin(hits.ids[hits.ids >= 0], where).all()
        assert share(index, where=where) > 0.6


def test_mapped_bytes_are_searched_where_they_lie(tmp_path):
    index = Faiss("IVF32,SQ8").fit(X)
    index.save(tmp_path)
    loaded = Faiss.load(tmp_path, mmap=True)
    np.testing.assert_array_equal(loaded.search(Q, 5).ids, index.search(Q, 5).ids)
    assert not loaded.index_.flags.writeable


def test_threads_do_not_change_what_is_built():
    before = faiss.omp_get_max_threads()
    built = []
    try:
        for threads in (1, 2):
            faiss.omp_set_num_threads(threads)
            built.append(Faiss("IVF32,SQ8").fit(X).index_)
            assert faiss.omp_get_max_threads() == threads
    finally:
        faiss.omp_set_num_threads(before)
    np.testing.assert_array_equal(*built)


def test_added_rows_are_found_with_the_old_lists():
    index = Faiss("IVF16,SQ8", recall=1.0).fit(X[:2000]).add(X[2000:])
    assert len(index.vectors_) == 3000
    assert (index.search(X, 1).ids.ravel() == np.arange(3000)).mean() > 0.99
    small = Faiss().fit(X[:800]).add(X[800:1200])  # grows beyond what is compared exactly
    assert len(small.index_)
    with pytest.raises(ShapeError, match="16 columns, got 15"):
        index.add(X[:, 1:])


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (Faiss("NoSuchIndex"), "FAISS does not take factory='NoSuchIndex'"),
        (Faiss("IVF16,PQ5"), "does not take"),
        (Faiss(recall=0), "recall must be above 0"),
        (Faiss(n_probe=0), "n_probe must be None or at least 1"),
        (Faiss(ef_search=0), "ef_search must be None or at least 1"),
        (Faiss(rescore=0), "at least 1"),
        (Faiss(rescore=float("nan")), "at least 1"),
    ],
)
def test_wrong_parameters_are_refused(index, says):
    with pytest.raises(ParameterError, match=says):
        index.fit(X)


def test_a_graph_is_walked_as_far_as_rows_are_asked_for():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(300, 24))
    made = (normalize(centres[rng.integers(300, size=n)] + 0.5 * rng.normal(size=(n, 24))) for n in (8000, 100))
    X, Q = made
    index, exact = Faiss("HNSW16,SQ8").fit(X), Exact().fit(X)
    for k in (1, 10, 20, 100):
        found = share_found(Q, X, index.search(Q, k).ids, exact.search(Q, k))
        assert found.mean() > 0.95, f"recall {found.mean():.3f} at {k}"


def test_what_is_stopped_half_way_leaves_the_index_as_it_was(monkeypatch):
    rng = np.random.default_rng(0)
    X, Y = (normalize(rng.normal(size=(n, 8))) for n in (900, 1200))
    index = Faiss("IVF4,SQ8", exact_below=20).fit(X)
    before = index.search(X[:20], 3)

    def stop(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Faiss, "_tune", stop)
        with pytest.raises(KeyboardInterrupt):
            index.fit(Y)
    np.testing.assert_array_equal(index.search(X[:20], 3).ids, before.ids)
    small = Faiss("IVF5000,SQ8", exact_below=1000).fit(X)
    for _ in range(2):
        with pytest.raises(ParameterError):
            small.add(Y)
        assert len(small.vectors_) == 900


def test_factories_that_compare_twice_are_refused():
    X = normalize(np.random.default_rng(0).normal(size=(300, 8)))
    for factory in ("IVF4,SQ8,RFlat", "HNSW4,SQ8,RFlat"):
        with pytest.raises(ParameterError, match="`rescore` does that"):
            Faiss(factory, exact_below=20).fit(X)


def test_an_index_that_faiss_cannot_add_to_says_so_and_stays():
    index = Faiss("NSG16", exact_below=100).fit(X[:500])
    with pytest.raises(ParameterError, match="fit the index again with all rows"):
        index.add(X[500:600])
    assert len(index.vectors_) == 500
    assert index.search(Q, 5).ids.max() < 500
