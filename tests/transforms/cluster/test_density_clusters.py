"""DensityClusters against scikit-learn's HDBSCAN, noise, the lack of density, and what it refuses."""

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.transforms.cluster import DensityClusters


def blobs(seed=0):
    """Two dense directions of 40 rows and 6 rows of outliers on the other side."""
    rng = np.random.default_rng(seed)
    dense = np.repeat(np.eye(5)[:2], 40, axis=0) + 0.05 * rng.normal(size=(80, 5))
    return np.concatenate([dense, -np.abs(3 * rng.normal(size=(6, 5)))]).astype(np.float32)


@pytest.mark.parametrize(("size", "samples", "selection"), [(10, None, "eom"), (5, 3, "leaf")])
def test_it_is_hdbscan_on_rows_of_length_one(size, samples, selection):
    X = blobs()
    want = HDBSCAN(
        min_cluster_size=size, min_samples=samples or size, cluster_selection_method=selection, copy=True
    ).fit(normalize(X))
    found = DensityClusters(size, samples, selection).fit(X)
    assert np.array_equal(found.labels_, want.labels_)
    for c, center in enumerate(found.centers_):
        mean = normalize(X)[want.labels_ == c].mean(axis=0)
        np.testing.assert_allclose(center, mean / np.linalg.norm(mean), atol=1e-6)


def test_dense_regions_are_found_and_noise_is_in_none():
    found = DensityClusters(10).fit(blobs())
    assert len(found.centers_) == 2
    assert len(set(found.labels_[:40])) == len(set(found.labels_[40:80])) == 1
    assert (found.labels_[80:] == -1).all()
    assert np.array_equal(found.transform(blobs())[:80].argmax(axis=1), found.labels_[:80])


def test_words_of_noise_are_left_out():
    texts = ["apple"] * 40 + ["pear"] * 40 + ["noise"] * 6
    assert sorted(DensityClusters(10).fit(blobs()).label(texts, n_words=5)) == [["apple"], ["pear"]]


def test_without_density_all_rows_are_one_cluster():
    X = np.random.default_rng(1).normal(size=(30, 10))
    found = DensityClusters(15).fit(X)
    assert set(found.labels_.tolist()) == {0}
    assert found.transform(X).shape == (30, 1)


def test_what_is_wrong_is_refused():
    X = blobs()
    with pytest.raises(ParameterError, match="min_cluster_size must be at least 2, got 1"):
        DensityClusters(1).fit(X)
    with pytest.raises(ParameterError, match="min_samples must be at least 1"):
        DensityClusters(min_samples=0).fit(X)
    with pytest.raises(ParameterError, match='"eom" or "leaf", got \'tree\''):
        DensityClusters(selection="tree").fit(X)
    with pytest.raises(ShapeError, match="n_samples=1"):
        DensityClusters().fit(X[:1])
