from itertools import pairwise

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import product_top_k
from inlay.transforms.quantize import ProductQuantizer
from inlay.transforms.quantize._lloyd import kmeans, means, nearest

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 10)).astype(np.float32)
Q = RNG.normal(size=(9, 10)).astype(np.float32)


@pytest.mark.parametrize(("m", "bits"), [(5, 4), (3, 4), (2, 8)])
def test_codes_are_those_of_loops(m, bits):
    codec = ProductQuantizer(m, bits=bits, n_iter=3).fit(X)
    codes, back = codec.transform(X), codec.inverse_transform(codec.transform(X))
    assert codes.shape == (600, -(-m * bits // 8))
    width = -(-10 // m)
    padded = np.pad(X, ((0, 0), (0, m * width - 10)))
    for i in range(0, 600, 7):
        for j in range(m):
            part = padded[i, j * width : (j + 1) * width]
            far = ((codec.centroids_[j].astype(float) - part) ** 2).sum(axis=1)
            found = codes[i, j] if bits == 8 else codes[i, j // 2] >> 4 * (j % 2) & 15
            assert far[found] == pytest.approx(far.min(), rel=1e-5)
            want = codec.centroids_[j, found][: 10 - j * width]
            np.testing.assert_array_equal(back[i, j * width : (j + 1) * width], want)


@pytest.mark.parametrize("m", [5, 3])
def test_search_is_that_of_the_vectors_that_codes_stand_for(m):
    pytest.importorskip("numba")
    codec = ProductQuantizer(m, bits=4, n_iter=3).fit(X)
    codes = codec.transform(X)
    hits, want = codec.search_codes(Q, codes, 15), product_top_k(Q, codec.inverse_transform(codes), 15)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-5, atol=1e-6)
    one = codec.search_codes(Q[4:5], codes, 15)
    np.testing.assert_array_equal(one.ids[0], hits.ids[4])
    np.testing.assert_array_equal(one.scores[0], hits.scores[4])


def test_faiss_makes_the_same_codes_of_the_centroids_and_no_better_ones():
    faiss = pytest.importorskip("faiss")
    codec = ProductQuantizer(5, bits=8, n_iter=25).fit(X)
    other = faiss.ProductQuantizer(10, 5, 8)
    faiss.copy_array_to_vector(codec.centroids_.ravel(), other.centroids)
    np.testing.assert_array_equal(other.compute_codes(X), codec.transform(X))
    other.cp.min_points_per_centroid = 1
    other.train(X)
    theirs = ((other.decode(other.compute_codes(X)) - X) ** 2).sum()
    ours = ((codec.inverse_transform(codec.transform(X)) - X) ** 2).sum()
    assert ours < 1.1 * theirs


def test_each_step_of_lloyd_loses_less():
    parts = X.reshape(600, 5, 2)
    rng = np.random.default_rng(1)
    centroids, lost = kmeans(parts, 16, 0, rng), []
    for _ in range(6):
        numbers = nearest(parts, centroids)
        lost.append(((parts - centroids[np.arange(5), numbers]) ** 2).sum())
        centroids = means(parts, numbers, centroids)
    assert all(after < before for before, after in pairwise(lost))
    for j in range(5):
        for c in range(16):
            members = parts[numbers[:, j] == c, j]
            np.testing.assert_allclose(centroids[j, c], members.mean(axis=0), atol=1e-5)


def test_a_centroid_without_vectors_takes_one_that_is_far():
    points = np.float32([[0], [0], [0], [9]])[:, None]
    centroids = np.float32([[[1], [50]]])
    moved = means(points, nearest(points, centroids), centroids)
    np.testing.assert_allclose(moved[0, :, 0], [2.25, 9])


def test_fewer_vectors_than_centroids_are_kept_as_they_are():
    codec = ProductQuantizer(5, bits=4).fit(X[:7])
    np.testing.assert_array_equal(codec.inverse_transform(codec.transform(X[:7])), X[:7])


def test_what_is_refused():
    with pytest.raises(ParameterError, match="n_subvectors must lie between 1 and the number of dimensions, got 11"):
        ProductQuantizer(11).fit(X)
    with pytest.raises(ParameterError, match="bits must be one of 4, 8, got 5"):
        ProductQuantizer(2, bits=5).fit(X)
    with pytest.raises(ParameterError, match="n_iter must be at least 1, got 0"):
        ProductQuantizer(2, n_iter=0).fit(X)
    codec = ProductQuantizer(2, bits=4, n_iter=1).fit(X)
    with pytest.raises(ShapeError, match=r"Codes must be uint8 of shape \(n, 1\)"):
        codec.search_codes(Q, np.zeros((3, 2), np.uint8), 1)
    with pytest.raises(ShapeError, match="Q must have 10 columns, got 9"):
        codec.search_codes(Q[:, 1:], np.zeros((3, 1), np.uint8), 1)
