"""KNNClassification equals loops over all pairs, looks at angles alone, and wants neighbours."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import f1_score

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.classify import KNNClassification

WORDS = {"pets": ["cat", "dog", "food"], "money": ["stock", "bond", "food"], "rain": ["cloud", "storm", "dog"]}
RNG = np.random.default_rng(4)


def texts(n):
    labels = RNG.choice(list(WORDS), n).tolist()
    return [f"{' '.join(RNG.choice(WORDS[label], 3))} {i}" for i, label in enumerate(labels)], labels


TRAIN, TEST = texts(60), texts(40)
DATA = {"train_text": TRAIN[0], "train_label": TRAIN[1], "text": TEST[0], "label": TEST[1]}


class Drawn:
    """Vectors at random around a centre for each first word, so that no two pairs are as near."""

    def encode(self, items, *, role="document"):
        return np.stack([self._vector(item) for item in items]).astype(np.float32)

    def _vector(self, item):
        centre, noise = (np.random.default_rng(list(text.encode())) for text in (item.split()[0], item))
        return centre.standard_normal(8) + noise.standard_normal(8)


class Scaled:
    """The vectors of another encoder, each with a length of its own."""

    def __init__(self, encoder):
        self.encoder = encoder

    def encode(self, items, *, role="document"):
        X = self.encoder.encode(items, role=role)
        return X * np.array([[1 + len(item) % 5] for item in items], np.float32)


def by_loops(k, n_experiments, samples_per_label):
    X, Z = (Drawn().encode(DATA[name]).astype(float) for name in ("train_text", "text"))
    order, accuracies, f1s = list(range(len(X))), [], []
    for _ in range(n_experiments):
        np.random.RandomState(42).shuffle(order)
        rows = [i for label in WORDS for i in [j for j in order if TRAIN[1][j] == label][:samples_per_label]]
        predicted = []
        for z in Z:
            near = sorted(rows, key=lambda i: -(X[i] @ z) / np.linalg.norm(X[i]) / np.linalg.norm(z))[:k]
            votes = Counter(TRAIN[1][i] for i in near)
            predicted.append(min(votes, key=lambda label: (-votes[label], label)))
        accuracies.append(np.mean([a == b for a, b in zip(predicted, TEST[1], strict=True)]))
        f1s.append(f1_score(TEST[1], predicted, average="macro"))
    return accuracies, f1s


@pytest.mark.parametrize("k", [1, 3])
def test_equals_loops_over_all_pairs(k):
    accuracies, f1s = by_loops(k, 4, 6)
    accuracy, f1, _ = KNNClassification(DATA, k=k, n_experiments=4, samples_per_label=6).run(Drawn())
    assert 0.4 < np.mean(accuracies) < 1
    assert accuracy.value == pytest.approx(np.mean(accuracies))
    assert accuracy.n == len(TEST[1])
    assert f1.value == pytest.approx(np.mean(f1s))


def test_lengths_do_not_matter():
    plain = KNNClassification(DATA, n_experiments=3).run(HashingEncoder(dim=256))
    assert KNNClassification(DATA, n_experiments=3).run(Scaled(HashingEncoder(dim=256))) == plain


def test_more_neighbours_than_texts_are_all_of_them():
    few = KNNClassification(DATA, k=6, n_experiments=3, samples_per_label=2).run(HashingEncoder())
    assert KNNClassification(DATA, k=99, n_experiments=3, samples_per_label=2).run(HashingEncoder()) == few


def test_says_what_is_wrong():
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        KNNClassification(DATA, k=0).run(HashingEncoder())
    with pytest.raises(DataError, match="KNNClassification needs the columns text, label"):
        KNNClassification({key: DATA[key] for key in ("train_text", "train_label")}).run(HashingEncoder())


@pytest.mark.data
def test_questions_have_neighbours_of_their_kind():
    reading = KNNClassification("trec", n_experiments=3, samples_per_label=50).run(HashingEncoder())[0]
    assert 0.4 < reading.value < 0.8
