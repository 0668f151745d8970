import numpy as np

from inlay.transforms._layers import forward


def test_layers_equal_loops():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4, 3)).astype(np.float32)
    weights = [rng.normal(size=(5, 3)), rng.normal(size=(2, 5))]
    biases = [rng.normal(size=5), rng.normal(size=2)]
    want = np.zeros((4, 2))
    for i in range(4):
        hidden = [max(0.0, sum(weights[0][j, c] * X[i, c] for c in range(3)) + biases[0][j]) for j in range(5)]
        for j in range(2):
            want[i, j] = np.tanh(sum(weights[1][j, c] * hidden[c] for c in range(5)) + biases[1][j])
    np.testing.assert_allclose(forward(X, weights, biases, last="tanh"), want, rtol=1e-5)
