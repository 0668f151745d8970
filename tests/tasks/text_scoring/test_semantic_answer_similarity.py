"""SemanticAnswerSimilarity equals scipy on cosines, and SQuAD's definitions on words."""

import re
import string

import numpy as np
import pytest
from scipy.spatial import distance
from scipy.stats import kendalltau, pearsonr, spearmanr

from inlay.core.errors import DataError
from inlay.tasks.text_scoring import SemanticAnswerSimilarity


class Drawn:
    """Vectors at random, the same for the same text."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(list(item.encode())).standard_normal(8) for item in items])


RNG = np.random.default_rng(3)
WORDS = ["the", "a", "Norman", "norman,", "king", "Seine", "1018", "don't", "river-bank"]
DATA = {
    "answer": [" ".join(RNG.choice(WORDS, RNG.integers(1, 4))) for _ in range(60)],
    "truth": [" ".join(RNG.choice(WORDS, RNG.integers(1, 4))) for _ in range(60)],
    "score": RNG.integers(0, 3, 60).tolist(),
}
MEASURES = {"pearson": pearsonr, "spearman": spearmanr, "kendall": kendalltau}


def normalised(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1(a, b):
    a, b = normalised(a).split(), normalised(b).split()
    common = sum(min(a.count(word), b.count(word)) for word in set(a))
    if not a or not b:
        return float(a == b)
    if not common:
        return 0.0
    precision, recall = common / len(a), common / len(b)
    return 2 * precision * recall / (precision + recall)


def test_equals_scipy_and_the_definitions_of_squad():
    pairs = list(zip(DATA["answer"], DATA["truth"], strict=True))
    X, Y = Drawn().encode(DATA["answer"]), Drawn().encode(DATA["truth"])
    scores = {
        "sas": np.array([1 - distance.cosine(x, y) for x, y in zip(X, Y, strict=True)]),
        "f1": np.array([f1(a, b) for a, b in pairs]),
        "exact_match": np.array([float(normalised(a) == normalised(b)) for a, b in pairs]),
    }
    judged = np.array(DATA["score"])
    got = {reading.name: reading for reading in SemanticAnswerSimilarity(DATA).run(Drawn())}
    assert next(iter(got)) == "sas_pearson"
    assert len(got) == 12
    for name, column in scores.items():
        for statistic, function in MEASURES.items():
            want = function(column, judged).statistic
            assert got[f"{name}_{statistic}"].value == pytest.approx(want, abs=1e-6), (name, statistic)
    apart = scores["f1"] == 0
    assert 5 < got["sas_pearson_without_overlap"].n == apart.sum() < 60
    want = kendalltau(scores["sas"][apart], judged[apart]).statistic
    assert got["sas_kendall_without_overlap"].value == pytest.approx(want, abs=1e-6)


def test_scores_that_are_all_the_same_have_no_reading():
    data = {"answer": ["one", "two", "six"], "truth": ["uno", "due", "sei"], "score": [0, 1, 2]}
    names = [reading.name for reading in SemanticAnswerSimilarity(data).run(Drawn())]
    assert len(names) == 6
    assert all(name.startswith("sas_") for name in names)


def test_pairs_of_sts_will_do():
    sts = {"text1": DATA["answer"], "text2": DATA["truth"], "score": DATA["score"]}
    one, other = (SemanticAnswerSimilarity(data).run(Drawn())[0].value for data in (sts, DATA))
    assert one == other


def test_says_what_is_wrong():
    with pytest.raises(DataError, match=r"judgements that differ in the column score; all are 1\.0"):
        SemanticAnswerSimilarity({**DATA, "score": [1] * 60}).run(Drawn())
    with pytest.raises(DataError, match="needs the columns answer, truth, score; the data set has answer"):
        SemanticAnswerSimilarity({"answer": ["a"]}).run(Drawn())
    with pytest.raises(DataError, match="one cosine for all pairs"):
        SemanticAnswerSimilarity({**DATA, "truth": DATA["answer"]}).run(Ones())


class Ones:
    """One vector for everything."""

    def encode(self, items, *, role="document"):
        return np.ones((len(items), 4))


@pytest.mark.data
def test_bags_of_words_on_pairs_of_sts():
    text = pytest.importorskip("inlay.encoders.text")
    got = {r.name: r.value for r in SemanticAnswerSimilarity("stsbenchmark").run(text.HashingEncoder())}
    assert 0.5 < got["sas_pearson"] < 0.9
    assert got["exact_match_pearson"] < got["f1_pearson"]
