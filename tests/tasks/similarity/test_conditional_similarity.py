"""ConditionalSimilarity equals scipy on texts with their condition, and knows who does not listen to it."""

import itertools

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.similarity import ConditionalSimilarity

RNG = np.random.default_rng(3)
WORDS = ["red", "blue", "car", "bus", "fast", "slow", "old", "new"]
TEXTS = [" ".join(RNG.choice(WORDS, 3)) for _ in range(40)]
PAIRS = {
    "text1": [TEXTS[i // 3] for i in range(40)],
    "text2": [TEXTS[20 + i // 3] for i in range(40)],
    "condition": [WORDS[i % 8] for i in range(40)],
    "score": RNG.integers(1, 6, 40).tolist(),
}


def cosines(left, right):
    return np.einsum("nd,nd->n", HashingEncoder().encode(left), HashingEncoder().encode(right))


def test_equals_scipy_and_loops_over_all_pairs_of_rows():
    got = {reading.name: reading.value for reading in ConditionalSimilarity(PAIRS).run(HashingEncoder())}
    alike = cosines(
        *([f"{t} {c}" for t, c in zip(PAIRS[n], PAIRS["condition"], strict=True)] for n in ("text1", "text2"))
    )
    rows = list(zip(alike, PAIRS["score"], PAIRS["text1"], PAIRS["text2"], strict=True))
    right = [
        (np.sign(a[0] - b[0]) * np.sign(a[1] - b[1]) + 1) / 2
        for a, b in itertools.combinations(rows, 2)
        if a[2:] == b[2:] and a[1] != b[1]
    ]
    score = PAIRS["score"]
    assert got == pytest.approx(
        {
            "cosine_spearman": spearmanr(alike.round(5), score).statistic,
            "cosine_pearson": pearsonr(alike, score).statistic,
            "text_spearman": spearmanr(cosines(PAIRS["text1"], PAIRS["text2"]).round(5), score).statistic,
            "condition_accuracy": np.mean(right),
        },
        abs=1e-5,
    )
    assert len(right) > 20


def test_who_does_not_listen_reaches_one_half():
    class Deaf(HashingEncoder):
        def encode(self, items, *, role="document"):
            return super().encode([item.split(";")[0] for item in items], role=role)

    got = {r.name: r for r in ConditionalSimilarity(PAIRS, "{text};{condition}").run(Deaf())}
    assert got["condition_accuracy"].value == 0.5
    assert got["cosine_spearman"].value == got["text_spearman"].value


def test_without_two_conditions_for_a_pair_there_is_no_accuracy():
    once = {name: column[::3] for name, column in PAIRS.items()}
    names = [reading.name for reading in ConditionalSimilarity(once).run(HashingEncoder())]
    assert names == ["cosine_spearman", "cosine_pearson", "text_spearman"]


def test_refuses_a_template_without_the_text_and_columns_that_lack():
    with pytest.raises(ParameterError, match=r"has to hold \{text\} and may hold \{condition\}; got '\{condition\}'"):
        ConditionalSimilarity(PAIRS, "{condition}").run(HashingEncoder())
    with pytest.raises(DataError, match="needs the columns text1, text2, condition, score"):
        ConditionalSimilarity({name: PAIRS[name] for name in ("text1", "text2", "score")}).run(HashingEncoder())
