"""Verification equals loops over all thresholds, draws pairs that are what they say, and names what is wrong."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.verify import Verification


class Drawn:
    """Vectors at random, the same for the same item, near a centre for its first letter; keeps what it was asked."""

    def __init__(self, spread=1.0):
        self.spread = spread
        self.seen = []

    def encode(self, items, *, role="document"):
        self.seen = list(items)
        rows = [
            np.random.default_rng([ord(str(item)[0])]).standard_normal(8)
            + self.spread * np.random.default_rng(list(str(item).encode())).standard_normal(8)
            for item in items
        ]
        return np.array(rows)


SAID = {"item": [f"{letter}{i}" for letter in "abcd" for i in range(9)], "label": [x for x in "abcd" for _ in range(9)]}


def given(n=60):
    rng = np.random.default_rng(3)
    pairs = rng.choice(SAID["item"], (n, 2))
    return {"item1": pairs[:, 0], "item2": pairs[:, 1], "label": [int(a[0] == b[0]) for a, b in pairs]}


def test_equals_loops_over_thresholds_and_sklearn():
    pairs, encoder = given(), Drawn()
    got = {reading.name: reading.value for reading in Verification(pairs).run(encoder)}
    A, B = encoder.encode(pairs["item1"]), encoder.encode(pairs["item2"])
    cosine = np.array([a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(A, B, strict=True)], np.float32)
    same = np.array(pairs["label"]) == 1
    assert list(got) == ["eer", "auc"]
    assert got["auc"] == pytest.approx(roc_auc_score(same, cosine), abs=1e-6)
    points = [(np.mean(cosine[~same] >= t), np.mean(cosine[same] < t)) for t in [2, *sorted(cosine, reverse=True)]]
    for (fa1, fr1), (fa2, fr2) in itertools.pairwise(points):
        if fa1 - fr1 < 0 <= fa2 - fr2:
            part = (fr1 - fa1) / ((fa2 - fr2) - (fa1 - fr1))
            want = fa1 + part * (fa2 - fa1)
    assert got["eer"] == pytest.approx(want, abs=1e-6)
    fa, hits, _ = roc_curve(same, cosine)
    assert min(abs(fa + hits - 1)) < 0.1
    assert abs(got["eer"] - fa[np.argmin(abs(fa + hits - 1))]) < 0.1


def test_a_perfect_encoder_errs_never_and_one_at_random_half_the_time():
    assert [r.value for r in Verification(SAID).run(Drawn(0.001))] == [0, 1]
    many = {"item": [f"x{i}" for i in range(300)], "label": [i % 2 for i in range(300)]}
    for reading in Verification(many).run(Drawn()):
        assert reading.value == pytest.approx(0.5, abs=0.03)


def test_drawn_pairs_are_all_different_and_half_of_them_of_one_class():
    # an encoder that tells only classes apart is right about every pair, wherever it stands in the draw
    mixed = np.random.default_rng(0).permutation(36)
    said = {name: [column[i] for i in mixed] for name, column in SAID.items()}
    for n_pairs, n in ((10, 10), (11, 10), (10_000, 2 * 4 * 36)):
        readings = Verification(said, n_pairs=n_pairs).run(Drawn(0.001))
        assert readings[0].n == n
        assert readings[0].sample.columns[0].mean() == 0.5
        assert [r.value for r in readings] == [0, 1]
    a, b, c = (Verification(said, 50, random_state=i).run(Drawn())[1].value for i in (1, 1, 2))
    assert a == b != c
    small = {"item": ["a1", "b1", "a2", "b2"], "label": [0, 1, 0, 1]}
    alike = Verification(small).run(Drawn())[0].sample.columns[1]
    assert len(set(alike.tolist())) == 4


def test_items_may_be_arrays():
    pairs = {"item1": [[1.0, 2.0], [3.0, 4.0]], "item2": np.array([[1.0, 2.0], [4.0, 3.0]]), "label": [1, 0]}
    encoder = Drawn()
    Verification(pairs).run(encoder)
    assert encoder.seen == [(1.0, 2.0), (3.0, 4.0), (4.0, 3.0)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"item": ["a", "b"], "label": [0, 1]}, "two classes, and one with two items"),
        ({"item": ["a", "b"], "label": [0, 0]}, "two classes, and one with two items"),
        ({"item": ["a", "b"], "label": [[0], [1]]}, "one class for each item"),
        ({"item": ["a", "b"], "label": [0]}, "one length"),
        ({"item1": ["a", "b"], "item2": ["a", "b"], "label": [1, 1]}, "zeros and ones"),
        ({"item1": ["a", "b"], "label": [1, 0]}, "needs the columns item1, item2, label"),
    ],
)
def test_says_what_is_wrong_with_the_data(data, message):
    with pytest.raises(DataError, match=message):
        Verification(data).run(Drawn())


def test_refuses_too_few_pairs():
    with pytest.raises(ParameterError, match="at least 2, got 1"):
        Verification(SAID, n_pairs=1).run(Drawn())


class Raw:
    """The series itself, one channel after the other."""

    def encode(self, items, *, role="document"):
        return np.array(items).reshape(len(items), -1)


@pytest.mark.data
def test_speakers_are_told_apart_from_raw_series():
    eer, auc = Verification().run(Raw())
    assert eer.n == 10_000
    assert 0.2 < eer.value < 0.25
    assert 0.8 < auc.value < 0.9
