"""ComposedQuery against its formulas in loops, SciPy's interpolation, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import geometric_slerp

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Search
from inlay.core.vectors import normalize, product_top_k
from inlay.encoders.text import HashingEncoder
from inlay.pipeline import Pipeline
from inlay.rankers.feedback import ComposedQuery

ENCODER = HashingEncoder(dim=16)
WORDS = ["red", "blue", "linen", "wool", "shirt", "coat"]


def asked(queries, k=5, seed=0):
    rng = np.random.default_rng(seed)
    X, Q = rng.normal(size=(20, 16)).astype(np.float32), rng.normal(size=(len(queries), 16)).astype(np.float32)
    return Search(product_top_k(Q, X, k), Q=Q, X=X, queries=queries)


def unit(word):
    return normalize(ENCODER.encode([word]))[0].astype(float) if word is not None else np.zeros(16)


@settings(max_examples=30)
@given(st.lists(st.tuples(*[st.sampled_from([*WORDS, None])] * 2), min_size=1, max_size=4), st.floats(0, 1))
def test_sums_are_those_of_loops(queries, alpha):
    search = asked(queries)
    out = ComposedQuery(ENCODER, alpha=alpha).rank(search)
    for q, new, ids, (added, taken) in zip(search.Q.astype(float), out.Q, out.hits.ids, queries, strict=True):
        change = unit(added) - unit(taken)
        want = (1 - alpha) * q / np.linalg.norm(q) + alpha * change
        if not change.any() or np.linalg.norm(want) < 1e-6:
            want = q
        np.testing.assert_allclose(new, want / np.linalg.norm(want) * np.linalg.norm(q), atol=1e-4)
        assert ids.tolist() == product_top_k(new[None], search.X, 5).ids[0].tolist()


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 1.0])
def test_interpolation_is_that_of_scipy(alpha):
    search = asked(["red", ("linen", "wool")])
    out = ComposedQuery(ENCODER, how="slerp", alpha=alpha).rank(search)
    for q, new, change in zip(search.Q, out.Q, (unit("red"), unit("linen") - unit("wool")), strict=True):
        start = q.astype(float) / np.linalg.norm(q.astype(float))
        want = geometric_slerp(start, change / np.linalg.norm(change), alpha)
        np.testing.assert_allclose(new / np.linalg.norm(new), want, atol=1e-5)


def test_interpolation_between_the_same_or_opposite_stays_finite():
    search = asked(["red", ("red", "red"), (None, "red"), (None, None)])
    Q = np.stack([unit("red")] * 4).astype(np.float32)
    out = ComposedQuery(ENCODER, how="slerp").rank(Search(search.hits, Q=Q, X=search.X, queries=search.queries))
    np.testing.assert_allclose(out.Q, Q, atol=1e-5)


def test_a_word_alone_is_added():
    both = [ComposedQuery(ENCODER).rank(asked([query])).hits.ids.tolist() for query in ("red", ("red", None))]
    assert both[0] == both[1]


def test_what_is_wrong_is_refused():
    search = asked(["red"])
    for ranker, given_search, error, message in (
        (ComposedQuery(ENCODER, how="product"), search, ParameterError, "how must be one of sum, slerp, got 'product'"),
        (ComposedQuery(ENCODER, alpha=2), search, ParameterError, "alpha must be a share from 0 to 1, got 2"),
        (ComposedQuery(ENCODER), asked([("a", "b", "c")]), ParameterError, "or a pair of what to add"),
        (ComposedQuery(HashingEncoder(dim=8)), search, ShapeError, "must have 16 columns, got 8"),
        (ComposedQuery(ENCODER), Search(search.hits, Q=search.Q, X=search.X), ParameterError, "looks at queries"),
        (ComposedQuery(ENCODER), Search(search.hits, queries=["a"]), ParameterError, "looks at Q and X"),
    ):
        with pytest.raises(error, match=message):
            ranker.rank(given_search)


def test_queries_may_be_an_array():
    encoder = HashingEncoder(dim=64)
    pipeline = Pipeline(encoder, rankers=[ComposedQuery(encoder)]).store(["why", "does it rise", "water"])
    hits = pipeline.search(np.array(["why", "water"]), k=1)
    np.testing.assert_array_equal(hits.ids, pipeline.search(["why", "water"], k=1).ids)
