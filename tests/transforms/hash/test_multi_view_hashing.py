import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.transforms.hash import MultiViewHashing
from inlay.transforms.hash._hamming import signs

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
Y = np.arange(240) % 6
CLASSES = rng.normal(size=(6, 5))
# Each view sees one half of the classes apart and the other half as one.
FIRST = CLASSES[np.where(Y < 3, Y, 3)] + 0.3 * rng.normal(size=(240, 5))
SECOND = CLASSES[np.where(Y < 3, 0, Y)] + 0.3 * rng.normal(size=(240, 5))
X = np.concatenate([FIRST, SECOND], axis=1).astype(np.float32)
FAST = {"bits": 12, "dim_hidden": 16, "n_memory": 8, "n_epochs": 15, "batch_size": 60, "learning_rate": 0.01}


def precision(hash, X):
    ids = hash.search_codes(X, hash.transform(X), k=20).ids
    return float((Y[ids] == Y[:, None]).mean())


def test_two_views_are_better_than_either():
    both = precision(MultiViewHashing(views=(5, 5), **FAST).fit(X, Y), X)
    assert both > 0.9
    for part in (X[:, :5], X[:, 5:]):
        assert precision(MultiViewHashing(**FAST).fit(part, Y), part) < both - 0.1


def test_bits_are_those_of_the_network_by_loops():
    hash = MultiViewHashing(views=(5, 5), **{**FAST, "n_epochs": 2}).fit(X, Y)
    B, W = signs(hash.transform(X[:15]), 12), hash.view_weights(X[:15])
    for x, b, w in zip(X[:15].astype(float), B, W, strict=True):
        parts = [part / np.linalg.norm(part) * np.sqrt(5) for part in (x[:5], x[5:])]
        z = np.concatenate(parts) - hash.mean_
        slots = np.exp([np.dot(key, z) / np.sqrt(10) for key in hash.keys_])
        reads = np.exp((slots / slots.sum()) @ hash.values_)
        np.testing.assert_allclose(w, reads / reads.sum(), rtol=1e-5)
        fused = np.zeros(12)
        for m, part in enumerate((z[:5], z[5:])):
            h = np.maximum(hash.hidden_[m] @ part + hash.hidden_biases_[m], 0)
            fused += w[m] * (hash.weights_[m] @ h + hash.biases_[m])
        np.testing.assert_array_equal(b, np.where(fused > 0, 1, -1))


def test_likelihood_is_that_of_pairs_without_the_pair_of_an_item_with_itself():
    from inlay.nn.multi_view import likelihood

    z = torch.tensor(rng.normal(size=(5, 3)))
    y = [0, 1, 0, 1, 1]
    means = []
    for same in (True, False):
        terms = []
        for i in range(5):
            for j in range(5):
                if i != j and (y[i] == y[j]) == same:
                    theta = float(z[i] @ z[j]) / 2
                    terms.append(np.log1p(np.exp(theta)) - same * theta)
        means.append(np.mean(terms))
    labels = torch.tensor(y)
    assert float(likelihood(z, (labels[:, None] == labels).double())) == pytest.approx(np.mean(means))


def test_a_view_whose_codes_keep_its_distances_is_more_stable():
    from inlay.nn.multi_view import MultiView

    net = MultiView([0, 4, 8], bits=4, dim_hidden=2, n_memory=2)
    x = torch.tensor(rng.normal(size=(30, 8)), dtype=torch.float32)
    codes = torch.stack([x[:, :4], x[torch.randperm(30, generator=torch.Generator().manual_seed(0)), 4:]])
    stable = net.stability(x, codes, 0.1)
    assert bool((stable[:, 0] > 0.9).all())
    np.testing.assert_allclose(stable.sum(dim=1), 1, rtol=1e-5)


def test_wrong_input_is_refused():
    for views in ((5, 6), (10, 0), ()):
        with pytest.raises(ParameterError, match="views must be widths that add up to 10 columns"):
            MultiViewHashing(views=views).fit(X, Y)
    with pytest.raises(ParameterError, match="n_memory must be at least 1, got 0"):
        MultiViewHashing(n_memory=0).fit(X, Y)
    with pytest.raises(ParameterError, match="temperature must be above 0"):
        MultiViewHashing(temperature=0).fit(X, Y)
    with pytest.raises(ShapeError, match="requires y to be passed"):
        MultiViewHashing().fit(X)
    with pytest.raises(ShapeError, match="one class for each of the 240 rows of X, got 239"):
        MultiViewHashing().fit(X, Y[1:])
    with pytest.raises(NotFittedError):
        MultiViewHashing().view_weights(X)
