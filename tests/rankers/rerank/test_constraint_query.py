"""ConstraintQuery against loops, what a conjunction prefers, the fit of its two numbers, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Ragged, Search
from inlay.core.vectors import normalize
from inlay.encoders.text import HashingEncoder
from inlay.rankers.rerank import ConstraintQuery, LateInteraction
from inlay.rankers.rerank._constraints import clauses, sentences

ENCODER = HashingEncoder(dim=16)
WORDS = ["red", "blue", "linen", "wool", "shirt", "coat"]


def parts_of(lengths, seed=0):
    values = np.random.default_rng(seed).normal(size=(sum(lengths), 16)).astype(np.float32)
    return Ragged(values, np.cumsum([0, *lengths]))


def flat(n, k):
    return Hits(np.tile(np.arange(k), (n, 1)), np.zeros((n, k)))


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=3), min_size=1, max_size=3),
    st.lists(st.integers(0, 3), min_size=1, max_size=5),
    st.floats(-1, 1),
    st.floats(0.05, 2),
)
def test_scores_are_those_of_loops(queries, lengths, bias, temperature):
    items = parts_of(lengths)
    search = Search(flat(len(queries), len(lengths)), queries=queries, X_parts=items)
    hits = ConstraintQuery(ENCODER, bias=bias, temperature=temperature).rank(search).hits
    for query, ids, scores in zip(queries, hits.ids, hits.scores, strict=True):
        want = {}
        for row, vectors in enumerate(items):
            if len(vectors) and query:
                log_p = 0.0
                for constraint in query:
                    c = normalize(ENCODER.encode([constraint]))[0].astype(float)
                    best = max(float(c @ v / np.linalg.norm(v)) for v in vectors.astype(float))
                    log_p -= np.log1p(np.exp(-(best - bias) / temperature))
                want[row] = log_p
        found = {int(row): float(score) for row, score in zip(ids, scores, strict=True) if row >= 0}
        assert found == pytest.approx(want, rel=1e-4, abs=1e-5)


def test_both_half_met_is_better_than_one_met_and_one_missed():
    c = normalize(ENCODER.encode(["red", "linen"]))
    other = np.float32(np.linalg.svd(c)[2][-1])  # at a right angle to both
    half = normalize(c + other)
    items = Ragged.stack([np.stack([c[0], other]), half])
    search = Search(flat(1, 2), queries=[["red", "linen"]], Q_parts=Ragged.stack([c]), X_parts=items)
    cosines = c @ half.T
    assert 0.5 < min(cosines[0, 0], cosines[1, 1]) < 0.9
    assert ConstraintQuery(ENCODER, bias=0.6, temperature=0.05).rank(search).hits.ids.tolist() == [[1, 0]]
    # With two halves that come to less than the whole of one, a sum sees it otherwise.
    weak = Search(flat(1, 2), Q_parts=Ragged.stack([c]), X_parts=Ragged.stack([np.stack([c[0], other]), 0.6 * half]))
    assert LateInteraction().rank(weak).hits.ids.tolist() == [[0, 1]]


def test_one_constraint_keeps_the_order_of_the_best_part():
    items = parts_of([3, 1, 2, 4, 1])
    search = Search(flat(1, 5), queries=["linen"], X_parts=items)
    best = [(normalize(part) @ normalize(ENCODER.encode(["linen"]))[0]).max() for part in items]
    assert ConstraintQuery(ENCODER).rank(search).hits.ids[0].tolist() == np.argsort(best)[::-1].tolist()


def test_items_that_are_texts_or_lists_are_taken_apart():
    texts = ["A red coat. Of wool.", "A blue shirt.", ""]
    vectors = [ENCODER.encode(sentences(text)) if text else np.zeros((0, 16)) for text in texts]
    hits = Hits([[2, 0, 1]], [[3.0, 2.0, 1.0]])
    want = ConstraintQuery(ENCODER).rank(Search(hits, queries=["wool and red"], X_parts=Ragged.stack(vectors))).hits
    for items in (texts, [sentences(text) for text in texts]):
        got = ConstraintQuery(ENCODER).rank(Search(hits, queries=[["wool", "red"]], items=items)).hits
        assert got.ids.tolist() == want.ids.tolist() == [[0, 1, -1]]
        np.testing.assert_allclose(got.scores, want.scores, rtol=1e-5)


def test_a_parser_takes_the_place_of_the_rule():
    class Commas:
        def parse(self, text):
            return text.split(", ")

    search = Search(flat(1, 4), queries=["red, wool"], X_parts=parts_of([2, 2, 1, 3]))
    listed = Search(search.hits, queries=[("red", "wool")], X_parts=search.X_parts)
    got, want = ConstraintQuery(ENCODER, parser=Commas()).rank(search), ConstraintQuery(ENCODER).rank(listed)
    np.testing.assert_array_equal(got.hits.scores, want.hits.scores)
    assert not np.array_equal(ConstraintQuery(ENCODER).rank(search).hits.scores, want.hits.scores)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("red shirt", ["red shirt"]),
        ("Red; of linen, and that is cheap", ["Red", "of linen", "is cheap"]),
        (
            "a pilot who was born in Wheeler, Texas but not alive",
            ["a pilot", "was born in Wheeler, Texas", "not alive"],
        ),
        ("sandwich", ["sandwich"]),
        ("Which is red, AND\nof wool", ["Which is red", "of wool"]),
        (" ; ", []),
    ],
)
def test_clauses(text, parts):
    assert clauses(text) == parts


def test_fit_finds_the_numbers_that_made_the_judgments():
    rng = np.random.default_rng(0)
    queries = [list(rng.choice(WORDS, size=2, replace=False)) for _ in range(100)]
    search = Search(flat(100, 60), queries=queries, X_parts=parts_of([2] * 60))
    true = ConstraintQuery(ENCODER, bias=0.2, temperature=0.1)
    hits = true.rank(search).hits
    grades = [
        {int(row): float(rng.random() < np.exp(score)) for row, score in zip(ids, scores, strict=True)}
        for ids, scores in zip(hits.ids, hits.scores, strict=True)
    ]
    ranker = ConstraintQuery(ENCODER).fit(search, grades)
    assert (ranker.bias_, ranker.temperature_) == pytest.approx((0.2, 0.1), abs=0.02)
    np.testing.assert_allclose(ranker.rank(search).hits.scores, hits.scores, atol=2.0)
    assert (ranker.bias, ranker.temperature) == (0.5, 0.1)


def test_a_threshold_without_a_fault_stays_finite():
    items = Ragged.stack([ENCODER.encode(["red"]), ENCODER.encode(["wool"])])
    search = Search(flat(1, 2), queries=[["red"]], X_parts=items)
    ranker = ConstraintQuery(ENCODER).fit(search, [{0: 1}])
    assert ranker.temperature_ >= 1e-3
    assert ranker.rank(search).hits.ids.tolist() == [[0, 1]]


def test_what_is_wrong_is_refused():
    search = Search(flat(1, 2), queries=[["red"]], X_parts=parts_of([1, 1]))
    bare = Search(search.hits, queries=[["red"]])
    ranker = ConstraintQuery(ENCODER)
    for call, error, message in (
        (lambda: ranker.rank(bare), ParameterError, "looks at X_parts or items"),
        (lambda: ranker.rank(Search(search.hits)), ParameterError, "looks at queries"),
        (
            lambda: ranker.rank(Search(search.hits, queries=[3], items=["a", "b"])),
            ParameterError,
            "A query must be a text or a list",
        ),
        (lambda: ranker.rank(Search(search.hits, queries=["red"], items=[1, 2])), ParameterError, "An item must be"),
        (lambda: ConstraintQuery(HashingEncoder(dim=8)).rank(search), ShapeError, "got 8 of the encoder and 16"),
        (lambda: ConstraintQuery(ENCODER, bias=2).rank(search), ParameterError, "a cosine from -1 to 1"),
        (lambda: ConstraintQuery(ENCODER, temperature=0).rank(search), ParameterError, "temperature above 0"),
        (lambda: ConstraintQuery(ENCODER, n_reranked=0).rank(search), ParameterError, "n_reranked"),
        (lambda: ranker.fit(search), ParameterError, "learns from judgments"),
        (lambda: ranker.fit(search, [{}, {}]), ShapeError, "has 1 queries, but y has judgments for 2"),
        (lambda: ranker.fit(search, [{}]), ParameterError, "of 2 hits 0 are relevant"),
    ):
        with pytest.raises(error, match=message):
            call()


def test_a_parser_that_returns_a_text_is_refused():
    class Whole:
        def parse(self, text):
            return text

    search = Search(flat(1, 2), queries=["red"], X_parts=parts_of([1, 1]))
    with pytest.raises(ParameterError, match=r"must return a list of texts, got the text 'red'; wrap it as \[text\]"):
        ConstraintQuery(ENCODER, parser=Whole()).rank(search)


def test_a_row_that_is_not_there_is_named():
    hits = Hits([[0, 6]], [[1.0, 0.5]])
    with pytest.raises(ShapeError, match="Row 6 was found, but there are 2 items"):
        ConstraintQuery(ENCODER).rank(Search(hits, queries=["red"], items=["red", "blue"]))
    with pytest.raises(ShapeError, match="Row 6 was found, but X_parts has 2 rows"):
        ConstraintQuery(ENCODER).rank(Search(hits, queries=["red"], X_parts=parts_of([1, 1])))
