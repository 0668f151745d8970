"""FewShotClassification equals loops over the means, takes fewer shots from among more, and names bad numbers."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.tasks.classify import FewShotClassification


class Drawn:
    """Vectors at random around a centre for each first word, with lengths of their own; the same for the same text."""

    def encode(self, items, *, role="document"):
        return np.stack([self._vector(item) for item in items]).astype(np.float32)

    def _vector(self, item):
        centre, noise = (np.random.default_rng(list(text.encode())) for text in (item.split()[0], item))
        return (1 + len(item) % 3) * (centre.standard_normal(12) + 2 * noise.standard_normal(12))


NAMES = ["rain", "pets", "money"]
DATA = {
    "train_text": [f"{NAMES[i % 3]} train {i}" for i in range(60)],
    "train_label": [i % 3 for i in range(60)],
    "text": [f"{NAMES[i % 3]} test {i}" for i in range(45)],
    "label": [i % 3 for i in range(45)],
}


def by_loops(k, n_experiments, seed):
    X, Z = (Drawn().encode(DATA[name]).astype(float) for name in ("train_text", "text"))
    order, right = list(range(len(X))), []
    for _ in range(n_experiments):
        np.random.RandomState(seed).shuffle(order)
        means = []
        for label in range(3):
            rows = [i for i in order if DATA["train_label"][i] == label][:k]
            means.append(np.mean([X[i] / np.linalg.norm(X[i]) for i in rows], axis=0))
        nearest = [np.argmin([np.linalg.norm(z / np.linalg.norm(z) - m) for m in means]) for z in Z]
        right.append(np.mean(np.equal(nearest, DATA["label"])))
    return right


def test_equals_loops_over_the_means():
    readings = FewShotClassification(DATA, shots=(3, 1, 7), n_experiments=5, random_state=2).run(Drawn())
    assert [reading.name for reading in readings] == ["accuracy_at_3", "accuracy_at_1", "accuracy_at_7"]
    for reading, k in zip(readings, (3, 1, 7), strict=True):
        assert reading.sample.columns[0] == pytest.approx(by_loops(k, 5, 2)), k
    assert readings[1].value < readings[0].value < readings[2].value < 1


def test_a_number_of_shots_does_not_depend_on_the_others():
    alone = FewShotClassification(DATA, shots=(2,), n_experiments=3).run(Drawn())[0]
    assert FewShotClassification(DATA, shots=(5, 2), n_experiments=3).run(Drawn())[1] == alone


def test_more_shots_than_there_are_take_all():
    few = FewShotClassification(DATA, shots=(20,), n_experiments=2).run(Drawn())[0]
    many = FewShotClassification(DATA, shots=(99,), n_experiments=2).run(Drawn())[0]
    assert (few.value, few.name) == (many.value, "accuracy_at_20")


@pytest.mark.parametrize("shots", [(), (0,), (2, 2)])
def test_shots_have_to_be_different_numbers_above_zero(shots):
    with pytest.raises(ParameterError, match=r"different numbers of at least 1, got \("):
        FewShotClassification(DATA, shots=shots).run(Drawn())


@pytest.mark.data
def test_more_questions_teach_more():
    hashing = pytest.importorskip("inlay.encoders.text").HashingEncoder()
    values = [r.value for r in FewShotClassification("trec", shots=(1, 10, 80), n_experiments=5).run(hashing)]
    assert 0.2 < values[0] < values[1] < values[2] < 0.8
