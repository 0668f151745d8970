import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.quantize import VectorQuantizer

PLAIN = {"affine": False, "n_codebook_steps": 0, "synchronized": 0.0}


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    return np.asarray(rng.normal(size=(400, 10)) * np.linspace(2, 0.3, 10) + 1, np.float32)


@pytest.fixture(scope="module")
def coder(X):
    return VectorQuantizer(n_codebooks=3, bits=4, dim=6, n_epochs=4, batch_size=64).fit(X)


def network(layers, x):
    hidden, bias, out, offset = layers
    inner = [max(0.0, float(row @ x) + b) for row, b in zip(hidden, bias, strict=True)]
    return np.array([float(row @ np.array(inner)) + b for row, b in zip(out, offset, strict=True)])


def test_codes_and_vectors_follow_the_definition(X, coder):
    codes = coder.transform(X)
    assert codes.shape == (400, 2)  # three codes of 4 bits
    back = coder.inverse_transform(codes)
    for row in range(0, 400, 37):
        z = network(coder.encoder_, X[row] - coder.mean_).reshape(3, 2)
        numbers = [int(((coder.codebooks_[m] - z[m]) ** 2).sum(axis=1).argmin()) for m in range(3)]
        assert [codes[row, 0] & 15, codes[row, 0] >> 4, codes[row, 1]] == numbers
        words = np.concatenate([coder.codebooks_[m][numbers[m]] for m in range(3)])
        np.testing.assert_allclose(back[row], network(coder.decoder_, words) + coder.mean_, atol=1e-4)


def test_the_error_falls_with_the_bytes(X):
    errors = []
    for bits in (1, 2, 4):
        coder = VectorQuantizer(n_codebooks=5, bits=bits, dim=10, n_epochs=3).fit(X)
        errors.append(((coder.inverse_transform(coder.transform(X)) - X) ** 2).mean() / X.var(axis=0).mean())
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.3


def test_the_three_ways_together_use_more_codewords_and_err_less(X):
    def measured(parameters):
        coder = VectorQuantizer(n_codebooks=1, bits=8, dim=10, n_epochs=15, learning_rate=3e-3, **parameters).fit(X)
        codes = coder.transform(X)
        return len(np.unique(codes)), ((coder.inverse_transform(codes) - X) ** 2).mean()

    used, error = measured({})
    used_plain, error_plain = measured(PLAIN)
    assert used > used_plain
    assert error < error_plain


def test_affine_codewords_move_together():
    import torch

    from inlay.nn.vector_quantization import VectorQuantization

    Z = torch.tensor([[[5.0, 5.0]]])
    moved = {}
    for affine in (True, False):
        torch.manual_seed(0)
        net = VectorQuantization(torch.eye(2), 1.0, 1, 8, affine=affine)
        before = net.codebooks.detach().clone()
        ((net.nearest(Z) - Z) ** 2).mean().backward()
        with torch.no_grad():
            for parameter in net.of_codebooks():
                parameter -= 0.1 * parameter.grad
        moved[affine] = int((net.codebooks.detach() != before).any(dim=2).sum())
    assert moved == {True: 8, False: 1}


@pytest.mark.parametrize("synchronized", [0.0, 0.5])
def test_gradients_pass_straight_through(synchronized):
    import torch

    from inlay.nn.vector_quantization import VectorQuantization

    net = VectorQuantization(torch.eye(2), 1.0, 1, 4, affine=False)
    Z = torch.tensor([[[0.3, -0.2]]], requires_grad=True)
    C = torch.tensor([[[1.0, 2.0]]], requires_grad=True)
    out = net.decode(Z, C, synchronized)
    np.testing.assert_allclose(out.detach().numpy(), [[1.0, 2.0]], atol=1e-6)
    (out * torch.tensor([[3.0, 4.0]])).sum().backward()
    np.testing.assert_allclose(Z.grad.numpy(), [[[3.0, 4.0]]], atol=1e-6)
    np.testing.assert_allclose(C.grad.numpy(), [[[3 * synchronized, 4 * synchronized]]], atol=1e-6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bits": 3}, "bits must be one of 1, 2, 4, 8, got 3"),
        ({"dim": 7}, "dim must be a multiple of n_codebooks, 2; got 7"),
        ({"n_codebooks": 0}, "n_codebooks must be at least 1"),
        ({"synchronized": -0.1}, "synchronized must be at least 0"),
        ({"commitment": -1}, "commitment must be at least 0"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_parameters_out_of_range(X, parameters, message):
    with pytest.raises(ParameterError, match=message):
        VectorQuantizer(**{"n_codebooks": 2, "dim": 6, **parameters}).fit(X)


def test_wrong_codes(X, coder):
    with pytest.raises(ShapeError, match=r"\(n, 2\)"):
        coder.inverse_transform(coder.transform(X)[:, :1])


def test_training_that_diverges_is_refused(X):
    with pytest.raises(ParameterError, match="not finite; learning_rate has to be below 1e\\+30"):
        VectorQuantizer(n_codebooks=2, dim=6, learning_rate=1e30, n_epochs=3, batch_size=50).fit(X)
