"""WordInContext equals a search of all thresholds by loops, takes that of the training part, and shows the word."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.words import WordInContext
from inlay.tasks.words._judged import threshold

NOUNS = ["money", "river", "water", "loan", "fish", "interest", "sand", "clerk"]


def uses(n, seed):
    rng = np.random.default_rng(seed)
    text1, text2 = ([" ".join(["bank", *rng.choice(NOUNS, 3)]) for _ in range(n)] for _ in range(2))
    return {"word": ["bank"] * n, "text1": text1, "text2": text2, "label": [0, *rng.integers(0, 2, n - 2).tolist(), 1]}


USES = uses(40, 1)
TRAINED = {**USES, **{f"train_{name}": column for name, column in uses(90, 2).items()}}


def alike(data, part=""):
    return np.einsum("nd,nd->n", *(HashingEncoder().encode(data[f"{part}text{i}"]) for i in (1, 2)))


def test_the_threshold_equals_a_loop_over_all():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scores, label = rng.integers(0, 6, 12).astype(np.float32) / 4, rng.integers(0, 2, 12).astype(float)
        best = max(np.mean((scores >= edge) == label) for edge in [*scores, np.inf])
        assert np.mean((scores >= threshold(scores, label)) == label) == best
    assert threshold(np.float32([0.5, 0.25]), np.zeros(2)) == np.inf
    assert threshold(np.float32([0.5, 0.25]), np.ones(2)) == -np.inf


def test_accuracy_is_that_with_the_threshold_of_the_training_part():
    edge = threshold(alike(TRAINED, "train_"), np.array(TRAINED["train_label"]))
    want = np.mean((alike(TRAINED) >= edge) == np.array(TRAINED["label"]))
    readings = WordInContext(TRAINED).run(HashingEncoder())
    assert [reading.name for reading in readings] == ["accuracy", "best_accuracy", "ap"]
    assert readings[0].value == pytest.approx(want)
    assert readings[0].value < readings[1].value


def test_without_a_training_part_the_best_threshold_counts():
    readings = WordInContext(USES).run(HashingEncoder())
    assert [reading.name for reading in readings] == ["best_accuracy", "ap"]
    scores, label = alike(USES), np.array(USES["label"])
    assert readings[0].value == pytest.approx(max(np.mean((scores >= e) == label) for e in [*scores, np.inf]))


def test_the_template_is_what_is_encoded():
    seen = []

    class Listening(HashingEncoder):
        def encode(self, items, *, role="document"):
            seen.extend(items)
            return super().encode(items, role=role)

    WordInContext(USES, "{word} | {text}").run(Listening())
    assert set(seen) == {f"bank | {text}" for text in USES["text1"] + USES["text2"]}


@pytest.mark.parametrize("template", ["{word}", "{text} {sense}", "{text", "{text} {}", "{text:5d}", "{text!r}", None])
def test_a_template_has_to_hold_the_text(template):
    with pytest.raises(ParameterError, match=r"has to hold \{text\} and may hold \{word\}; got"):
        WordInContext(USES, template).run(HashingEncoder())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": [1] * 40}, "zeros and ones in the column label"),
        ({"train_label": [1] * 90}, "zeros and ones in the column train_label"),
        ({"train_word": ["bank"]}, "one length"),
    ],
)
def test_says_what_is_wrong_with_the_data(change, message):
    with pytest.raises(DataError, match=message):
        WordInContext({**TRAINED, **change}).run(HashingEncoder())
    with pytest.raises(DataError, match="needs the columns train_word, train_text1, train_text2, train_label"):
        WordInContext({name: TRAINED[name] for name in (*USES, "train_word")}).run(HashingEncoder())


@pytest.mark.data
def test_a_bag_of_words_is_above_chance_and_below_people():
    readings = WordInContext().run(HashingEncoder())
    assert readings[0].n == 638
    assert 0.52 < readings[0].value <= readings[1].value < 0.60
