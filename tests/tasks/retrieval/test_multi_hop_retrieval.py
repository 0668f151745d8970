"""Recall and all-recall equal loops over the definition, and never contradict each other."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.retrieval import MultiHopRetrieval

pytest.importorskip("ir_measures")

WORDS = ["cat", "dog", "rain", "sun", "stock", "bond", "tree", "leaf", "road", "car"]
RNG = np.random.default_rng(7)
DOCUMENTS = {f"d{i}": " ".join(RNG.choice(WORDS, 3)) for i in range(30)}
QUERIES = {f"q{i}": " ".join(RNG.choice(WORDS, 4)) for i in range(25)}
RELEVANT = {q: {d: i % 3 for i, d in enumerate(RNG.choice(list(DOCUMENTS), 6, replace=False))} for q in QUERIES}
DATA = {"documents": DOCUMENTS, "queries": QUERIES, "relevant": RELEVANT}


def test_equals_loops_over_the_definition():
    encoder = HashingEncoder(dim=64)
    X, Q = encoder.encode(list(DOCUMENTS.values())), encoder.encode(list(QUERIES.values()), role="query")
    readings = MultiHopRetrieval(DATA, ks=(10, 4)).run(encoder)
    names = ["recall_at_10", "all_recall_at_10", "recall_at_4", "all_recall_at_4"]
    assert [reading.name for reading in readings] == names
    want = {name: [] for name in names}
    for query, q in zip(QUERIES, Q, strict=True):
        scores = X @ q
        order = sorted(range(len(X)), key=lambda i: (-scores[i], i))
        supporting = {d for d, grade in RELEVANT[query].items() if grade > 0}
        for k in (10, 4):
            found = supporting & {list(DOCUMENTS)[i] for i in order[:k]}
            want[f"recall_at_{k}"].append(len(found) / len(supporting))
            want[f"all_recall_at_{k}"].append(float(found == supporting))
    for reading in readings:
        assert reading.value == pytest.approx(np.mean(want[reading.name]), abs=1e-6), reading.name
        assert reading.sample.columns[0] == pytest.approx(want[reading.name], abs=1e-6)
    assert 0 < np.mean(want["all_recall_at_10"]) < 1


def test_all_passages_are_found_among_all():
    for reading in MultiHopRetrieval(DATA, ks=(30,)).run(HashingEncoder()):
        assert reading.value == 1


def test_what_is_wrong_is_named():
    with pytest.raises(ParameterError, match="at least 1, got"):
        MultiHopRetrieval(DATA, ks=(0,)).run(HashingEncoder())
    with pytest.raises(DataError, match="MultiHopRetrieval needs documents, queries and relevant"):
        MultiHopRetrieval({"queries": QUERIES}).run(HashingEncoder())


@pytest.mark.data
def test_two_hops_are_easier_on_hotpotqa_than_on_musique():
    musique, hotpotqa = (MultiHopRetrieval(name).run(HashingEncoder()) for name in ("musique", "hotpotqa"))
    assert musique[0].n == hotpotqa[0].n == 100
    assert musique[0].value < hotpotqa[0].value
    assert musique[1].value < musique[0].value
