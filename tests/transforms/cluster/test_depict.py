"""DEPICT: its targets and losses against the formulas, what it finds, and what it refuses."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from inlay.core.errors import ParameterError, ShapeError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'inlay[nn]'")

from inlay.nn.depict import Autoencoder, Training, targets  # noqa: E402
from inlay.transforms.cluster import DEPICT  # noqa: E402

SMALL = {"hidden": (12,), "dim": 3, "n_pretrain_epochs": 15, "n_epochs": 15, "batch_size": 30, "learning_rate": 0.01}


def blobs(n=150, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(3, size=n)
    return (np.eye(6)[label] + 0.15 * rng.normal(size=(n, 6))).astype(np.float32), label


def test_targets_are_those_of_the_formula():
    P = torch.softmax(torch.randn(7, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    Q = targets(P)
    for i in range(7):
        over = [float(P[i, k] / P[:, k].sum() ** 0.5) for k in range(4)]
        np.testing.assert_allclose(Q[i], [value / sum(over) for value in over], rtol=1e-5)


def test_targets_draw_rows_to_rare_clusters():
    P = torch.tensor([[0.6, 0.4]] * 9)
    assert (targets(P)[:, 1] > P[:, 1]).all()


def test_the_reconstruction_is_that_of_each_layer():
    net = Autoencoder([5, 4, 2], 3, 0.5)
    X = torch.randn(6, 5)
    clean, code = net.encode(X, noisy=False), net.encode(X, noisy=True)[-1]
    one = torch.relu(net.decoder[1](code))
    zero = net.decoder[0](one)
    want = ((X - zero) ** 2).sum(dim=1) / 5 + ((clean[1] - one) ** 2).sum(dim=1) / 4
    torch.testing.assert_close(net.reconstruction(clean, code), want.mean())
    torch.testing.assert_close(clean[2], net.encoder[1](torch.relu(net.encoder[0](X))))


def test_training_rebuilds_rows_better_than_their_mean():
    X, _ = blobs()
    options = {"corruption": 0.1, "batch_size": 30, "learning_rate": 0.01, "random_state": 0}
    training = Training(X, [12, 3], 3, **options)
    training.reconstruct(30)
    with torch.no_grad():
        clean = training.net.encode(training.X, noisy=False)
        back = training.net.decoder[0](torch.relu(training.net.decoder[1](clean[-1]))).numpy()
    assert np.square(back - X).mean() < 0.6 * np.square(X - X.mean(axis=0)).mean()


def test_groups_are_found_and_probabilities_are_sharp():
    X, label = blobs()
    found = DEPICT(3, **{**SMALL, "n_epochs": 60}).fit(X)
    P = found.transform(X)
    assert adjusted_rand_score(label, found.labels_) > 0.95
    np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-5)
    assert P.max(axis=1).mean() > 0.6
    assert np.array_equal(P.argmax(axis=1), found.labels_)


def test_what_numpy_gives_is_what_torch_gives():
    X, _ = blobs()
    found = DEPICT(3, **{**SMALL, "n_epochs": 1}).fit(X)
    layers = [torch.from_numpy(w) for w in found.weights_]
    Z = torch.from_numpy(X / np.float32(found.scale_))
    Z = torch.relu(Z @ layers[0].T + torch.from_numpy(found.biases_[0])) @ layers[1].T + torch.from_numpy(
        found.biases_[1]
    )
    np.testing.assert_allclose(found.encode(X), Z.numpy(), atol=1e-5)
    np.testing.assert_allclose(found.transform(X), torch.softmax(Z @ layers[2].T, dim=1).numpy(), atol=1e-5)


def test_the_size_of_values_does_not_matter():
    X, _ = blobs()
    few = {**SMALL, "n_pretrain_epochs": 2, "n_epochs": 2}
    np.testing.assert_allclose(
        DEPICT(3, **few).fit(64 * X).transform(64 * X), DEPICT(3, **few).fit(X).transform(X), atol=1e-5
    )


def test_what_is_wrong_is_refused():
    X, _ = blobs()
    for parameters, message in (
        ({"n_clusters": 0}, "n_clusters must be at least 1, got 0"),
        ({"n_epochs": 0}, "n_epochs must be at least 1"),
        ({"corruption": 1.0}, "corruption must be at least 0 and below 1"),
        ({"hidden": (4, 0)}, "hidden must hold widths of at least 1"),
    ):
        with pytest.raises(ParameterError, match=message):
            DEPICT(**parameters).fit(X)
    with pytest.raises(ShapeError, match="n_samples=4 must be at least n_clusters=5"):
        DEPICT(5).fit(X[:4])
