"""Nested vectors are what the learned queries find; each prefix is learned for."""

import numpy as np
import pytest
import torch

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Ragged
from inlay.core.vectors import normalize
from inlay.multivectors import NestedVectors
from inlay.nn.multivectors import attend, padded


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(0)
    items = Ragged.stack([rng.normal(size=(n, 6)) for n in (11, 0, 1, 2, 24, 30)])
    return items, Ragged.stack([item[:3] + 0.1 * rng.normal(size=(len(item[:3]), 6)) for item in items])


@pytest.fixture(scope="module")
def fitted(pairs):
    return NestedVectors(4, n_epochs=3).fit(*pairs)


def test_equals_a_loop(pairs, fitted):
    for item, got in zip(pairs[0], fitted.transform(pairs[0]), strict=True):
        assert got.shape == ((4, 6) if len(item) else (0, 6))
        X = normalize(item).astype(np.float64)
        for query, vector in zip(fitted.queries_, got, strict=False):
            weights = np.exp([query @ x for x in X])
            want = sum(w * x for w, x in zip(weights, X, strict=True))
            np.testing.assert_allclose(vector, want / np.linalg.norm(want), rtol=1e-4, atol=1e-6)


def test_equals_what_is_trained(pairs, fitted):
    filled = [item for item in pairs[0] if len(item)]
    want = attend(torch.tensor(fitted.queries_), padded([torch.tensor(normalize(item)) for item in filled])).numpy()
    got = fitted.transform(Ragged.stack(filled)).values.reshape(want.shape)
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_fewer_are_the_first_ones(pairs, fitted):
    whole = fitted.transform(pairs[0])
    two = NestedVectors.set_params(fitted, keep=2).transform(pairs[0])
    fitted.set_params(keep=None)
    for all_, some in zip(whole, two, strict=True):
        np.testing.assert_allclose(some, all_[:2], rtol=1e-6)


def test_the_first_starts_as_the_mean(pairs):
    start = NestedVectors(4, n_epochs=0).fit(*pairs)
    want = [normalize(normalize(item).mean(axis=0)[None])[0] for item in pairs[0] if len(item)]
    got = [item[0] for item in start.transform(pairs[0]) if len(item)]
    np.testing.assert_allclose(got, want, atol=1e-6)


def test_prefixes_double():
    assert [NestedVectors(n).groups() for n in (1, 2, 6, 16)] == [[1], [1, 2], [1, 2, 4, 6], [1, 2, 4, 8, 16]]


def test_pairs_find_each_other_after_learning():
    """Items differ in one vector among many that say nothing; the plain mean cannot tell them apart well."""
    rng = np.random.default_rng(1)
    noise = normalize(rng.normal(size=(48, 9, 8)).reshape(-1, 8)).reshape(48, 9, 8)
    own = normalize(np.column_stack([rng.normal(size=(48, 5)), np.full(48, 3.0), np.zeros((48, 2))]))
    noise[..., 5] = -abs(noise[..., 5])
    items = Ragged.stack([np.vstack([one, others]) for one, others in zip(own, noise, strict=True)])
    partners = Ragged.stack(list(own[:, None]))

    def found(method):
        ours, theirs = (method.transform(side).values for side in (items, partners))
        return ((theirs @ ours.T).argmax(axis=1) == np.arange(48)).mean()

    before, after = (found(NestedVectors(1, n_epochs=n, batch_size=16).fit(items, partners)) for n in (0, 30))
    assert after > before + 0.2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_vectors": 0}, "n_vectors must be at least 1, got 0"),
        ({"keep": 17}, "keep must be from 1 to n_vectors, 16, got 17"),
        ({"temperature": 0.0}, "temperature must be above 0"),
    ],
)
def test_wrong_parameters_are_refused(pairs, parameters, message):
    with pytest.raises(ParameterError, match=message):
        NestedVectors(**parameters).fit(*pairs)


def test_wrong_pairs_are_refused(pairs):
    items, partners = pairs
    with pytest.raises(ShapeError, match="needs y, the partner of each item"):
        NestedVectors().fit(items)
    with pytest.raises(ShapeError, match="a partner for each of 6 items, got 1"):
        NestedVectors().fit(items, Ragged.stack([items[0]]))
    with pytest.raises(ShapeError, match="at least 2 pairs and 99 vectors, got 5 and 68"):
        NestedVectors(99).fit(items, partners)
    with pytest.raises(NotFittedError, match="not fitted"):
        NestedVectors().transform(items)


def test_items_without_a_partner_are_not_learned_from():
    rng = np.random.default_rng(0)
    items = [rng.normal(size=(9, 4)) for _ in range(20)]
    partners, lonely = [item[:2] for item in items], [rng.normal(size=(50, 4)) for _ in range(10)]
    method = NestedVectors(n_vectors=3, n_epochs=2)
    want = method.fit(Ragged.stack(items), Ragged.stack(partners)).queries_
    none = [np.zeros((0, 4))] * 10
    got = method.fit(Ragged.stack(items + lonely), Ragged.stack(partners + none)).queries_
    np.testing.assert_array_equal(got, want)
