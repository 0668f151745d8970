"""The buckets part the queries by the length of their documents, and together they are the whole."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.pipeline import Pipeline
from inlay.tasks.retrieval import LongDocumentRetrieval, Retrieval

pytest.importorskip("ir_measures")

WORDS = ["cat", "dog", "rain", "sun", "stock", "bond", "tree", "leaf", "road", "car"]
RNG = np.random.default_rng(3)
DOCUMENTS = {f"d{i}": " ".join(RNG.choice(WORDS, 1 + i)) for i in range(40)}
QUERIES = {f"q{i}": " ".join(RNG.choice(WORDS, 2)) for i in range(30)}
RELEVANT = {q: {d: int(RNG.integers(0, 3)) for d in [*RNG.choice(list(DOCUMENTS), 2), "d5"]} for q in QUERIES}
DATA = {"documents": DOCUMENTS, "queries": QUERIES, "relevant": RELEVANT}


class Counting(HashingEncoder):
    """Two tokens a word."""

    max_tokens = 10

    def encode_counted(self, items, *, role="document", progress=None):
        raise NotImplementedError

    def count_tokens(self, items):
        return np.array([2 * len(item.split()) for item in items])


def test_each_bucket_is_the_mean_of_its_queries():
    whole = Retrieval(DATA, ks=(10,)).run(HashingEncoder())[0]
    kept = [q for q, of in RELEVANT.items() if any(of.values())]
    scores = dict(zip(kept, whole.sample.columns[0], strict=True))
    want = {"ndcg_at_10_0_8": [], "ndcg_at_10_8_20": [], "ndcg_at_10_20_inf": []}
    for query in kept:
        lengths = [len(DOCUMENTS[d].split()) for d, grade in RELEVANT[query].items() if grade > 0]
        mean = sum(lengths) / len(lengths)
        name = next(name for name in want if mean < float(name.rsplit("_", 1)[1]))
        want[name].append(scores[query])
    readings = LongDocumentRetrieval(DATA, edges=(8, 20)).run(HashingEncoder())
    assert [r.name for r in readings] == ["ndcg_at_10", *want]
    assert readings[0].value == whole.value
    for reading in readings[1:]:
        assert reading.value == pytest.approx(np.mean(want[reading.name]))
        assert reading.n == len(want[reading.name])


def test_an_edge_belongs_to_the_bucket_above_it_and_empty_buckets_are_left_out():
    data = {**DATA, "relevant": {"q0": {"d7": 1}}}  # eight words
    names = [r.name for r in LongDocumentRetrieval(data, edges=(8, 20), k=3).run(HashingEncoder())]
    assert names == ["ndcg_at_3", "ndcg_at_3_8_20"]


def test_tokens_are_counted_by_the_encoder():
    words = LongDocumentRetrieval(DATA, edges=(8, 20)).run(Counting())
    for encoder in (Counting(), Pipeline(Counting())):
        tokens = LongDocumentRetrieval(DATA, edges=(16, 40), unit="tokens").run(encoder)
        assert [(r.value, r.n) for r in tokens] == [(r.value, r.n) for r in words]
    with pytest.raises(ParameterError, match="HashingEncoder does not count tokens; take unit='words'"):
        LongDocumentRetrieval(DATA, unit="tokens").run(HashingEncoder())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edges": ()}, "lengths above 0 that rise"),
        ({"edges": (5, 5)}, "lengths above 0 that rise"),
        ({"edges": (0, 5)}, "lengths above 0 that rise"),
        ({"k": 0}, "k must be at least 1"),
        ({"unit": "letters"}, "'words' or 'tokens', got 'letters'"),
    ],
)
def test_parameters_are_checked(change, message):
    with pytest.raises(ParameterError, match=message):
        LongDocumentRetrieval(DATA, **change).run(HashingEncoder())


@pytest.mark.data
def test_the_buckets_of_scifact_count_all_claims():
    readings = LongDocumentRetrieval().run(HashingEncoder())
    assert readings[0].n == sum(r.n for r in readings[1:]) == 300
    assert len(readings) == 5
