"""TLDR keeps what neighbours share, and drops what is of one row alone."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.transforms.reduce import TLDR, PrincipalComponents

SMALL = {"projector_dim": 16, "n_epochs": 20, "batch_size": 64}


@pytest.fixture
def data():
    """Four clouds in two dimensions, and six of noise, which have the larger variance."""
    rng = np.random.default_rng(0)
    cloud = np.arange(300) % 4
    X = rng.normal(size=(300, 8)) * [0.1, 0.1, 2.1, 2.1, 2.1, 2.1, 2.1, 2.1]
    X[:, 0] += 4 * (cloud // 2)
    X[:, 1] += 4 * (cloud % 2)
    return X.astype(np.float32), cloud


def share_of_own_cloud(Z, cloud):
    far = np.linalg.norm(Z[:, None] - Z[None], axis=2)
    np.fill_diagonal(far, np.inf)
    return np.mean(cloud[far.argmin(axis=1)] == cloud)


@pytest.mark.parametrize("encoder_dims", [(), (6,)])
def test_it_keeps_what_neighbours_share(data, encoder_dims):
    X, cloud = data
    weak = {"projector_dim": 4, "redundancy": 0.5, "n_epochs": 20, "batch_size": 64}
    Z = TLDR(dim=2, encoder_dims=encoder_dims, learning_rate=0.05, **weak).fit_transform(X)
    assert share_of_own_cloud(Z, cloud) > 0.9
    assert share_of_own_cloud(PrincipalComponents(dim=2).fit_transform(X), cloud) < 0.6


def test_coordinates_say_different_things(data):
    Z = TLDR(dim=2, **SMALL).fit_transform(data[0])
    assert abs(np.corrcoef(Z.T)[0, 1]) < 0.3


def test_what_was_learned_from_has_a_mean_of_zero(data):
    Z = TLDR(dim=3, **SMALL).fit_transform(data[0] + 10)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-3 * np.abs(Z).max())


def test_scale_and_shift_of_the_vectors_do_not_matter(data):
    X = data[0]
    a, b = (TLDR(dim=2, **SMALL).fit_transform(x) for x in (X, 64 * X))
    np.testing.assert_allclose(a, b, atol=1e-3 * np.abs(a).max())


def test_the_loss_falls(data):
    losses = TLDR(dim=2, **SMALL).fit(data[0]).losses_
    assert len(losses) == 20
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dim": 0}, "dim, projector_dim and encoder_dims"),
        ({"encoder_dims": (4, 0)}, "dim, projector_dim and encoder_dims"),
        ({"n_hidden": -1}, "n_hidden at least 0"),
        ({"k": 300}, "got 300 for n_samples=300"),
        ({"redundancy": -1.0}, "redundancy must be at least 0"),
        ({"n_epochs": 0}, "n_epochs must be at least 1"),
        ({"batch_size": 1}, "batch_size at least 2"),
        ({"learning_rate": 0.0}, "learning_rate above 0"),
    ],
)
def test_wrong_parameters_are_refused(data, params, message):
    with pytest.raises(ParameterError, match=message):
        TLDR(**{"dim": 2, **params}).fit(data[0])


def test_a_training_that_diverges_is_reported(data):
    with pytest.raises(DataError, match="learning_rate below 1e\\+30"):
        TLDR(dim=2, learning_rate=1e30, projector_dim=4, n_epochs=2).fit(data[0])
