"""WordLlama equals the library's own encoding, whatever texts are beside one, and its dimensions are nested."""

import subprocess
import sys

import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.core.fingerprint import fingerprint
from inlay.encoders.text import WordLlama

library = pytest.importorskip("wordllama")

TEXTS = ["a cat sat on the mat", "stocks fell on monday " * 20, "", "rain", "a cat sat on the mat"]


def test_equals_the_mean_of_token_vectors():
    encoder = WordLlama()
    model = encoder._model()
    got = encoder.encode(TEXTS)
    for row, text in zip(got, TEXTS, strict=True):
        ids = model.tokenizer.encode(text, add_special_tokens=False).ids
        mean = model.embedding[ids].mean(axis=0) if ids else np.zeros(256)
        np.testing.assert_allclose(row, mean / max(np.linalg.norm(mean), 1e-12), atol=1e-5)


def test_dimensions_are_nested():
    whole, part = WordLlama().encode(TEXTS[:2]), WordLlama(dim=64).encode(TEXTS[:2])
    cut = whole[:, :64] / np.linalg.norm(whole[:, :64], axis=1, keepdims=True)
    np.testing.assert_allclose(part, cut, atol=1e-6)


def test_the_fingerprint_knows_the_weights(monkeypatch):
    before = fingerprint(WordLlama())
    assert before == fingerprint(WordLlama(256)) != fingerprint(WordLlama(64))
    monkeypatch.setattr("inlay.encoders.text.word_llama.version", lambda name: "99")
    assert fingerprint(WordLlama()) != before


def test_refusals():
    with pytest.raises(ParameterError, match=r"one of \(64, 128, 256\), got 100"):
        WordLlama(dim=100).encode(["a"])
    with pytest.raises(ParameterError, match="role must be"):
        WordLlama().encode(["a"], role="passage")
    with pytest.raises(ParameterError, match="one str; wrap it"):
        WordLlama().encode("a")


def test_the_logging_of_the_program_is_left_alone():
    script = (
        "import logging; from inlay.encoders.text import WordLlama; WordLlama().encode(['a']); "
        "root = logging.getLogger(); print(root.handlers, root.level == logging.WARNING)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"
    assert done.stderr == ""
