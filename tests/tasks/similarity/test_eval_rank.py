"""EvalRank equals loops with sorted scores, takes the best share of the pairs, and ranks words as well."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.similarity import EvalRank


class Drawn:
    """Vectors at random, with a part in common for the texts that end in the same number."""

    def encode(self, items, *, role="document"):
        return np.stack([self.one(item) for item in items])

    @staticmethod
    def one(item):
        base = np.random.default_rng(int(item.split()[1])).standard_normal(5)
        return 3 + base + np.random.default_rng(list(item.encode())).standard_normal(5)


PAIRS = {
    "text1": [f"left {i}" for i in range(40)],
    "text2": [f"right {i}" for i in range(40)],
    "score": [float(i) for i in range(40)],
}


def by_sorting(similarity, center):
    """Place the score of the partner among those of all, as the code of the paper does."""
    pool = PAIRS["text1"] + PAIRS["text2"]
    X = Drawn().encode(pool).astype(np.float32)
    if center:
        X = X - X.mean(0)
    if center or similarity == "cosine":
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
    ranks = []
    for i in range(30, 40):
        for a, b in ((i, i + 40), (i + 40, i)):
            scores = []
            for z in range(len(pool)):
                scores.append(X[a] @ X[z] if similarity == "cosine" else 1 / (np.linalg.norm(X[a] - X[z]) + 1))
            scores = np.array(scores)
            rank = len(scores) - np.searchsorted(np.sort(scores), scores[b], side="right")
            ranks.append(max(1, rank))
    return np.array(ranks)


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize("center", [True, False])
def test_equals_sorting_all_scores(similarity, center):
    ranks = by_sorting(similarity, center)
    got = {r.name: r for r in EvalRank(PAIRS, similarity=similarity, center=center).run(Drawn())}
    assert list(got) == ["mrr", "hits_at_1", "hits_at_3", "mean_rank"]
    assert got["mrr"].n == 20
    assert got["mrr"].value == pytest.approx(np.mean(1 / ranks))
    assert got["hits_at_1"].value == np.mean(ranks <= 1)
    assert got["hits_at_3"].value == np.mean(ranks <= 3)
    assert got["mean_rank"].value == pytest.approx(ranks.mean())
    assert ranks.max() > 3


def test_pairs_as_good_as_the_last_are_positive_and_equal_texts_are_not():
    scores = [5.0] * 12 + [1.0] * 28
    assert EvalRank({**PAIRS, "score": scores}, share=0.1).run(Drawn())[0].n == 24
    same = {**PAIRS, "text2": ["left 0", *PAIRS["text2"][1:]]}
    assert EvalRank({**same, "score": scores}, share=0.1).run(Drawn())[0].n == 22
    twice = {key: [*column, *column] for key, column in PAIRS.items()}
    assert EvalRank(twice).run(Drawn())[0].value == EvalRank(PAIRS).run(Drawn())[0].value


def test_texts_with_one_vector_share_a_rank():
    class Coarse:
        def encode(self, items, *, role="document"):
            X = np.random.default_rng(0).standard_normal((7, 33))
            return X[[int(item.split()[1]) % 7 for item in items]]

    got = EvalRank(PAIRS, share=1.0).run(Coarse())
    assert [reading.value for reading in got] == [1, 1, 1, 1]


def test_a_background_makes_it_harder():
    more = {**PAIRS, "background": [f"other {i}" for i in range(200)]}
    assert EvalRank(more).run(Drawn())[0].value < EvalRank(PAIRS).run(Drawn())[0].value


def test_words_are_ranked_as_texts_are():
    words = {"word1": PAIRS["text1"], "word2": PAIRS["text2"], "score": PAIRS["score"]}
    assert EvalRank(words).run(Drawn())[0].value == EvalRank(PAIRS).run(Drawn())[0].value


def test_says_what_is_wrong():
    with pytest.raises(ParameterError, match="share must be above 0 and at most 1, got 0"):
        EvalRank(PAIRS, share=0).run(Drawn())
    with pytest.raises(ParameterError, match="similarity must be cosine or euclidean, got 'dot'"):
        EvalRank(PAIRS, similarity="dot").run(Drawn())
    with pytest.raises(DataError, match="two different texts"):
        EvalRank({**PAIRS, "text2": PAIRS["text1"]}).run(Drawn())
    with pytest.raises(DataError, match="needs the columns text1, text2, score; the data set has word2"):
        EvalRank({"word2": ["a 1"]}).run(Drawn())


@pytest.mark.data
def test_bags_of_words_rank_sentences():
    text = pytest.importorskip("inlay.encoders.text")
    mrr, at_1, at_3, mean_rank = (r.value for r in EvalRank("stsbenchmark").run(text.HashingEncoder()))
    assert 0.5 < at_1 < mrr < at_3 < 1 < mean_rank
