"""BERTScore equals loops over the equations of the paper, token by token and word by word."""

import math

import numpy as np
import pytest
from scipy.stats import kendalltau, pearsonr, spearmanr

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.values import Ragged
from inlay.tasks.text_scoring import BERTScore
from inlay.tasks.text_scoring._greedy import bert_scores

RNG = np.random.default_rng(4)


class Words:
    """Vectors of words at random; no token has context."""

    def encode(self, items, *, role="document"):
        assert all(" " not in item for item in items)
        return np.stack([self.one(item) for item in items])

    @staticmethod
    def one(word):
        return np.random.default_rng(list(word.encode())).standard_normal(6) + 0.5


class Tokens(Words):
    """The same, of the tokens between spaces."""

    def encode_tokens(self, items, *, layer=None):
        return Ragged.stack([np.array([self.one(t) for t in item.split()]).reshape(-1, 6) for item in items])


VOCABULARY = [f"w{i}" for i in range(12)]
DATA = {
    "candidate": [" ".join(RNG.choice(VOCABULARY, RNG.integers(1, 9))) for _ in range(40)],
    "reference": [" ".join(RNG.choice(VOCABULARY, RNG.integers(1, 9))) for _ in range(40)],
    "score": RNG.standard_normal(40).tolist(),
}


def by_loops(candidate, reference, weight):
    def one_way(texts, others):
        total = weights = 0.0
        for a in texts:
            x = Words.one(a) / np.linalg.norm(Words.one(a))
            best = max(x @ Words.one(b) / np.linalg.norm(Words.one(b)) for b in others)
            total, weights = total + weight(a) * best, weights + weight(a)
        return total / weights

    precision = one_way(candidate.split(), reference.split())
    recall = one_way(reference.split(), candidate.split())
    return [round(part, 6) for part in (precision, recall, 2 * precision * recall / (precision + recall))]


def idf(word):
    held = sum(word in reference.split() for reference in DATA["reference"])
    return -math.log((held + 1) / (len(DATA["reference"]) + 1))


@pytest.mark.parametrize(
    ("encoder", "weighted"), [(Words(), False), (Words(), True), (Tokens(), False)], ids=["words", "idf", "tokens"]
)
def test_equals_loops_over_the_equations(encoder, weighted):
    pairs = zip(DATA["candidate"], DATA["reference"], strict=True)
    columns = np.array([by_loops(a, b, idf if weighted else lambda word: 1) for a, b in pairs]).T
    got = {r.name: r.value for r in BERTScore(DATA, idf=weighted, rescale=False).run(encoder)}
    assert next(iter(got)) == "f1_pearson"
    assert len(got) == 12
    for name, column in zip(("precision", "recall", "f1"), columns, strict=True):
        assert got[f"{name}_pearson"] == pytest.approx(pearsonr(column, DATA["score"]).statistic, abs=1e-5)
        assert got[f"{name}_spearman"] == pytest.approx(spearmanr(column, DATA["score"]).statistic, abs=1e-5)
        assert got[f"{name}_kendall"] == pytest.approx(kendalltau(column, DATA["score"]).statistic, abs=1e-5)
        assert got[name] == pytest.approx(column.mean(), abs=1e-6)


def test_many_pairs_at_a_time_equal_one_at_a_time(monkeypatch):
    C, R = (Ragged.stack([RNG.standard_normal((n, 5)) for n in RNG.integers(0, 7, 30)]) for _ in range(2))
    whole = bert_scores(C, R)
    for i in range(30):
        one = bert_scores(Ragged.stack([C[i]]), Ragged.stack([R[i]]))
        np.testing.assert_allclose([part[0] for part in one], [part[i] for part in whole], atol=1e-6)
        if not len(C[i]) or not len(R[i]):
            assert [part[0] for part in one] == [0, 0, 0]
    monkeypatch.setattr("inlay.tasks.text_scoring._greedy._HELD", 100)
    np.testing.assert_allclose(bert_scores(C, R), whole, atol=1e-6)


def test_the_same_tokens_in_other_texts_have_the_same_score():
    texts = [RNG.standard_normal((n, 7)).astype(np.float32) for n in range(1, 20)]
    C = Ragged.stack(texts)
    R = Ragged.stack([np.concatenate([text[::-1], RNG.standard_normal((n, 7))]) for n, text in enumerate(texts)])
    assert bert_scores(C, R)[0].tolist() == [1] * 19  # which no rounding may order


def test_precision_and_recall_change_places_with_the_sides():
    C, R = (Ragged.stack([RNG.standard_normal((n, 5)) for n in (3, 4)]) for _ in range(2))
    precision, recall, f1 = bert_scores(C, R)
    back = bert_scores(R, C)
    np.testing.assert_allclose(back, (recall, precision, f1), atol=1e-6)
    np.testing.assert_allclose(bert_scores(C, C), np.ones((3, 2)), atol=1e-6)


def test_the_baseline_moves_the_means_and_no_correlation():
    plain, moved = ({r.name: r.value for r in BERTScore(DATA, rescale=flag).run(Words())} for flag in (False, True))
    for name in plain:
        if "_" in name:
            assert moved[name] == pytest.approx(plain[name])
        else:
            assert abs(moved[name]) < 0.1 < plain[name]
    texts = {"candidate": DATA["candidate"], "reference": [*DATA["candidate"][:-1], "w0"], "score": DATA["score"]}
    assert {r.name: r.value for r in BERTScore(texts).run(Words())}["f1"] > 0.9


def test_the_baseline_pairs_each_with_another():
    """With two pairs there is one ring, so the baseline is known."""
    data = {"candidate": ["w1 w2", "w3"], "reference": ["w1 w4", "w5 w6"], "score": [1, 0]}
    crossed = [by_loops("w1 w2", "w5 w6", lambda word: 1)[2], by_loops("w3", "w1 w4", lambda word: 1)[2]]
    plain, moved = ({r.name: r.value for r in BERTScore(data, rescale=flag).run(Words())} for flag in (False, True))
    base = np.mean(crossed)
    assert moved["f1"] == pytest.approx((plain["f1"] - base) / (1 - base), abs=1e-6)


def test_says_what_is_wrong():
    with pytest.raises(ParameterError, match="Take idf=False"):
        BERTScore(DATA, idf=True).run(Tokens())
    with pytest.raises(DataError, match="none has one"):
        BERTScore({"candidate": ["...", "!"], "reference": ["", "?"], "score": [0, 1]}).run(Words())
    with pytest.raises(DataError, match="needs judgements that differ"):
        BERTScore({**DATA, "score": [2] * 40}).run(Words())
    with pytest.raises(DataError, match="same score for every pair"):
        BERTScore({"candidate": ["a", "b"], "reference": ["a", "b"], "score": [0, 1]}).run(Tokens())
    tokens = Tokens()
    tokens.encode_tokens = lambda items, layer=None: Ragged.stack([np.ones((1, 6))])
    with pytest.raises(DataError, match="made 1 items of 80 texts"):
        BERTScore(DATA).run(tokens)
    with pytest.raises(ShapeError, match="as many candidates as references"):
        bert_scores(Ragged.stack([np.ones((1, 2))]), Ragged.stack([np.ones((1, 3))]))


@pytest.mark.data
def test_words_of_sts_go_with_what_people_judged():
    text = pytest.importorskip("inlay.encoders.text")
    got = {r.name: r.value for r in BERTScore("stsbenchmark", idf=True).run(text.HashingEncoder())}
    assert 0.5 < got["f1_pearson"] < 0.9
