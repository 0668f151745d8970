import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.transforms.quantize import Poeem


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(0)
    documents = rng.normal(size=(300, 12)) * np.linspace(2, 0.1, 12)
    documents = (documents / np.linalg.norm(documents, axis=1, keepdims=True)).astype(np.float32)
    queries = documents + 0.1 * rng.normal(size=(300, 12))
    return documents, (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def coder(pairs):
    return Poeem(n_subvectors=4, n_codewords=16, rotation_rate=1e-2, n_epochs=3, batch_size=64).fit(*pairs)


def test_the_rotation_turns_and_stays_one(pairs, coder):
    start = Poeem(n_subvectors=4, n_codewords=16, n_epochs=0).fit(*pairs)
    np.testing.assert_allclose(coder.rotation_ @ coder.rotation_.T, np.eye(12), atol=1e-5)
    assert np.abs(coder.rotation_ - start.rotation_).max() > 1e-3


def test_codes_are_of_turned_vectors_and_turn_back(pairs, coder):
    documents = pairs[0]
    codes, turned = coder.transform(documents), documents @ coder.rotation_
    for row in range(0, 300, 29):
        for part in range(4):
            far = ((coder.codebooks_[part] - turned[row, 3 * part : 3 * part + 3]) ** 2).sum(axis=1)
            assert codes[row, part] == far.argmin()
    decoded = np.concatenate([coder.codebooks_[m][codes[:, m]] for m in range(4)], axis=1) @ coder.rotation_.T
    np.testing.assert_allclose(coder.inverse_transform(codes), decoded, atol=1e-5)
    hits = coder.search_codes(pairs[1][:5], codes, 30)
    np.testing.assert_allclose(hits.scores, np.take_along_axis(pairs[1][:5] @ decoded.T, hits.ids, 1), atol=1e-5)


def test_the_warm_start_has_less_error_than_no_rotation(pairs):
    documents = pairs[0]

    def error(n_alternations):
        coder = Poeem(n_subvectors=4, n_codewords=16, n_alternations=n_alternations, n_epochs=0).fit(*pairs)
        return ((coder.inverse_transform(coder.transform(documents)) - documents) ** 2).sum(axis=1).mean()

    assert error(10) < 0.95 * error(0)


def test_training_lowers_the_loss_and_a_rotation_helps(pairs):
    def last(rotation_rate):
        coder = Poeem(4, 16, n_alternations=0, rotation_rate=rotation_rate, n_epochs=15, batch_size=100)
        losses = coder.fit(*pairs).losses_
        assert losses[-1] < losses[0]
        return losses[-1]

    assert last(1e-2) < last(0.0)


def test_pairs_are_those_of_greedy_choice():
    import torch

    from inlay.nn.product_quantization import disjoint_pairs

    for seed in range(5):
        A = np.random.default_rng(seed).normal(size=(11, 11))
        S = A - A.T
        left, want = set(range(11)), set()
        pairs = [(a, b) for a in range(11) for b in range(a)]
        for i, j in sorted(pairs, key=lambda p: -abs(S[p])):
            if i in left and j in left:
                left -= {i, j}
                want.add((j, i))
        i, j = disjoint_pairs(torch.tensor(S))
        assert set(zip(i.tolist(), j.tolist(), strict=True)) == want


def test_a_turn_goes_down_the_gradient():
    import torch

    from inlay.nn.product_quantization import turn

    rng = np.random.default_rng(2)
    target = torch.tensor(np.linalg.qr(rng.normal(size=(6, 6)))[0])
    R = torch.eye(6, dtype=torch.float64, requires_grad=True)
    values = []
    for _ in range(60):
        loss = ((R[:, :3] - target[:, :3]) ** 2).sum()
        (gradient,) = torch.autograd.grad(loss, R)
        values.append(loss.item())
        with torch.no_grad():
            turn(R, gradient, 0.1)
    assert values[-1] < 0.2 * values[0]
    np.testing.assert_allclose((R @ R.T).detach().numpy(), np.eye(6), atol=1e-12)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"distortion": -1}, "distortion must be at least 0, got -1"),
        ({"rotation_rate": -0.1}, "rotation_rate must be at least 0"),
        ({"n_alternations": -1}, "n_alternations must be at least 0"),
        ({"temperature": 0}, "temperature must be above 0, got 0"),
        ({"n_subvectors": 7}, "n_subvectors must divide the 12 columns"),
    ],
)
def test_parameters_out_of_range(pairs, parameters, message):
    with pytest.raises(ParameterError, match=message):
        Poeem(**{"n_subvectors": 4, **parameters}).fit(*pairs)


def test_training_that_diverges_is_refused(pairs):
    with pytest.raises(ParameterError, match="not finite; learning_rate has to be below 1e\\+30"):
        Poeem(n_subvectors=4, n_codewords=8, learning_rate=1e30, n_epochs=3, batch_size=50).fit(*pairs)
