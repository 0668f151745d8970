"""XSIM equals loops over the definition, with a flat index of faiss, and counts texts and rows as LASER does."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.bitext import XSIM, BitextMining


class Drawn:
    """Vectors at random, near to each other for the texts that end in the same number."""

    def encode(self, items, *, role="document"):
        return np.stack([self.one(item) for item in items])

    @staticmethod
    def one(item):
        base = np.random.default_rng(int(item.split()[1])).standard_normal(6) + 1
        return base + 0.5 * np.random.default_rng(list(item.encode())).standard_normal(6)


PAIRS = {"source": [f"satz {i}" for i in range(60)], "target": [f"sentence {i}" for i in range(60)]}


def by_loops(margin, k):
    faiss = pytest.importorskip("faiss")
    X, Y = (Drawn().encode(PAIRS[name]).astype(np.float32) for name in ("source", "target"))
    faiss.normalize_L2(X)
    faiss.normalize_L2(Y)
    index_x, index_y = faiss.IndexFlatIP(6), faiss.IndexFlatIP(6)
    index_x.add(X)
    index_y.add(Y)
    cosines, ids = index_y.search(X, k)
    around_y, _ = index_x.search(Y, k)
    errors = 0
    for i in range(len(X)):
        scores = []
        for cosine, j in zip(cosines[i], ids[i], strict=True):
            usual = sum(cosines[i]) / (2 * k) + sum(around_y[j]) / (2 * k)
            scores.append({"ratio": cosine / usual, "distance": cosine - usual, "absolute": cosine}[margin])
        errors += ids[i][int(np.argmax(scores))] != i
    return errors / len(X)


@pytest.mark.parametrize("margin", ["ratio", "distance", "absolute"])
@pytest.mark.parametrize("k", [1, 4, 7])
def test_equals_loops_over_the_definition(margin, k):
    xsim, by_row = XSIM(PAIRS, margin=margin, k=k).run(Drawn())
    assert (xsim.name, by_row.name) == ("xsim", "xsim_by_row")
    assert 0.05 < xsim.value < 0.9
    assert xsim.value == by_row.value == pytest.approx(by_loops(margin, k))


def test_the_absolute_margin_is_the_nearest_neighbour():
    accuracy = BitextMining(PAIRS).run(Drawn())[1].value
    assert XSIM(PAIRS, margin="absolute").run(Drawn())[0].value == pytest.approx(1 - accuracy)


def test_a_margin_passes_over_what_is_near_to_everything():
    class Hub:
        """Target 0 is nearer to each source than its own translation is."""

        def encode(self, items, *, role="document"):
            X = np.eye(60)[[int(item.split()[1]) for item in items]]
            X[:, 0] += [4 / 3 * item.startswith("satz") for item in items]
            return X

    assert XSIM(PAIRS, margin="absolute").run(Hub())[0].value == pytest.approx(59 / 60)
    assert XSIM(PAIRS).run(Hub())[0].value == 0


def test_a_target_of_the_same_text_is_right_and_another_row():
    pairs = {"source": ["satz 1", "satz 1"], "target": ["sentence 1", "sentence 1"]}
    assert [reading.value for reading in XSIM(pairs).run(Drawn())] == [0, 0.5]


def test_more_neighbours_than_sentences_are_all_of_them():
    assert XSIM(PAIRS, k=60).run(Drawn())[0].value == XSIM(PAIRS, k=1000).run(Drawn())[0].value


def test_vectors_that_share_nothing_leave_the_first():
    class Apart:
        def encode(self, items, *, role="document"):
            return np.eye(len(items))

    assert XSIM(PAIRS).run(Apart())[0].value == pytest.approx(59 / 60)


def test_says_what_is_wrong():
    with pytest.raises(ParameterError, match="margin must be one of ratio, distance, absolute, got 'sum'"):
        XSIM(PAIRS, margin="sum").run(Drawn())
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        XSIM(PAIRS, k=0).run(Drawn())
    with pytest.raises(DataError, match="one length"):
        XSIM({**PAIRS, "source": ["satz 1"]}).run(Drawn())


@pytest.mark.data
def test_bags_of_words_find_few_german_sentences():
    text = pytest.importorskip("inlay.encoders.text")
    assert 0.8 < XSIM("tatoeba-deu").run(text.HashingEncoder())[0].value < 1
