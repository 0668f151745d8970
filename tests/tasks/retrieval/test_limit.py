"""LIMIT's own data has every pair as an answer, words alone solve it, and few dimensions do not."""

import itertools
import re

import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.retrieval import LIMIT
from inlay.tasks.retrieval._likes import likes

pytest.importorskip("ir_measures")


@pytest.mark.parametrize("n", [3, 10, 63])
def test_every_pair_is_the_answer_of_one_query(n):
    known = likes(n, random_state=4)
    pairs = [frozenset(of) for of in known.relevant.values()]
    assert len(known.documents) == n
    assert sorted(map(sorted, pairs)) == sorted(map(sorted, itertools.combinations(known.documents, 2)))
    assert list(known.queries) == list(known.relevant)
    assert len(set(known.queries.values())) == len(pairs)
    assert len({len(re.findall(r",| and ", text)) for text in known.documents.values()}) == 1
    for query, text in known.queries.items():
        thing = re.fullmatch(r"Who likes (.+)\?", text)[1]
        holders = {p for p, d in known.documents.items() if re.search(rf"(?:likes|,|and) {thing}(?:,| and|\.)", d)}
        assert holders == set(known.relevant[query])


def test_a_seed_gives_one_data_set():
    assert likes(8, 0) == likes(8, 0) != likes(8, 1)


def test_exact_words_solve_it_and_few_dimensions_do_not():
    class Things:
        """One dimension for each thing."""

        def encode(self, items, *, role="document"):
            things = [f" {re.fullmatch(r'Who likes (.+)[?]', q)[1]}" for q in likes(12, 0).queries.values()]
            return np.array([[float(thing in item) for thing in things] for item in items], np.float32)

    readings = LIMIT(n_documents=12).run(Things())
    assert [r.name for r in readings] == [f"recall_at_{k}" for k in (2, 10, 20, 100)]
    assert [r.value for r in readings] == [1, 1, 1, 1]
    wide, narrow = (LIMIT(n_documents=40).run(HashingEncoder(dim=dim))[0] for dim in (4096, 16))
    assert wide.value > 0.8 > 0.2 > narrow.value
    assert wide.n == 780


@pytest.mark.parametrize("n", [2, 64])
def test_numbers_it_has_no_things_for_are_refused(n):
    with pytest.raises(ParameterError, match=f"n_documents must be from 3 to 63, got {n}"):
        LIMIT(n_documents=n).run(HashingEncoder())


@pytest.mark.data
def test_the_published_small_set_is_hard_in_few_dimensions():
    readings = {r.name: r for r in LIMIT().run(HashingEncoder(dim=64))}
    assert readings["recall_at_2"].n == 1000
    assert readings["recall_at_2"].value < 0.4 < readings["recall_at_20"].value
    assert readings["recall_at_100"].value == 1  # there are 46 documents
