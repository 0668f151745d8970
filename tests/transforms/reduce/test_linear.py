"""The way back of linear maps is that of least squares."""

import numpy as np
import pytest

from inlay.core.errors import ShapeError
from inlay.transforms.reduce import MPAD, TLDR, LocalityPreserving, PrincipalComponents, RandomProjection
from inlay.transforms.reduce._linear import back

MAPS = [
    MPAD(dim=3, n_steps=5),
    TLDR(dim=3, k=2, projector_dim=8, n_epochs=2, batch_size=20),
    LocalityPreserving(dim=3, k=3),
    RandomProjection(dim=3),
]


@pytest.fixture
def X():
    return (np.random.default_rng(0).normal(size=(60, 6)) * [3, 2, 1, 1, 0.5, 0.5] + 2).astype(np.float32)


@pytest.mark.parametrize("method", MAPS, ids=lambda method: type(method).__name__)
def test_it_leads_to_the_nearest_vectors_with_these_coordinates(method, X):
    method.fit(X)
    Z = method.transform(X)
    found = method.inverse_transform(Z)
    np.testing.assert_allclose(method.transform(found), Z, atol=1e-3 * np.abs(Z).max())
    mean = getattr(method, "mean_", np.zeros(X.shape[1]))
    slow = np.stack([mean + np.linalg.lstsq(method.components_, z, rcond=None)[0] for z in Z])
    np.testing.assert_allclose(found, slow, atol=1e-3)
    with pytest.raises(ShapeError, match="C must have 3 columns"):
        method.inverse_transform(Z[:, :2])


def test_of_orthogonal_directions_it_is_that_of_principal_components(X):
    found = PrincipalComponents(dim=2).fit(X)
    Z = found.transform(X)
    np.testing.assert_allclose(back(Z, found.components_, found.mean_), found.inverse_transform(Z), atol=1e-5)


def test_directions_that_repeat_each_other_are_not_blown_up():
    components = np.float32([[1, 0], [1, 1e-9]])
    np.testing.assert_allclose(back(np.float32([[2, 2]]), components), [[2, 0]], atol=1e-5)
