"""HashingEncoder equals a bag of words hashed in a loop, and refuses what is not a list of texts."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import murmurhash3_32

from inlay.core.errors import ParameterError
from inlay.encoders.text import HashingEncoder


def by_loop(text, dim, ngram):
    row = [0.0] * dim
    words = CountVectorizer(ngram_range=(1, ngram)).build_analyzer()(text)
    for word, count in Counter(words).items():
        h = murmurhash3_32(word, seed=0)
        row[abs(h) % dim] += (1 if h >= 0 else -1) * (1 + math.log(count))
    length = math.sqrt(sum(x * x for x in row))
    return [x / length if length else 0.0 for x in row]


WORDS = ["der", "die", "das", "Haus", "house", "Häuser", "12", "a", "be", "to", "not", "or"]
words = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


@given(st.lists(words | st.text(max_size=20), max_size=5), st.integers(1, 40), st.integers(1, 3))
def test_equals_a_loop(texts, dim, ngram):
    out = HashingEncoder(dim, ngram=ngram).encode(texts)
    assert (out.dtype, out.shape) == (np.float32, (len(texts), dim))
    np.testing.assert_allclose(out, np.array([by_loop(t, dim, ngram) for t in texts]).reshape(out.shape), atol=1e-6)


def test_products_of_bags_are_kept_on_average():
    # Two texts share 40 of 80 words: over many sizes of the table the mean cosine comes near one half.
    a = " ".join(f"word{i}" for i in range(80))
    b = " ".join(f"word{i}" for i in range(40, 120))
    cosines = [float(np.prod(HashingEncoder(dim).encode([a, b]), axis=0).sum()) for dim in range(50, 450, 2)]
    assert abs(np.mean(cosines) - 0.5) < 0.02


def test_word_order_counts_only_with_longer_runs():
    a, b = HashingEncoder().encode(["dog bites man", "man bites dog"])
    assert np.array_equal(a, b)
    a, b = HashingEncoder(ngram=2).encode(["dog bites man", "man bites dog"])
    assert a @ b < 0.9


@pytest.mark.parametrize(
    ("encoder", "items", "role", "message"),
    [
        (HashingEncoder(0), ["a"], "query", "dim=0"),
        (HashingEncoder(ngram=0), ["a"], "query", "ngram=0"),
        (HashingEncoder(), "a text", "query", r"wrap it as \[text\]"),
        (HashingEncoder(), ["a", 3], "query", "item 1 is of type int"),
        (HashingEncoder(), ["a"], "qurey", "got 'qurey'"),
    ],
)
def test_refusals(encoder, items, role, message):
    with pytest.raises(ParameterError, match=message):
        encoder.encode(items, role=role)
