import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.transforms.sparse import TopKSparseAutoencoder

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
TRUE = rng.normal(size=(16, 10))
PARTS = rng.random((500, 16)) * np.array([rng.permutation(16) < 2 for _ in range(500)])
X = (PARTS @ TRUE + 3).astype(np.float32)
FAST = {"dim": 32, "k": 2, "n_epochs": 60, "batch_size": 100, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def model():
    return TopKSparseAutoencoder(**FAST).fit(X)


def test_activations_are_those_of_loops(model):
    codes = model.transform(X[:20]).toarray()
    for x, code in zip(X[:20].astype(float), codes, strict=True):
        z = [float(np.dot(w, x - model.bias_)) for w in model.encoder_]
        best = sorted(range(32), key=lambda j: -z[j])[:2]
        want = [max(z[j], 0) if j in best else 0 for j in range(32)]
        np.testing.assert_allclose(code, want, rtol=1e-4, atol=1e-5)


def test_way_back_is_the_sum_of_directions(model):
    codes = model.transform(X[:5])
    back = model.inverse_transform(codes)
    for code, got in zip(codes.toarray(), back, strict=True):
        want = model.bias_ + sum(value * direction for value, direction in zip(code, model.decoder_, strict=True))
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.inverse_transform(codes.toarray()), back, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(model.decoder_, axis=1), 1, rtol=1e-5)


def test_two_of_many_directions_are_better_than_two_principal_components(model):
    C = X - X.mean(axis=0)
    V = np.linalg.svd(C)[2][:2]
    pca = np.square(C - C @ V.T @ V).sum()
    assert np.square(X - model.inverse_transform(model.transform(X))).sum() < 0.7 * pca


def test_vectors_of_another_length_give_the_same_features(model):
    other = TopKSparseAutoencoder(**FAST).fit(4 * X)
    np.testing.assert_allclose(other.transform(4 * X[:50]).toarray(), 4 * model.transform(X[:50]).toarray(), rtol=1e-3)


def test_idle_features_reconstruct_what_is_left_over():
    from inlay.nn.sparse_autoencoder import TopK
    from inlay.nn.training import seeded

    with seeded(0):
        net = TopK(8, 1, torch.zeros(3))
    x = torch.tensor(rng.normal(size=(3, 3)), dtype=torch.float32)
    with torch.no_grad():
        z, decoder = (x @ net.encoder.T).numpy(), net.decoder.numpy()
        net.idle[:] = 9
        plain = float(net.loss(x, 0, 0.0, 5))
        net.idle[:] = 9
        whole = float(net.loss(x, 1, 0.5, 5))
    used = {int(np.argmax(row)) for row in z}
    dead = [j for j in range(8) if j not in used]
    error = extra = 0.0
    for row, vector in zip(z, x.numpy(), strict=True):
        j = int(np.argmax(row))
        left = vector - max(row[j], 0) * decoder[j]
        error += float(left @ left) / 3
        best = max(dead, key=lambda i: row[i])
        rest = left - max(row[best], 0) * decoder[best]
        extra += float(rest @ rest) / 3
    assert plain == pytest.approx(error, rel=1e-5)
    assert whole == pytest.approx(error + 0.5 * extra, rel=1e-5)


def test_most_active_rows_are_those_of_a_sort(model):
    codes = model.transform(X).toarray()
    features = np.argsort(-(codes > 0).sum(axis=0))[:3].tolist()
    hits = model.most_active(X, features, k=7)
    for feature, ids, scores in zip(features, hits.ids, hits.scores, strict=True):
        want = sorted(range(500), key=lambda i: (-codes[i, feature], i))[:7]
        assert ids.tolist() == want
        np.testing.assert_allclose(scores, codes[want, feature])
    rare = model.most_active(X[:1], range(32), k=3)
    assert rare.counts.sum() == (codes[0] > 0).sum()


def test_wrong_input_is_refused(model):
    with pytest.raises(ParameterError, match="k must be from 1 to dim, got k=5 and dim=4"):
        TopKSparseAutoencoder(dim=4, k=5).fit(X)
    with pytest.raises(ParameterError, match="patience must be at least 1, got 0"):
        TopKSparseAutoencoder(patience=0).fit(X)
    with pytest.raises(ParameterError, match=r"features must be from 0 to 31, got \[32\]"):
        model.most_active(X, [32])
    with pytest.raises(ShapeError, match=r"shape \(n, 32\), got \(1, 3\)"):
        model.inverse_transform(np.zeros((1, 3)))
    with pytest.raises(NotFittedError):
        TopKSparseAutoencoder().inverse_transform(np.zeros((1, 3)))
