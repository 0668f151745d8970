"""Subsets keep what is relevant and what is hard, whatever the score of an encoder that chose was it stays."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.data.datasets import load
from inlay.encoders.text import HashingEncoder
from inlay.pipeline import Pipeline
from inlay.tasks._subsets import hard_negatives

WORDS = ["cat", "dog", "rain", "sun", "stock", "bond", "tree", "leaf", "road", "car", "sea", "boat"]
RNG = np.random.default_rng(5)
DOCUMENTS = {f"d{i}": " ".join(RNG.choice(WORDS, 5)) for i in range(80)}
QUERIES = {f"q{i}": " ".join(RNG.choice(WORDS, 2)) for i in range(12)}
RELEVANT = {q: {d: int(RNG.integers(0, 3)) for d in RNG.choice(list(DOCUMENTS), 6, replace=False)} for q in QUERIES}
DATA = {"documents": DOCUMENTS, "queries": QUERIES, "relevant": RELEVANT}
GOOD = {q: [d for d, grade in grades.items() if grade > 0] for q, grades in RELEVANT.items()}


def order(encoder, query):
    X, q = encoder.encode(list(DOCUMENTS.values())), encoder.encode([QUERIES[query]])[0]
    scores = (X / np.linalg.norm(X, axis=1, keepdims=True)) @ (q / np.linalg.norm(q))
    return [list(DOCUMENTS)[i] for i in sorted(range(len(X)), key=lambda i: (-round(float(scores[i]), 5), i))]


class Drawn:
    """Vectors at random, the same for the same text, without ties."""

    def __init__(self, seed):
        self.seed = seed

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng([self.seed, *item.encode()]).standard_normal(8) for item in items])


def test_equals_a_loop_that_takes_from_each_encoder_in_turn():
    encoders = [Drawn(0), Drawn(1), Drawn(2)]
    for n in (1, 5, 8, 30):
        want = set()
        for query in QUERIES:
            mine = list(GOOD[query])
            lists = [order(encoder, query) for encoder in encoders]
            for rank in range(len(DOCUMENTS)):
                for one in lists:
                    if len(mine) < n and one[rank] not in mine:
                        mine.append(one[rank])
            want |= set(mine)
        got = hard_negatives(DATA, encoders, n_documents=n)
        assert list(got["documents"]) == [d for d in DOCUMENTS if d in want]


def test_what_is_kept_is_as_it_was():
    got = hard_negatives(DATA, [Drawn(0)], n_documents=3)
    assert got["queries"] == QUERIES
    assert got["documents"].items() <= DOCUMENTS.items()
    for query, grades in got["relevant"].items():
        assert set(GOOD[query]) <= set(grades)
        assert grades.items() <= RELEVANT[query].items()
        assert set(grades) <= set(got["documents"])


def test_all_documents_remain_where_so_many_are_asked_for():
    assert hard_negatives(DATA, [Drawn(0)], n_documents=1000) == DATA


def test_relevant_documents_are_all_kept_even_where_they_are_more():
    got = hard_negatives(DATA, [Drawn(0)], n_documents=1)
    assert set(got["documents"]) == {d for documents in GOOD.values() for d in documents}


def test_queries_are_drawn_once_for_a_state_and_without_a_good_document_never():
    data = {**DATA, "relevant": {**RELEVANT, "q0": {"d0": 0}}}
    one, same, other = (
        hard_negatives(data, [Drawn(0)], n_documents=5, n_queries=4, random_state=state) for state in (0, 0, 1)
    )
    assert one == same
    assert set(one["queries"]) != set(other["queries"])
    assert list(one["queries"]) == [q for q in QUERIES if q in one["relevant"]]
    assert len(one["queries"]) == 4
    drawn = [
        set(hard_negatives(data, [Drawn(0)], n_documents=1, n_queries=11, random_state=s)["queries"]) for s in range(5)
    ]
    assert not any("q0" in queries for queries in drawn)


def test_scores_of_encoders_that_chose_stay_and_no_score_falls():
    pytest.importorskip("ir_measures")
    from inlay.tasks.retrieval import Retrieval

    chose, other = Drawn(0), Drawn(1)
    small = hard_negatives(DATA, [chose], n_documents=16)  # ten negatives and up to six relevant ones
    assert len(small["documents"]) < len(DOCUMENTS)

    def each(encoder, data):
        return Retrieval(data, ks=(10,)).run(encoder)[0].sample.columns[0]

    np.testing.assert_allclose(each(chose, small), each(chose, DATA))
    assert (each(other, small) >= each(other, DATA) - 1e-12).all()
    assert each(other, small).mean() > each(other, DATA).mean()


def test_a_pipeline_may_choose():
    assert hard_negatives(DATA, [Pipeline(HashingEncoder())], n_documents=4) == hard_negatives(
        DATA, [HashingEncoder()], n_documents=4
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_documents": 0}, "n_documents must be at least 1, got 0"),
        ({"n_queries": 0}, "n_queries must be at least 1, got 0"),
        ({"encoders": []}, "number of encoders must be at least 1, got 0"),
    ],
)
def test_parameters_that_are_not_allowed_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        hard_negatives(DATA, **({"encoders": [Drawn(0)]} | options))


def test_broken_data_is_named():
    with pytest.raises(DataError, match="hard_negatives: relevant names the document 'd99'"):
        hard_negatives({**DATA, "relevant": {"q0": {"d99": 1}}}, [Drawn(0)])


@pytest.mark.data
def test_scifact_shrinks_and_keeps_its_score():
    pytest.importorskip("ir_measures")
    from inlay.tasks.retrieval import Retrieval

    whole, encoder = load("scifact"), HashingEncoder()
    relevant = dict(list(whole["relevant"].items())[:60])
    needed = {document for grades in relevant.values() for document in grades}
    ids = [d for i, d in enumerate(whole["documents"]) if i < 1500 or d in needed]
    part = {**whole, "documents": {d: whole["documents"][d] for d in ids}, "relevant": relevant}
    small = hard_negatives(part, [encoder, HashingEncoder(ngram=2)], n_documents=20)
    assert len(small["queries"]) == 60
    assert len(needed) < len(small["documents"]) < 0.5 * len(ids)
    before, after = (Retrieval(data, ks=(5,)).run(encoder)[0].value for data in (part, small))
    assert after == pytest.approx(before, abs=1e-6)
    assert 0.3 < before < 0.7
