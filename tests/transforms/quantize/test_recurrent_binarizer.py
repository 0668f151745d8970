import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.quantize import RecurrentBinarizer


@pytest.fixture(scope="module")
def X():
    X = np.random.default_rng(0).normal(size=(300, 20)) * np.linspace(2, 0.5, 20)
    return np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def coder(X):
    return RecurrentBinarizer(bits=3, dim=12, n_epochs=2, batch_size=64).fit(X)


def slow_codes(coder, x):
    """Follow the equations for one vector, one number at a time."""

    def block(kinds, u, v):
        hidden, bias, out, offset = (kind[u].astype(float) for kind in kinds)
        inner = [max(0.0, float(row @ v) + b) for row, b in zip(hidden, bias, strict=True)]
        return np.array([float(row @ np.array(inner)) + b for row, b in zip(out, offset, strict=True)])

    f = x / np.sqrt(sum(float(v) ** 2 for v in x))
    b = np.array([1.0 if v >= 0 else -1.0 for v in block(coder.binarize_, 0, f)])
    for u in range(1, coder.bits):
        back = block(coder.reconstruct_, u - 1, b)
        left = f - back / np.linalg.norm(back)
        b = b + 2.0**-u * np.array([1.0 if v >= 0 else -1.0 for v in block(coder.binarize_, u, left)])
    return b


def sums(codes, bits, dim):
    planes = np.unpackbits(codes.reshape(len(codes), bits, -1), axis=2, count=dim)
    return sum(2.0**-u * (2.0 * planes[:, u] - 1) for u in range(bits))


def test_codes_follow_the_equations(X, coder):
    want = np.array([slow_codes(coder, x.astype(float)) for x in X[:20]])
    codes = coder.transform(X[:20])
    assert codes.shape == (20, 3 * 2)
    np.testing.assert_array_equal(sums(codes, 3, 12), want)


def test_the_score_is_the_cosine_of_the_sums(X, coder):
    codes = coder.transform(X)
    B = sums(codes, 3, 12)
    B /= np.linalg.norm(B, axis=1, keepdims=True)
    S = B[:7] @ B.T
    hits = coder.search_codes(X[:7], codes, 9)
    np.testing.assert_allclose(hits.scores, -np.sort(-S, axis=1)[:, :9], atol=1e-6)
    np.testing.assert_allclose(hits.scores, np.take_along_axis(S, hits.ids, 1), atol=1e-6)


def test_equal_codes_stand_in_row_order_and_places_stay_empty(X, coder):
    codes = coder.transform(X[[5, 4, 5, 5]])
    hits = coder.search_codes(X[5:6], codes, 6)
    assert hits.ids[0].tolist() == [0, 2, 3, 1, -1, -1]
    assert hits.scores[0, 0] == pytest.approx(1)
    assert coder.search_codes(X[:2], codes[:0], 3).ids.tolist() == [[-1] * 3] * 2


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_planes_wider_than_a_word_are_counted_whole(bits):
    from inlay.transforms.quantize._bit_planes import search

    dim = 200
    B = np.random.default_rng(bits).integers(0, 2, size=(40, bits, dim)).astype(np.uint8)
    codes = np.packbits(B, axis=2).reshape(40, -1)
    values = sum(2.0**-u * (2.0 * B[:, u] - 1) for u in range(bits))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    hits = search(codes[:5], codes, bits, dim, 40)
    np.testing.assert_allclose(hits.scores, np.take_along_axis(values[:5] @ values.T, hits.ids, 1), atol=1e-6)


def test_each_bit_brings_codes_nearer_to_the_vectors(X):
    errors, gaps = [], []
    for bits in (1, 2, 3, 4):
        coder = RecurrentBinarizer(bits=bits, n_epochs=0).fit(X)
        codes = coder.transform(X)
        errors.append(((coder.inverse_transform(codes) - X) ** 2).sum())
        hits = coder.search_codes(X[:50], codes, len(X))
        gaps.append(np.abs(hits.scores - np.take_along_axis(X[:50] @ X.T, hits.ids, 1)).mean())
    assert errors == sorted(errors, reverse=True)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[3] < gaps[0] / 4


def test_without_training_the_first_bit_is_the_sign_of_a_rotation(X):
    coder = RecurrentBinarizer(bits=1, n_epochs=0).fit(X)
    W = coder.binarize_[2][0][:, :20]  # the output weights of what is positive
    np.testing.assert_allclose(W @ W.T, np.eye(20), atol=1e-5)
    np.testing.assert_array_equal(coder.transform(X), np.packbits(X.astype(float) @ W.T.astype(float) >= 0, axis=1))


def test_training_lowers_the_loss(X):
    losses = RecurrentBinarizer(bits=2, dim=8, n_epochs=20, batch_size=100, learning_rate=1e-3).fit(X).losses_
    assert len(losses) == 20
    assert losses[-1] < losses[0]


def test_length_is_not_coded(X, coder):
    np.testing.assert_array_equal(coder.transform(4 * X), coder.transform(X))


def test_more_dimensions_than_the_vectors_have(X):
    coder = RecurrentBinarizer(bits=1, dim=64, n_epochs=0).fit(X)
    assert coder.transform(X).shape == (300, 8)
    narrow = RecurrentBinarizer(bits=1, dim=16, n_epochs=0).fit(X)
    wide_error, narrow_error = (((c.inverse_transform(c.transform(X)) - X) ** 2).sum() for c in (coder, narrow))
    assert wide_error < narrow_error


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bits": 0}, "bits must be at least 1, got 0"),
        ({"bits": 9}, "bits must be at most 8, got 9"),
        ({"dim": 0}, "dim must be at least 1, got 0"),
        ({"batch_size": 1}, "batch_size must be at least 2"),
        ({"n_epochs": -1}, "n_epochs must be at least 0"),
        ({"temperature": 0}, "temperature must be above 0, got 0"),
    ],
)
def test_parameters_out_of_range(X, parameters, message):
    with pytest.raises(ParameterError, match=message):
        RecurrentBinarizer(**parameters).fit(X)


def test_wrong_codes_and_k(X, coder):
    codes = coder.transform(X)
    with pytest.raises(ShapeError, match=r"\(n, 6\)"):
        coder.inverse_transform(codes[:, 1:])
    with pytest.raises(ShapeError, match="uint8"):
        coder.search_codes(X[:1], codes.astype(float), 1)
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        coder.search_codes(X[:1], codes, 0)


def test_training_that_diverges_is_refused(X):
    with pytest.raises(ParameterError, match="not finite; learning_rate has to be below 1e\\+30"):
        RecurrentBinarizer(bits=2, learning_rate=1e30, n_epochs=3, batch_size=50).fit(X)
