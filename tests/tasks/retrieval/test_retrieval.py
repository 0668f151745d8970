"""Retrieval equals loops over the definition, searches a pipeline as it searches, and refuses broken judgements."""

import math
import time

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.core.values import Hits
from inlay.encoders.text import HashingEncoder
from inlay.pipeline import Pipeline
from inlay.tasks.retrieval import Retrieval
from inlay.tasks.retrieval._corpus import corpus
from inlay.tasks.retrieval._measured import measured

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

            ids = search.hits.ids
            order = np.where(ids >= 0, np.arange(ids.shape[1]), -1).argsort(axis=1)[:, ::-1]
            ids, scores = (np.take_along_axis(x, order, 1) for x in (ids, search.hits.scores))
            return replace(search, hits=Hits(ids, np.where(ids >= 0, -scores, -np.inf)))

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


def test_a_title_stands_before_its_text():
    apart = {id_: {"title": text.split(" ", 1)[0], "text": text.split(" ", 1)[1]} for id_, text in DOCUMENTS.items()}
    apart["d0"] = {"title": "", "text": DOCUMENTS["d0"]}
    apart["d1"] = {"text": DOCUMENTS["d1"]}
    want = Retrieval(DATA).run(HashingEncoder())
    assert [r.value for r in Retrieval({**DATA, "documents": apart}).run(HashingEncoder())] == [r.value for r in want]


def test_the_document_of_the_query_s_own_id_is_left_out_as_mteb_does():
    metrics = pytest.importorskip("mteb._evaluators.retrieval_evaluator")
    names = list(DOCUMENTS)
    data = {
        "documents": DOCUMENTS,
        "queries": {id_: DOCUMENTS[id_] for id_ in names[:20]},
        "relevant": {id_: {names[(i + 1) % 40]: 2, names[(i + 7) % 40]: 1} for i, id_ in enumerate(names[:20])},
    }
    encoder = HashingEncoder(dim=64)
    X = encoder.encode(list(DOCUMENTS.values()))
    # in place of scores, the places: equal scores stand by their row, where MTEB takes them by their names
    order = np.argsort(-(X[:20] @ X.T).round(6), axis=1, kind="stable")
    found = {id_: {names[row]: -float(place) for place, row in enumerate(order[i])} for i, id_ in enumerate(names[:20])}
    relevant = {query: dict(of) for query, of in data["relevant"].items()}
    evaluate = metrics.RetrievalEvaluator.evaluate
    for ignore in (False, True):
        want = evaluate(None, relevant, found, [3], ignore_identical_ids=ignore)
        got = {r.name: r.value for r in Retrieval(data, ks=(3,), ignore_identical_ids=ignore).run(encoder)}
        assert got["ndcg_at_3"] == pytest.approx(want.ndcg["NDCG@3"], abs=1e-5), ignore
        assert got["map_at_3"] == pytest.approx(want.map["MAP@3"], abs=1e-5)
        assert got["recall_at_3"] == pytest.approx(want.recall["Recall@3"], abs=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relevant": {"q0": {"d0": 0.5}}}, "grades are whole numbers; 'q0' gives 'd0' 0.5"),
        ({"relevant": {"q0": {"d0": "high"}}}, "gives 'd0' 'high'"),
        ({"documents": {**DOCUMENTS, "d3": {"title": "a"}}}, "'d3' must be a text, or a mapping with text"),
        ({"documents": list(DOCUMENTS.values())}, "documents must map ids .* got a list"),
    ],
)
def test_what_no_corpus_holds_is_named(change, message):
    with pytest.raises(DataError, match=message):
        Retrieval({**DATA, **change}).run(HashingEncoder())


@pytest.mark.data
def test_scoring_scifact_takes_little_beside_encoding():
    known = corpus("scifact", task="Retrieval")
    rows = np.stack([np.random.default_rng(i).permutation(5183)[:1000] for i in range(300)])
    hits = Hits(rows, np.tile(-np.arange(1000.0), (300, 1)))
    start = time.process_time()
    readings = measured(hits, known, (10, 1, 3, 5, 20, 100, 1000))
    assert time.process_time() - start < 5
    assert {r.n for r in readings} == {300}
