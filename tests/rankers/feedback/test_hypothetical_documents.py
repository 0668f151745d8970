"""HypotheticalDocuments: the mean, where documents come from, and what is refused."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import product_top_k
from inlay.encoders.text import HashingEncoder
from inlay.rankers.feedback import HypotheticalDocuments
from inlay.rankers.feedback._generators import TurnedWords, generated

ITEMS = ["yeast makes gas", "flour and water", "bread is baked", "an oven is hot", "gas is light"]
QUERIES = ["why does bread rise", "what is hot", "who"]
WRITTEN = {QUERIES[0]: ["yeast makes gas and gas rises", "the gas of yeast"], QUERIES[1]: ["ovens"], QUERIES[2]: []}
ENCODER = HashingEncoder(dim=32)


def a_search():
    X, Q = ENCODER.encode(ITEMS), ENCODER.encode(QUERIES)
    return Search(product_top_k(Q, X, 3), Q=Q, X=X, queries=QUERIES)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_query_is_the_mean_of_itself_and_what_was_written(n):
    search = a_search()
    out = HypotheticalDocuments(ENCODER, WRITTEN, n_documents=n).rank(search)
    for i, query in enumerate(QUERIES):
        v = search.Q[i].astype(float)
        for text in WRITTEN[query][:n]:
            v = v + ENCODER.encode([text])[0]
        v /= 1 + len(WRITTEN[query][:n])
        v /= np.linalg.norm(v)
        np.testing.assert_allclose(out.Q[i], v, atol=1e-6)
        np.testing.assert_allclose(out.hits.scores[i], np.sort(search.X @ v)[::-1][:3], atol=1e-6)
    np.testing.assert_array_equal(out.hits.ids[2], search.hits.ids[2])


def test_a_generator_is_asked_once_for_all_and_may_give_too_much():
    class Generator:
        def generate(self, texts, n):
            self.asked = (list(texts), n)
            return [WRITTEN[text] * 9 for text in texts]

    generator, search = Generator(), a_search()
    out = HypotheticalDocuments(ENCODER, generator, n_documents=2).rank(search)
    assert generator.asked == (QUERIES, 2)
    want = HypotheticalDocuments(ENCODER, {k: (v * 2)[:2] for k, v in WRITTEN.items()}).rank(search)
    np.testing.assert_array_equal(out.Q, want.Q)


def test_a_query_without_hits_stays_without():
    search = a_search()
    ids, scores = search.hits.ids.copy(), search.hits.scores.copy()
    ids[1], scores[1] = -1, -np.inf
    out = HypotheticalDocuments(ENCODER, WRITTEN).rank(
        Search(Hits(ids, scores), Q=search.Q, X=search.X, queries=QUERIES)
    )
    assert out.hits.counts.tolist() == [3, 0, 3]
    np.testing.assert_array_equal(out.Q[1], search.Q[1])


def test_what_is_wrong_is_named():
    search = a_search()
    with pytest.raises(DataError, match=r"2 entries, and none for queries\[2\], 'who'"):
        HypotheticalDocuments(ENCODER, {query: ["x"] for query in QUERIES[:2]}).rank(search)
    with pytest.raises(DataError, match=r"queries\[0\] is of type int"):
        HypotheticalDocuments(ENCODER, WRITTEN).rank(Search(search.hits, Q=search.Q, X=search.X, queries=[1, 2, 3]))
    with pytest.raises(ParameterError, match="n_documents must be at least 1, got 0"):
        HypotheticalDocuments(ENCODER, WRITTEN, n_documents=0).rank(search)
    with pytest.raises(ShapeError, match="8 dimensions, but X has 32"):
        HypotheticalDocuments(HashingEncoder(dim=8), WRITTEN).rank(search)
    with pytest.raises(ParameterError, match="generate"):
        HypotheticalDocuments(ENCODER, 7).rank(search)


def test_a_generator_that_gives_something_else_is_refused():
    class Short:
        def generate(self, texts, n):
            return [["x"]]

    with pytest.raises(DataError, match="for each of 2 texts"):
        generated(Short(), ["a", "b"], 1, "queries")
    assert TurnedWords().generate(["a b c"], 2) == [["b c", "c"]]


def test_a_text_is_no_list_of_texts():
    encoder = HashingEncoder(dim=64)
    items, asked = ["yeast turns sugar into gas", "why you should do it", "a t"], ["why does it rise"]
    search = Search(
        Hits([[0, 1, 2]], [[3, 2, 1]]), Q=encoder.encode(asked), X=encoder.encode(items), queries=np.array(asked)
    )
    with pytest.raises(DataError, match=r"such as \[text\]"):
        HypotheticalDocuments(encoder, {asked[0]: "yeast turns sugar"}).rank(search)
    hits = HypotheticalDocuments(encoder, {asked[0]: ["yeast turns sugar"]}).rank(search).hits
    assert hits.ids[0, 0] == 0


def test_vectors_that_are_not_finite_are_those_of_the_encoder():
    class Broken(HashingEncoder):
        def encode(self, items, *, role="document"):
            return super().encode(items, role=role) * np.nan

    with pytest.raises(ShapeError, match="the encoder's vectors has a value that is not finite"):
        HypotheticalDocuments(Broken(dim=32), WRITTEN).rank(a_search())
