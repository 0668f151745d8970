import numpy as np
import pytest
from sklearn.decomposition import PCA

from inlay.core.errors import ParameterError
from inlay.transforms.linear import ClusterIsotropy, CommonComponentRemoval

CENTRES = np.array([[40, 0, 0, 0], [0, 40, 0, 0], [-40, -40, 0, 0]])


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    turns = [np.linalg.qr(rng.normal(size=(4, 4)))[0] for _ in CENTRES]
    parts = [rng.normal(size=(60, 4)) * [6, 2, 1, 0.5] @ q + c for q, c in zip(turns, CENTRES, strict=True)]
    return np.concatenate(parts).astype(np.float32)


def test_equals_pca_in_each_cluster_by_loops(X):
    want = np.empty_like(X)
    for c in range(3):
        members = X[60 * c : 60 * c + 60]
        directions = PCA(2).fit(members.astype(np.float64)).components_
        for i, v in enumerate(members - members.mean(axis=0)):
            want[60 * c + i] = v - sum((u @ v) * u for u in directions)
    np.testing.assert_allclose(ClusterIsotropy(3, n_components=2).fit_transform(X), want, atol=1e-3)


def test_one_cluster_is_the_removal_of_common_components(X):
    np.testing.assert_allclose(
        ClusterIsotropy(1, n_components=2).fit_transform(X), CommonComponentRemoval(2).fit_transform(X), atol=1e-3
    )


def test_new_vectors_take_the_nearest_cluster(X):
    isotropy = ClusterIsotropy(3, n_components=0).fit(X)
    near = isotropy.means_[[2, 0, 1]]
    np.testing.assert_allclose(isotropy.transform(near + 1), np.ones((3, 4)), atol=1e-4)


def test_more_clusters_than_vectors_are_as_many_as_vectors():
    X = np.repeat(np.eye(3), 2, axis=0)
    isotropy = ClusterIsotropy(27, n_components=1).fit(X)
    assert isotropy.means_.shape == (3, 3)
    assert not isotropy.transform(X).any()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"n_clusters": 0}, "n_clusters must be at least 1"), ({"n_components": 4}, "n_components must be from 0 to 3")],
)
def test_wrong_parameters_are_refused(X, parameters, message):
    with pytest.raises(ParameterError, match=message):
        ClusterIsotropy(**parameters).fit(X)
