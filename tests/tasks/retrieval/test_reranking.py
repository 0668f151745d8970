"""Reranking equals loops and scikit-learn, gives nothing for ties, and lets a pipeline's rankers order anew."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from inlay.core.errors import DataError
from inlay.core.values import Hits
from inlay.encoders.text import HashingEncoder
from inlay.pipeline import Pipeline
from inlay.tasks.retrieval import Reranking

pytest.importorskip("ir_measures")


class Drawn:
    """Vectors at random, the same for the same text."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(list(item.encode())).standard_normal(6) for item in items])


DATA = {
    "query": [f"query {i}" for i in range(12)],
    "positive": [[f"good {i} {j}" for j in range(1 + i % 3)] for i in range(12)],
    "negative": [[f"bad {i} {j}" for j in range(3 + 4 * (i % 4))] for i in range(12)],
}


def values(task, encoder):
    return {reading.name: reading.value for reading in task.run(encoder)}


def test_equals_loops_and_scikit_learn():
    want = {"map": [], "mrr": [], "ndcg_at_10": []}
    for query, positive, negative in zip(*DATA.values(), strict=True):
        (q,), X = Drawn().encode([query]), Drawn().encode([*positive, *negative])
        scores = [q @ x / np.linalg.norm(q) / np.linalg.norm(x) for x in X]
        labels = [1] * len(positive) + [0] * len(negative)
        ranked = [label for _, label in sorted(zip(scores, labels, strict=True), reverse=True)]
        want["map"].append(average_precision_score(labels, scores))
        want["mrr"].append(next((1 / (i + 1) for i, label in enumerate(ranked[:10]) if label), 0))
        want["ndcg_at_10"].append(ndcg_score([labels], [scores], k=10))
    got = values(Reranking(DATA), Drawn())
    assert list(got) == list(want)
    for name, each in want.items():
        assert got[name] == pytest.approx(np.mean(each), abs=1e-6), name
    assert 0 in want["mrr"]  # the first ten count, as in MTEB


def test_an_encoder_that_makes_all_alike_wins_nothing():
    class Constant:
        def encode(self, items, *, role="document"):
            return np.ones((len(items), 3), np.float32)

    data = {"query": ["a"], "positive": [["b", "c"]], "negative": [["d", "e"]]}
    assert values(Reranking(data), Constant())["map"] == pytest.approx((1 / 3 + 2 / 4) / 2)
    # a text on both sides, and one that is there twice
    data = {"query": ["cat"], "positive": [["cat"]], "negative": [["cat", "dog", "dog"]]}
    assert values(Reranking(data), HashingEncoder())["map"] == pytest.approx(1 / 2)


def test_queries_without_good_or_bad_candidates_are_left_out():
    more = {
        "query": [*DATA["query"], "none good", "none bad"],
        "positive": [*DATA["positive"], [], ["x"]],
        "negative": [*DATA["negative"], ["y"], []],
    }
    assert Reranking(more).run(Drawn())[0].n == 12
    assert values(Reranking(more), Drawn()) == values(Reranking(DATA), Drawn())


def test_the_rankers_of_a_pipeline_order_the_candidates():
    class Good:
        """A ranker that reads the candidates."""

        def rank(self, search):
            texts = [[search.items[i] if i >= 0 else "" for i in row] for row in search.hits.ids]
            scores = np.array([[1.0 if t.startswith("good") else 0.0 for t in row] for row in texts])
            scores[search.hits.ids < 0] = -np.inf
            order = np.argsort(-scores, axis=1, kind="stable")
            ids, scores = (np.take_along_axis(a, order, 1) for a in (search.hits.ids, scores))
            return replace(search, hits=Hits(ids, scores))

    encoder = HashingEncoder(dim=64)
    assert values(Reranking(DATA), Pipeline(encoder)) == values(Reranking(DATA), encoder)
    assert set(values(Reranking(DATA), Pipeline(encoder, rankers=[Good()])).values()) == {1.0}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"query": ["a"], "positive": [["b"]]}, "needs the columns query, positive, negative"),
        ({"query": ["a"], "positive": ["b"], "negative": [["c"]]}, "in each row of positive; row 0 has a str"),
        ({"query": ["a"], "positive": [["b"]], "negative": [[]]}, "at least one query with a positive and a negative"),
    ],
)
def test_says_what_is_wrong_with_the_data(data, message):
    with pytest.raises(DataError, match=message):
        Reranking(data).run(Drawn())


@pytest.mark.data
def test_words_alone_put_supporting_passages_before_distractors():
    got = values(Reranking(), HashingEncoder())
    assert got["map"] == pytest.approx(0.349, abs=0.01)
