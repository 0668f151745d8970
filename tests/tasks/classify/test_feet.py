"""FEET equals the classifier run by hand, its differences are to the frozen column, and it needs a training part."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.classify import FEET, Classification

WORDS = {"good": ["fine", "great", "film", "plot"], "bad": ["dull", "poor", "film", "plot"]}
RNG = np.random.default_rng(6)


def texts(n):
    labels = RNG.choice(list(WORDS), n).tolist()
    return [f"{' '.join(RNG.choice(WORDS[label], 2))} {i}" for i, label in enumerate(labels)], labels


TRAIN, TEST = texts(120), texts(60)
DATA = {"train_text": TRAIN[0], "train_label": TRAIN[1], "text": TEST[0], "label": TEST[1]}
ENCODER = HashingEncoder(dim=64)


def test_frozen_is_one_classifier_on_all_texts_and_few_shots_are_those_of_classification():
    X, Z = ENCODER.encode(TRAIN[0]), ENCODER.encode(TEST[0])
    right = LogisticRegression(max_iter=1000).fit(X, TRAIN[1]).predict(Z) == np.array(TEST[1])
    frozen, few, delta, *_ = FEET(DATA, shots=(2, 5), n_experiments=4, random_state=1).run(ENCODER)
    assert (frozen.name, frozen.n) == ("frozen", 60)
    assert frozen.value == pytest.approx(right.mean())
    settings = {"n_experiments": 4, "samples_per_label": 2, "max_iter": 1000, "random_state": 1}
    want = Classification(DATA, **settings).run(ENCODER)[0]
    assert (few.name, few.value) == ("few_shot_2", pytest.approx(want.value))
    assert delta.name == "delta_few_shot_2"
    assert delta.value == pytest.approx(few.value - frozen.value)
    assert delta.value < 0


def test_all_texts_as_shots_are_the_frozen_column():
    most = max(map(TRAIN[1].count, WORDS))
    frozen, few, delta = FEET(DATA, shots=(most,), n_experiments=2).run(ENCODER)
    assert few.value == pytest.approx(frozen.value)
    assert delta.value == pytest.approx(0)


def test_says_what_is_wrong():
    with pytest.raises(DataError, match="needs the columns train_text and train_label; the data set has one part"):
        FEET({"text": TEST[0], "label": TEST[1]}).run(ENCODER)
    with pytest.raises(ParameterError, match=r"shots must be different numbers of at least 1, got \(0,\)"):
        FEET(DATA, shots=(0,)).run(ENCODER)
    with pytest.raises(ParameterError, match="max_iter must be at least 1, got 0"):
        FEET(DATA, max_iter=0).run(ENCODER)


@pytest.mark.data
def test_labels_are_worth_much_to_counts_of_words():
    frozen, few, _ = FEET("sst2", shots=(2,), n_experiments=2).run(HashingEncoder(dim=512))
    assert 0.45 < few.value < 0.6 < frozen.value < 0.9
