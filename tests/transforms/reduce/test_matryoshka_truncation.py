"""Truncation keeps the first numbers, at length one or as they are."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.reduce import MatryoshkaTruncation


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)


def test_it_keeps_the_first_numbers_as_they_are(X):
    assert np.array_equal(MatryoshkaTruncation(dim=3, renormalize=False).fit_transform(X), X[:, :3])


def test_it_scales_prefixes_to_length_one(X):
    X[2, :3] = 0
    Z = MatryoshkaTruncation(dim=3).fit_transform(X)
    for i, z in enumerate(Z):
        length = np.sqrt(sum(float(v) ** 2 for v in X[i, :3]))
        np.testing.assert_allclose(z, X[i, :3] / length if length else 0, rtol=1e-5)


def test_truncation_in_two_steps_is_truncation_at_once(X):
    once = MatryoshkaTruncation(dim=2).fit_transform(X)
    twice = MatryoshkaTruncation(dim=2).fit_transform(MatryoshkaTruncation(dim=5).fit_transform(X))
    np.testing.assert_allclose(once, twice, rtol=1e-5)


def test_the_way_back_has_zeros_where_numbers_were_cut(X):
    codec = MatryoshkaTruncation(dim=3, renormalize=False).fit(X)
    back = codec.inverse_transform(codec.transform(X))
    assert np.array_equal(back[:, :3], X[:, :3])
    assert not back[:, 3:].any()
    with pytest.raises(ShapeError, match="Z must have 3 columns"):
        codec.inverse_transform(X)


@pytest.mark.parametrize("renormalize", [True, False])
def test_the_output_is_not_a_view_of_the_input(X, renormalize):
    kept = MatryoshkaTruncation(dim=3, renormalize=renormalize).fit(X).transform(X)
    assert not np.shares_memory(kept, X)


@pytest.mark.parametrize("dim", [0, 9])
def test_a_dim_out_of_range_is_refused(X, dim):
    with pytest.raises(ParameterError, match=f"got {dim} for n_features=8"):
        MatryoshkaTruncation(dim=dim).fit(X)
