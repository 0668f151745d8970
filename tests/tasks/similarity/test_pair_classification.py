"""PairClassification equals scikit-learn and a search of all thresholds, and agrees with MTEB."""

import numpy as np
import pytest
from scipy.spatial import distance
from sklearn.metrics import accuracy_score, average_precision_score, f1_score

from inlay.core.errors import DataError
from inlay.data.datasets import load
from inlay.encoders.text import HashingEncoder
from inlay.tasks._inputs import SIMILARITIES, pair_vectors
from inlay.tasks.similarity import PairClassification


class Drawn:
    """Vectors at random, the same for the same text, of different lengths."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(list(item.encode())).standard_normal(8) for item in items])


RNG = np.random.default_rng(2)
PAIRS = {
    "text1": [f"left {i % 11}" for i in range(60)],
    "text2": [f"right {i % 7}" for i in range(60)],
    "label": RNG.integers(0, 2, 60).tolist(),
}


def test_equals_sklearn_at_every_threshold():
    X, Y = Drawn().encode(PAIRS["text1"]), Drawn().encode(PAIRS["text2"])
    label = np.array(PAIRS["label"])
    got = {reading.name: reading.value for reading in PairClassification(PAIRS).run(Drawn())}
    assert next(iter(got)) == "cosine_ap"
    alike = {
        "cosine": lambda x, y: 1 - distance.cosine(x, y),
        "dot": np.dot,
        "euclidean": lambda x, y: -distance.euclidean(x, y),
        "manhattan": lambda x, y: -distance.cityblock(x, y),
    }
    for name, similarity in alike.items():
        scores = np.float32([similarity(x, y) for x, y in zip(X, Y, strict=True)]).round(4)
        answers = [scores >= edge for edge in [*np.unique(scores), np.inf]]
        assert got[f"{name}_ap"] == pytest.approx(average_precision_score(label, scores), abs=1e-6)
        assert got[f"{name}_accuracy"] == pytest.approx(max(accuracy_score(label, a) for a in answers))
        assert got[f"{name}_f1"] == pytest.approx(max(f1_score(label, a, zero_division=0) for a in answers))
    assert got["max_ap"] == max(got[f"{name}_ap"] for name in alike)


def test_all_is_one_where_the_labels_follow_the_similarity():
    cosine = SIMILARITIES["cosine"](*(Drawn().encode(PAIRS[name]) for name in ("text1", "text2")))
    told = {**PAIRS, "label": (cosine > np.median(cosine)).astype(int).tolist()}
    assert {reading.value for reading in PairClassification(told).run(Drawn())[:3]} == {1.0}


@pytest.mark.parametrize("labels", [[1] * 60, [0] * 60, [0, 2] * 30])
def test_labels_have_to_be_zeros_and_ones(labels):
    with pytest.raises(DataError, match="zeros and ones in the column label"):
        PairClassification({**PAIRS, "label": labels}).run(HashingEncoder())


def test_a_column_that_lacks_is_named():
    with pytest.raises(DataError, match="needs the columns text1, text2, label; the data set has text1, text2"):
        PairClassification({name: PAIRS[name] for name in ("text1", "text2")}).run(HashingEncoder())


@pytest.mark.data
def test_equals_mteb_on_paraphrases_of_the_news():
    theirs = pytest.importorskip("mteb").get_task("TwitterSemEval2015")
    pairs = load("mrpc-dev")
    X, Y = pair_vectors(HashingEncoder(), pairs["text1"], pairs["text2"])
    got = {reading.name: reading.value for reading in PairClassification("mrpc-dev").run(HashingEncoder())}
    for name, similarity in SIMILARITIES.items():
        want = theirs._compute_metrics_values(similarity(X, Y).tolist(), np.array(pairs["label"]), True)
        assert {score: got[f"{name}_{score}"] for score in ("ap", "accuracy", "f1")} == pytest.approx(
            {score: want[score] for score in ("ap", "accuracy", "f1")}
        )
    assert got["max_ap"] == max(got[f"{name}_ap"] for name in SIMILARITIES) > 346 / 500  # more than the same for all
