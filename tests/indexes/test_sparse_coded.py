import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.indexes import Exact, SparseCoded
from inlay.transforms.sparse import SparseCodes

pytest.importorskip("numba", reason="needs pip install 'inlay[quantize]'")
pytest.importorskip("torch", reason="needs pip install 'inlay[nn]'")


@pytest.fixture(scope="module")
def X():
    centres = normalize(np.random.default_rng(0).normal(size=(20, 16)))
    return normalize(np.repeat(centres, 30, axis=0) + 0.2 * np.random.default_rng(1).normal(size=(600, 16)))


@pytest.fixture(scope="module")
def codec():
    return SparseCodes(dim=96, strength=100, n_epochs=40, batch_size=50, learning_rate=0.01)


def test_scores_are_products_of_codes(X, codec):
    index = SparseCoded(codec).fit(X)
    codes = index.codec_.transform(X).toarray()
    hits = index.search(X[:7], 600)
    want = codes[:7] @ codes.T
    np.testing.assert_allclose(hits.scores, np.take_along_axis(want, hits.ids, 1), atol=1e-5)
    np.testing.assert_allclose(hits.scores, -np.sort(-want, axis=1), atol=1e-5)
    # Every row is found once, those without a common dimension last and in order.
    assert (np.sort(hits.ids, axis=1) == np.arange(600)).all()
    for ids, scores in zip(hits.ids, hits.scores, strict=True):
        assert (scores == 0).any()
        assert (np.diff(ids[scores == 0]) > 0).all()


def test_a_filter_never_costs_hits(X, codec):
    index = SparseCoded(codec).fit(X)
    rows = np.arange(0, 600, 60)
    hits = index.search(X[:5], 12, where=rows)
    assert (hits.counts == 10).all()
    assert all(set(ids[:10]) == set(rows) for ids in hits.ids.tolist())


def test_rescoring_gives_exact_scores_and_finds_more(X, codec):
    exact = Exact().fit(X).search(X[:50], 10)
    found = []
    for times in (0, 4):
        hits = SparseCoded(codec, rescore=times).fit(X).search(X[:50], 10)
        found.append((hits.ids[:, :, None] == exact.ids[:, None]).any(axis=1).mean())
    assert found[0] < found[1]
    np.testing.assert_allclose(hits.scores, np.vecdot(X[hits.ids], X[:50, None]), rtol=1e-5)


def test_added_rows_are_coded_by_the_same_codec(X, codec):
    index = SparseCoded(codec, rescore=3).fit(X[:500])
    learned = index.codec_
    index.add(X[500:])
    assert index.codec_ is learned
    assert index.index_.n_rows_ == len(index.vectors_) == 600
    assert index.search(X[550:551], 1).ids[0, 0] == 550
    assert index.bytes_per_vector == pytest.approx(8 * len(index.index_.rows_) / 600 + 8 * 97 / 600)
    with pytest.raises(ShapeError, match="16 columns"):
        index.add(X[:, :3])


def test_wrong_parameters_are_refused(X, codec):
    with pytest.raises(ParameterError, match="rescore must be a whole number of at least 0"):
        SparseCoded(codec, rescore=-1).fit(X)
    with pytest.raises(ParameterError, match="n_fit at least 1"):
        SparseCoded(codec, n_fit=0).fit(X)


def test_vectors_that_were_not_kept_are_not_read(X):
    index = SparseCoded(SparseCodes(dim=64, n_epochs=1)).fit(X).set_params(rescore=3)
    for call in (lambda: index.search(X[:2], 3), lambda: index.add(X)):
        with pytest.raises(ParameterError, match="rescore is 3, but the full vectors were not kept"):
            call()


def test_what_is_added_to_nothing_is_learned_from(X):
    codec = SparseCodes(dim=64, n_epochs=1)
    index, one = SparseCoded(codec).fit(X[:0]).add(X), SparseCoded(codec).fit(X)
    np.testing.assert_array_equal(index.index_.values_, one.index_.values_)
