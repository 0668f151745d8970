"""ZeroShotClassification equals loops over texts and descriptions, takes these in three ways, and misses none."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.classify import ZeroShotClassification

DESCRIPTION = {"pets": "a cat or a dog", "money": "stock, bond and bank", "rain": "a cloud and a storm"}
WORDS = ["a", "cat", "dog", "stock", "bond", "bank", "cloud", "storm", "and", "or"]
RNG = np.random.default_rng(7)
DATA = {
    "text": [" ".join(RNG.choice(WORDS, 4)) for _ in range(60)],
    "label": RNG.choice(list(DESCRIPTION), 60).tolist(),
    "description": DESCRIPTION,
}
ENCODER = HashingEncoder(dim=256)


def cosine(a, b):
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-9))


def test_equals_loops_over_texts_and_descriptions():
    names = sorted(DESCRIPTION)
    D, X = ENCODER.encode([DESCRIPTION[name] for name in names]), ENCODER.encode(DATA["text"])
    predicted = [max(range(3), key=lambda c: (round(cosine(x, D[c]), 6), -c)) for x in X]
    true = [names.index(label) for label in DATA["label"]]
    accuracy, f1 = ZeroShotClassification(DATA).run(ENCODER)
    assert 0.1 < accuracy.value < 0.7
    assert accuracy.value == pytest.approx(accuracy_score(true, predicted))
    assert f1.value == pytest.approx(f1_score(true, predicted, average="macro"))


def test_a_column_of_descriptions_and_one_with_numbers_give_what_a_mapping_gives():
    want = ZeroShotClassification(DATA).run(ENCODER)
    column = [DESCRIPTION[label] for label in DATA["label"]]
    assert ZeroShotClassification({**DATA, "description": column}).run(ENCODER) == want
    names = sorted(DESCRIPTION)
    numbers = [names.index(label) for label in DATA["label"]]
    texts = {str(i): DESCRIPTION[name] for i, name in enumerate(names)}  # as a mapping in JSON has them
    assert ZeroShotClassification({**DATA, "label": numbers, "description": texts}).run(ENCODER) == want


def test_labels_describe_themselves_and_stand_in_the_template():
    class Seen(HashingEncoder):
        def encode(self, items, *, role="document"):
            seen.extend(items)
            return super().encode(items, role=role)

    seen = []
    data = {"text": ["a lost card", "a new card"], "label": ["lost_card", "new_card"]}
    assert ZeroShotClassification(data, template="It is about a {}.").run(Seen())[0].value == 1
    assert seen[:2] == ["It is about a lost card.", "It is about a new card."]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"description": {"pets": "cats", "rain": "clouds"}}, "no description, which is a text, for the label 'money'"),
        ({"description": [f"text {i}" for i in range(60)]}, "a label here has several"),
        ({"description": ["one"]}, "one length"),
        ({"label": [i % 2 for i in range(60)], "description": None}, "for the label 0"),
        ({"label": ["pets"] * 60}, "two labels at least"),
    ],
)
def test_says_what_is_wrong_with_the_data(change, message):
    with pytest.raises(DataError, match=message):
        ZeroShotClassification({**DATA, **change}).run(ENCODER)


@pytest.mark.parametrize("template", ["no place", "{} and {}"])
def test_a_template_has_one_place(template):
    with pytest.raises(ParameterError, match=r"must hold one \{\}"):
        ZeroShotClassification(DATA, template=template).run(ENCODER)


@pytest.mark.data
def test_names_of_intents_are_near_their_questions():
    assert 0.2 < ZeroShotClassification("banking77").run(HashingEncoder())[0].value < 0.6
