"""Retrieval equals loops over the definition, searches a pipeline as it searches, and refuses broken judgements."""

import math

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.pipeline import Pipeline
from inlay.tasks.retrieval import Retrieval

pytest.importorskip("ir_measures")

WORDS = ["cat", "dog", "rain", "sun", "stock", "bond", "tree", "leaf", "road", "car"]
RNG = np.random.default_rng(5)
DOCUMENTS = {f"d{i}": " ".join(RNG.choice(WORDS, 4)) for i in range(40)}
QUERIES = {f"q{i}": " ".join(RNG.choice(WORDS, 2)) for i in range(12)}
RELEVANT = {q: {d: int(RNG.integers(0, 3)) for d in RNG.choice(list(DOCUMENTS), 6)} for q in QUERIES}
DATA = {"documents": DOCUMENTS, "queries": QUERIES, "relevant": RELEVANT}


def test_equals_loops_over_the_definition():
    encoder = HashingEncoder(dim=64)
    X, Q = encoder.encode(list(DOCUMENTS.values())), encoder.encode(list(QUERIES.values()), role="query")
    want = {name: [] for name in ("ndcg", "map", "mrr", "recall", "precision", "hit_rate")}
    for query, q in zip(QUERIES, Q, strict=True):
        grades = RELEVANT[query]
        if not any(grades.values()):
            continue
        scores = X @ q
        order = sorted(range(len(X)), key=lambda i: (-scores[i], i))[:5]
        gains = [grades.get(list(DOCUMENTS)[i], 0) for i in order]
        good = sum(g > 0 for g in grades.values())
        best = sorted(grades.values(), reverse=True)[:5]
        dcg, ideal = (sum(g / math.log2(i + 2) for i, g in enumerate(list_)) for list_ in (gains, best))
        want["ndcg"].append(dcg / ideal)
        precisions = [sum(g > 0 for g in gains[: i + 1]) / (i + 1) for i, g in enumerate(gains) if g > 0]
        want["map"].append(sum(precisions) / good)
        want["mrr"].append(next((1 / (i + 1) for i, g in enumerate(gains) if g > 0), 0))
        want["recall"].append(sum(g > 0 for g in gains) / good)
        want["precision"].append(sum(g > 0 for g in gains) / 5)
        want["hit_rate"].append(float(any(gains)))
    readings = Retrieval(DATA, ks=(5,)).run(encoder)
    assert [r.name for r in readings] == [f"{name}_at_5" for name in want]
    for reading in readings:
        mean = np.mean(want[reading.name.removesuffix("_at_5")])
        assert reading.value == pytest.approx(mean, abs=1e-6), reading.name


def test_a_pipeline_is_searched_with_its_rankers_and_left_as_it_was():
    class Last:
        """A ranker that turns the order around."""

        def rank(self, search):
            from dataclasses import replace

            from inlay.core.values import Hits

            return replace(search, hits=Hits(search.hits.ids[:, ::-1], -search.hits.scores[:, ::-1]))

    plain = Pipeline(HashingEncoder(dim=64))
    value = Retrieval(DATA, ks=(40,)).run(plain)[0].value
    assert value == pytest.approx(Retrieval(DATA, ks=(40,)).run(HashingEncoder(dim=64))[0].value)
    assert Retrieval(DATA, ks=(40,)).run(Pipeline(HashingEncoder(dim=64), rankers=[Last()]))[0].value != value
    assert not hasattr(plain, "index_")


def test_queries_without_a_good_document_are_left_out():
    relevant = {**RELEVANT, "q0": {"d0": 0}}
    assert Retrieval({**DATA, "relevant": relevant}).run(HashingEncoder())[0].n == len(
        [q for q in relevant.values() if any(q.values())]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relevant": {"q99": {"d0": 1}}}, "'q99', which is not among the queries"),
        ({"relevant": {"q0": {"d99": 1}}}, "'d99', which is not among the documents"),
        ({"relevant": {"q0": {"d0": 0}}}, "at least one query"),
    ],
)
def test_broken_judgements_are_named(change, message):
    with pytest.raises(DataError, match=message):
        Retrieval({**DATA, **change}).run(HashingEncoder())
    with pytest.raises(DataError, match="lacks queries"):
        Retrieval({key: DATA[key] for key in ("documents", "relevant")}).run(HashingEncoder())


def test_cut_offs_have_to_be_positive():
    with pytest.raises(ParameterError, match="at least 1, got"):
        Retrieval(DATA, ks=(0,)).run(HashingEncoder())
