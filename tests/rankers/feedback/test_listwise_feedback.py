"""ListwiseFeedback: what is encoded, and the cosine with it."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import product_top_k
from inlay.encoders.text import HashingEncoder
from inlay.rankers.feedback import ListwiseFeedback

ITEMS = [
    "jaguar cars are fast",
    "the jaguar is a cat of the forest",
    "cars for sale with {braces}",
    "a forest in the rain",
    "rain and wind",
]
QUERIES = ["jaguar forest", "fast cars", "rain"]
ENCODER = HashingEncoder(dim=64)


def a_search(k=4):
    X, Q = ENCODER.encode(ITEMS), ENCODER.encode(QUERIES)
    return Search(product_top_k(Q, X, k), Q=Q, X=X, queries=QUERIES, items=ITEMS)


class Listening(HashingEncoder):
    """An encoder that keeps what it was given."""

    def encode(self, items, *, role="document"):
        self._heard = (list(items), role)
        return super().encode(items, role=role)


def test_the_prompt_holds_the_query_and_the_first_words_of_the_first_hits():
    encoder, search = Listening(dim=64), a_search()
    ListwiseFeedback(encoder, n_feedback=2, prompt="about {query}: {x}\n{documents}\n{query}?", n_words=3).rank(search)
    texts, role = encoder._heard
    assert role == "query"
    for query, text, row in zip(QUERIES, texts, search.hits.ids, strict=True):
        lines = "\n".join(f"[{i + 1}] {' '.join(ITEMS[r].split()[:3])}" for i, r in enumerate(row[:2]))
        assert text == f"about {query}: {{x}}\n{lines}\n{query}?"


@pytest.mark.parametrize("alpha", [0.0, 0.4])
def test_the_score_is_the_cosine_with_the_new_query(alpha):
    search = a_search()
    longer = Search(search.hits, Q=2 * search.Q, X=3 * search.X, queries=QUERIES, items=ITEMS)
    out = ListwiseFeedback(ENCODER, n_feedback=2, prompt="{query}\n{documents}", alpha=alpha).rank(longer)
    for i, query in enumerate(QUERIES):
        lines = "\n".join(f"[{j + 1}] {ITEMS[r]}" for j, r in enumerate(search.hits.ids[i, :2]))
        v = (1 - alpha) * ENCODER.encode([f"{query}\n{lines}"])[0] + alpha * search.Q[i]
        cosines = {int(row): float(v @ search.X[row] / np.linalg.norm(v)) for row in search.hits.ids[i]}
        assert out.hits.ids[i].tolist() == sorted(cosines, key=lambda row: (-round(cosines[row], 6), row))
        np.testing.assert_allclose(out.hits.scores[i], sorted(cosines.values())[::-1], atol=1e-6)
        np.testing.assert_allclose(out.Q[i], 2 * v / np.linalg.norm(v), atol=1e-5)


def test_it_does_without_the_old_query_where_that_has_no_weight():
    search = a_search()
    without = Search(search.hits, X=search.X, queries=QUERIES, items=ITEMS)
    want = ListwiseFeedback(ENCODER).rank(search)
    np.testing.assert_array_equal(ListwiseFeedback(ENCODER).rank(without).hits.ids, want.hits.ids)
    with pytest.raises(ParameterError, match="Q"):
        ListwiseFeedback(ENCODER, alpha=0.1).rank(without)


def test_missing_hits_stay_missing():
    search = a_search()
    ids, scores = search.hits.ids.copy(), search.hits.scores.copy()
    ids[0], scores[0] = -1, -np.inf
    ids[1, 2:], scores[1, 2:] = -1, -np.inf
    out = ListwiseFeedback(ENCODER).rank(
        Search(Hits(ids, scores), Q=search.Q, X=search.X, queries=QUERIES, items=ITEMS)
    )
    assert out.hits.counts.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(out.Q[0], search.Q[0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n_feedback": 0}, "n_feedback"),
        ({"n_words": 0}, "n_words"),
        ({"alpha": 1.0}, "alpha must be"),
        ({"prompt": "{query}"}, "documents"),
    ],
)
def test_parameters_out_of_range_are_refused(given, said):
    with pytest.raises(ParameterError, match=said):
        ListwiseFeedback(ENCODER, **given).rank(a_search())


def test_what_is_no_text_or_of_another_dimension_is_refused():
    search = a_search()
    with pytest.raises(DataError, match="texts"):
        ListwiseFeedback(ENCODER).rank(Search(search.hits, X=search.X, queries=QUERIES, items=[1, 2, 3, 4, 5]))
    with pytest.raises(ShapeError, match="8 dimensions, but X has 64"):
        ListwiseFeedback(HashingEncoder(dim=8)).rank(search)


def test_vectors_that_are_not_finite_are_those_of_the_encoder():
    class Broken(HashingEncoder):
        def encode(self, items, *, role="document"):
            return super().encode(items, role=role) * np.nan

    with pytest.raises(ShapeError, match="the encoder's vectors has a value that is not finite"):
        ListwiseFeedback(Broken(dim=64)).rank(a_search())
