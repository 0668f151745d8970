"""BitextMining equals scikit-learn's weighted scores, has a direction, and reproduces published scores."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from inlay.core.errors import DataError
from inlay.tasks.bitext import BitextMining


class Drawn:
    """Vectors at random, near to each other for the texts that end in the same number."""

    def encode(self, items, *, role="document"):
        return np.stack([self.one(item) for item in items])

    @staticmethod
    def one(item):
        base = np.random.default_rng(int(item.split()[1])).standard_normal(6)
        return base + 0.3 * np.random.default_rng(list(item.encode())).standard_normal(6)


PAIRS = {"source": [f"satz {i}" for i in range(60)], "target": [f"sentence {i}" for i in range(60)]}


def scores(data):
    return {reading.name: reading.value for reading in BitextMining(data).run(Drawn())}


def test_equals_the_weighted_scores_of_sklearn():
    X, Y = (Drawn().encode(PAIRS[name]) for name in ("source", "target"))
    found = []
    for x in X:
        cosines = [x @ y / np.linalg.norm(x) / np.linalg.norm(y) for y in Y]
        found.append(int(np.argmax(cosines)))
    gold = list(range(60))
    got = scores(PAIRS)
    assert list(got) == ["f1", "accuracy", "precision", "recall"]
    assert 0.1 < got["f1"] < 0.9
    assert got["accuracy"] == pytest.approx(accuracy_score(gold, found))
    for name, function in (("f1", f1_score), ("precision", precision_score), ("recall", recall_score)):
        assert got[name] == pytest.approx(function(gold, found, average="weighted", zero_division=0)), name


def test_the_sources_ask_and_the_targets_answer():
    assert scores(PAIRS)["f1"] != scores({"source": PAIRS["target"], "target": PAIRS["source"]})["f1"]


def test_one_target_for_all_counts_little():
    class Flat:
        def encode(self, items, *, role="document"):
            return np.ones((len(items), 3))

    readings = {reading.name: reading.value for reading in BitextMining(PAIRS).run(Flat())}
    assert readings["accuracy"] == pytest.approx(1 / 60)
    assert readings["f1"] == pytest.approx(2 / 61 / 60)


def test_says_what_is_wrong_with_the_data():
    with pytest.raises(DataError, match="one length"):
        BitextMining({**PAIRS, "target": PAIRS["target"][:-1]}).run(Drawn())
    with pytest.raises(DataError, match="needs the columns source, target; the data set has source"):
        BitextMining({"source": ["a"]}).run(Drawn())


@pytest.mark.data
@pytest.mark.parametrize(("language", "published"), [("deu", 0.0789), ("fra", 0.0817), ("spa", 0.0563)])
def test_minilm_reaches_the_published_scores(language, published):
    text = pytest.importorskip("inlay.encoders.text")
    encoder = text.TextEncoder(engine="lean-float32")
    assert BitextMining(f"tatoeba-{language}").run(encoder)[0].value == pytest.approx(published, abs=0.003)
