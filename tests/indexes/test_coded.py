import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import normalize, product_top_k
from inlay.indexes import Coded, Exact, coded
from inlay.transforms.hash import RandomHyperplanes
from inlay.transforms.quantize import BinaryQuantizer, ScalarQuantizer


@pytest.fixture
def X():
    return normalize(np.random.default_rng(0).normal(size=(700, 16)))


@pytest.mark.parametrize("bits", [8, 4])
def test_codes_answer_as_the_vectors_that_they_stand_for(X, bits):
    index = Coded(ScalarQuantizer(bits=bits)).fit(X)
    want = product_top_k(X[:9], index.codec_.inverse_transform(index.codes_), 6)
    hits = index.search(X[:9], 6)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-4, atol=1e-5)
    assert (hits.ids == want.ids).mean() > 0.95


def test_blocks_change_nothing(X, monkeypatch):
    whole = Coded(ScalarQuantizer()).fit(X).search(X[:9], 20)
    monkeypatch.setattr(coded, "BLOCK_BYTES", 4 * 16 * 50)
    parts = Coded(ScalarQuantizer()).fit(X).search(X[:9], 20)
    np.testing.assert_array_equal(parts.ids, whole.ids)
    np.testing.assert_array_equal(parts.scores, whole.scores)


def test_rescoring_gives_exact_scores_and_finds_more(X):
    exact = Exact().fit(X).search(X[:50], 10)
    found = []
    for times in (0, 2, 8):
        hits = Coded(BinaryQuantizer(), rescore=times).fit(X).search(X[:50], 10)
        found.append((hits.ids[:, :, None] == exact.ids[:, None]).any(axis=1).mean())
        if times:
            products = np.vecdot(X[hits.ids], X[:50, None])
            np.testing.assert_allclose(hits.scores, products, rtol=1e-5)
    assert found[0] < found[1] < found[2]
    # With as many candidates as there are rows nothing can be missed.
    every = Coded(BinaryQuantizer(), rescore=70).fit(X).search(X[:50], 10)
    np.testing.assert_array_equal(every.ids, exact.ids)


def test_added_rows_are_coded_by_the_same_codec(X):
    index = Coded(ScalarQuantizer(), rescore=3).fit(X[:500])
    low = index.codec_
    index.add(X[500:])
    assert index.codec_ is low
    assert len(index.codes_) == len(index.vectors_) == 700
    assert index.search(X[650:651], 1).ids[0, 0] == 650
    with pytest.raises(ShapeError, match="16 columns"):
        index.add(X[:, :3])


def test_the_codec_learns_from_a_sample(X):
    small = Coded(ScalarQuantizer(), n_fit=40).fit(X)
    rows = np.sort(np.random.default_rng(0).choice(700, 40, replace=False))
    want = ScalarQuantizer().fit(X[rows]).transform(X)
    np.testing.assert_array_equal(small.codes_, want)


def test_progress_counts_the_rows(X):
    done = []
    Coded(ScalarQuantizer()).fit_with_progress(X, done.append)
    assert sum(done) == 700


def test_vectors_are_kept_only_where_they_are_read_again(X):
    assert len(Coded(ScalarQuantizer()).fit(X).vectors_) == 0
    assert len(Coded(ScalarQuantizer(), rescore=1).fit(X).vectors_) == 700


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (Coded("int8"), "codec must have inverse_transform or search_codes"),
        (Coded(ScalarQuantizer(), rescore=-1), "rescore must be a whole number of at least 0"),
        (Coded(ScalarQuantizer(), n_fit=0), "n_fit at least 1"),
    ],
)
def test_wrong_parameters_are_refused(X, index, says):
    with pytest.raises(ParameterError, match=says):
        index.fit(X)


def test_a_hash_without_a_way_back_is_searched_by_its_codes(X):
    codec = RandomHyperplanes(bits=64)
    index = Coded(codec).fit(X)
    expected = codec.fit(X).search_codes(X[:5], index.codes_, 4)
    found = index.search(X[:5], 4)
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_array_equal(found.scores, expected.scores)
    some = index.search(X[:5], 4, where=np.arange(100, 200))
    assert ((some.ids >= 100) & (some.ids < 200)).all()
    exact = Exact().fit(X).search(X[:5], 1)
    np.testing.assert_array_equal(Coded(codec, rescore=20).fit(X).search(X[:5], 1).ids, exact.ids)


def test_vectors_that_were_not_kept_are_not_read(X):
    index = Coded(ScalarQuantizer()).fit(X).set_params(rescore=3)
    for call in (lambda: index.search(X[:2], 3), lambda: index.add(X)):
        with pytest.raises(ParameterError, match="rescore is 3, but the full vectors were not kept"):
            call()


def test_what_is_added_to_nothing_is_learned_from(X):
    index, one = Coded(ScalarQuantizer()).fit(X[:0]).add(X), Coded(ScalarQuantizer()).fit(X)
    np.testing.assert_array_equal(index.codes_, one.codes_)


def test_codes_that_are_searched_in_their_own_way_take_no_queries(X):
    hits = Coded(RandomHyperplanes(bits=64)).fit(X).search(X[:0], 3)
    assert hits.ids.shape == (0, 3)


def test_codes_that_are_no_arrays_are_refused(X):
    pytest.importorskip("torch")
    from inlay.transforms.sparse import SparseCodes

    with pytest.raises(ParameterError, match=r"codec must (make arrays|have)"):
        Coded(SparseCodes(dim=16, n_epochs=1)).fit(X)
    with pytest.raises(ParameterError, match="rescore must be a whole number"):
        Coded(ScalarQuantizer(), rescore=1.5).fit(X)
