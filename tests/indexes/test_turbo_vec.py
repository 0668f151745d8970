import copy

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.indexes import Exact, TurboVec

turbovec = pytest.importorskip("turbovec", reason="needs pip install 'inlay[quantize]'")


@pytest.fixture
def X():
    return normalize(np.random.default_rng(0).normal(size=(600, 32)))


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_it_is_what_turbovec_finds(X, bits):
    peer = turbovec.TurboQuantIndex(dim=32, bit_width=bits)
    peer.add(X)
    scores, ids = peer.search(X[:20], 5)
    hits = TurboVec(bits).fit(X).search(X[:20], 5)
    np.testing.assert_array_equal(hits.ids, ids)
    np.testing.assert_allclose(hits.scores, scores, rtol=1e-6)


def test_more_bits_and_rescoring_find_more(X):
    exact = Exact().fit(X).search(X[:80], 10).ids
    found = []
    for index in (TurboVec(2), TurboVec(4), TurboVec(2, rescore=8)):
        ids = index.fit(X).search(X[:80], 10).ids
        found.append((ids[:, :, None] == exact[:, None]).any(axis=1).mean())
    assert found[0] < found[1] < found[2]
    assert found[2] > 0.99


def test_any_number_of_columns(X):
    index = TurboVec(rescore=4).fit(X[:, :13])
    assert index.bytes_per_vector == 12
    assert index.search(X[:4, :13], 1).ids.ravel().tolist() == [0, 1, 2, 3]


def test_lengths_count():
    X = np.float32([[1] * 8, [3] * 8, [2] * 8])
    np.testing.assert_allclose(TurboVec().fit(X).search(X[:1], 3).scores, [[24, 16, 8]], rtol=0.1)
    assert TurboVec().fit(X).search(X[:1], 3).ids.tolist() == [[1, 2, 0]]


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (TurboVec(5), r"bits must be one of \(2, 3, 4\)"),
        (TurboVec(rescore=-1), "at least 0"),
        (TurboVec(rescore=2.5), "whole number"),
    ],
)
def test_wrong_parameters_are_refused(X, index, says):
    with pytest.raises(ParameterError, match=says):
        index.fit(X)


def test_added_rows_have_to_have_the_columns(X):
    with pytest.raises(ShapeError, match="32 columns, got 3"):
        TurboVec().fit(X).add(X[:, :3])


def test_vectors_that_were_not_kept_are_not_read():
    X = normalize(np.random.default_rng(0).normal(size=(300, 16)))
    index = TurboVec().fit(X).set_params(rescore=3)
    for call in (lambda: index.search(X[:2], 3), lambda: index.add(X)):
        with pytest.raises(ParameterError, match="rescore is 3, but the full vectors were not kept"):
            call()


def test_a_copy_grows_alone():
    X = normalize(np.random.default_rng(0).normal(size=(300, 16)))
    index = TurboVec().fit(X)
    before = index.search(X[:9], 3)
    copy.copy(index).add(X[:7])
    np.testing.assert_array_equal(index.search(X[:9], 3, where=np.ones(300, bool)).ids, before.ids)
