"""SubstitutionNoise replaces the share of words it says, by words spelled alike, and scores as STS does."""

import itertools
import re
from collections import Counter

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.similarity import STS, SubstitutionNoise
from inlay.tasks.similarity._substitutions import Substitutions

STEMS = ["train", "trail", "brain", "rain", "river", "rover", "liver", "stone", "store", "story", "plane", "plant"]
RNG = np.random.default_rng(6)
PAIRS = {
    **{name: [" ".join(RNG.choice(STEMS, 8)) for _ in range(60)] for name in ("text1", "text2")},
    "score": RNG.integers(0, 5, 60).tolist(),
}
TEXTS = PAIRS["text1"] + PAIRS["text2"]


def changed(before, after):
    pairs = [(a, b) for x, y in zip(before, after, strict=True) for a, b in zip(x.split(), y.split(), strict=True)]
    return [a != b for a, b in pairs]


def test_the_share_of_words_replaced_is_the_rate_and_grows():
    errors = Substitutions(TEXTS, 3, 0)
    rates = (0.1, 0.3, 0.6, 1.0)
    masks = [np.array(changed(TEXTS, errors.at(rate))) for rate in rates]
    assert [mask.mean() for mask in masks] == pytest.approx(rates, abs=0.04)
    assert masks[-1].all()
    for less, more in itertools.pairwise(masks):
        assert more[less].all()  # what is wrong at one rate is wrong at the next


def test_wrong_words_are_those_that_share_most_runs_of_letters():
    def alike(x, y):
        a, b = (Counter(f" {w} "[i : i + n] for n in (2, 3) for i in range(len(w) + 3 - n)) for w in (x, y))
        dot = sum(a[run] * b[run] for run in a)
        return dot / np.sqrt(sum(c * c for c in a.values()) * sum(c * c for c in b.values()))

    found = {}
    for before, after in zip(TEXTS, Substitutions(TEXTS, 2, 0).at(1.0), strict=True):
        for word, other in zip(before.split(), after.split(), strict=True):
            found.setdefault(word, set()).add(other)
    for word, others in found.items():
        scores = sorted((alike(word, other) for other in STEMS if other != word), reverse=True)
        assert min(alike(word, other) for other in others) >= scores[1] - 1e-6, word


def test_all_but_words_stays_and_letters_in_capitals_do_not_make_another_word():
    texts = ["The train, the brain: the rain's end!", "THE RAIN"]
    after = Substitutions(texts, 99, 0).at(1.0)
    assert [re.sub(r"\w+('\w+)?", "_", text) for text in after] == ["_ _, _ _: _ _ _!", "_ _"]
    assert "the" not in (after[0].split()[0], after[1].split()[0])


def test_readings_equal_those_of_sts_on_the_texts_with_errors():
    task = SubstitutionNoise(PAIRS, rates=(0.4, 0.2), k=3)
    got = {reading.name: reading.value for reading in task.run(HashingEncoder())}
    assert list(got) == [
        "cosine_spearman_at_0.4",
        "cosine_pearson_at_0.4",
        "cosine_spearman_at_0.2",
        "cosine_pearson_at_0.2",
        "cosine_spearman",
        "cosine_pearson",
        "retained_at_0.4",
        "retained_at_0.2",
    ]
    assert got["cosine_spearman"] == STS(PAIRS).run(HashingEncoder())[0].value
    texts = Substitutions(TEXTS, 3, 0).at(0.4)
    spearman, pearson, *_ = STS({"text1": texts[:60], "text2": texts[60:], "score": PAIRS["score"]}).run(
        HashingEncoder()
    )
    assert got["cosine_spearman_at_0.4"] == spearman.value != got["cosine_spearman"]
    assert got["cosine_pearson_at_0.4"] == pearson.value != got["cosine_pearson"]


def test_retained_is_the_share_of_the_clean_score_and_none_where_that_is_not_above_zero():
    told = {**PAIRS, "score": STS(PAIRS).run(HashingEncoder())[0].sample.columns[0].tolist()}
    got = {reading.name: reading.value for reading in SubstitutionNoise(told, rates=(0.2,)).run(HashingEncoder())}
    assert got["cosine_spearman"] == pytest.approx(1)
    assert got["retained_at_0.2"] == pytest.approx(got["cosine_spearman_at_0.2"])
    assert got["retained_at_0.2"] < 0.95
    turned = {**told, "score": [-one for one in told["score"]]}
    assert np.isnan(SubstitutionNoise(turned, rates=(0.2,)).run(HashingEncoder())[-1].value)


def test_another_seed_draws_other_errors():
    assert Substitutions(TEXTS, 3, 0).at(0.5) == Substitutions(TEXTS, 3, 0).at(0.5)
    assert Substitutions(TEXTS, 3, 0).at(0.5) != Substitutions(TEXTS, 3, 1).at(0.5)


@pytest.mark.parametrize("rates", [(), (0.0,), (1.2,), (0.1, 0.1)])
def test_rates_have_to_be_shares_each_once(rates):
    with pytest.raises(ParameterError, match="rates must be different word error rates above 0 and at most 1"):
        SubstitutionNoise(PAIRS, rates).run(HashingEncoder())


def test_k_has_to_be_positive_and_there_have_to_be_words():
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        SubstitutionNoise(PAIRS, k=0).run(HashingEncoder())
    with pytest.raises(DataError, match="at least 2 different words, got 1"):
        SubstitutionNoise({"text1": ["one"], "text2": ["One!"], "score": [1]}).run(HashingEncoder())


@pytest.mark.data
def test_errors_cost_on_real_pairs():
    readings = SubstitutionNoise("sts16", rates=(0.1, 0.3, 0.5)).run(HashingEncoder())
    values = [readings[i].value for i in (6, 0, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values == pytest.approx([0.571, 0.484, 0.346, 0.277], abs=0.03)
