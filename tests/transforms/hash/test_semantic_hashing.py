import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError
from inlay.core.vectors import normalize
from inlay.transforms.hash import RandomHyperplanes, SemanticHashing
from inlay.transforms.hash._hamming import signs

pytest.importorskip("torch")
rng = np.random.default_rng(0)
TOPIC = np.arange(400) % 10
CENTRES = normalize(rng.normal(size=(10, 24)))
X = (CENTRES[TOPIC] + 0.25 * rng.normal(size=(400, 24))).astype(np.float32)


def precision(hash):
    """Return the share of the 20 nearest codes that are of the same topic."""
    ids = hash.search_codes(X, hash.transform(X), k=20).ids
    return float((TOPIC[ids] == TOPIC[:, None]).mean())


def test_codes_keep_topics_better_than_random_hyperplanes():
    learned = SemanticHashing(bits=16, n_words=20, n_epochs=20, batch_size=64, learning_rate=0.01).fit(X)
    assert precision(learned) > precision(RandomHyperplanes(bits=16).fit(X)) + 0.1
    assert learned.losses_[-1] < 0.8 * learned.losses_[0]


def test_bits_are_those_of_the_sigmoid_above_a_half():
    hash = SemanticHashing(bits=11, n_words=6, n_epochs=2).fit(X)
    B = signs(hash.transform(X[:30]), 11)
    for x, b in zip(X[:30], B, strict=True):
        for j in range(11):
            h = 1 / (1 + np.exp(-(np.dot(hash.weight_[j], x - hash.mean_) + hash.bias_[j])))
            assert b[j] == (1 if h > 0.5 else -1)


def test_words_follow_the_cosine_to_the_centres_alone():
    hash = SemanticHashing(n_words=7)
    logits = hash._words_of(X)
    assert logits.shape == (400, 7)
    np.testing.assert_allclose(hash._words_of(3 * X), logits, rtol=1e-3, atol=1e-3)
    assert np.abs(logits).max() <= 1 / 0.05 + 1e-3
    assert SemanticHashing(n_words=1000)._words_of(X[:50]).shape == (50, 50)


def test_wrong_parameters_are_refused():
    with pytest.raises(ParameterError, match="bits must be at least 1, got 0"):
        SemanticHashing(bits=0).fit(X)
    with pytest.raises(ParameterError, match="n_words must be at least 1, got 0"):
        SemanticHashing(n_words=0).fit(X)
    with pytest.raises(ParameterError, match="temperature must be above 0, got 0"):
        SemanticHashing(temperature=0).fit(X)
    with pytest.raises(NotFittedError):
        SemanticHashing().transform(X)
