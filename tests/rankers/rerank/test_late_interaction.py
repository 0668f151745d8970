from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Ragged, Search
from inlay.rankers.rerank import LateInteraction, _parts


def parts(lengths: Sequence[int], seed: int, dim: int = 4) -> Ragged:
    values = np.random.default_rng(seed).normal(size=(sum(lengths), dim)).astype(np.float32)
    return Ragged(values, np.cumsum([0, *lengths]))


def some(q_lengths: Sequence[int], x_lengths: Sequence[int], ids: object) -> Search:
    ids = np.array(ids)
    scores = np.where(ids < 0, -np.inf, -np.arange(ids.shape[1], dtype=np.float32))
    return Search(Hits(ids, scores), Q_parts=parts(q_lengths, 0), X_parts=parts(x_lengths, 1))


def by_loops(search: Search, query: int) -> list[tuple[float, int]]:
    out = []
    for row in search.hits.ids[query]:
        if row >= 0 and search.X_parts[row].size and search.Q_parts[query].size:  # type: ignore[index]
            out.append((sum(max(float(q @ x) for x in search.X_parts[row]) for q in search.Q_parts[query]), row))  # type: ignore[index]
    return sorted(out, reverse=True)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 5), min_size=6, max_size=6), st.integers(0, 4), st.sampled_from([1, 30, 1 << 24]))
def test_scores_are_those_of_loops_whatever_is_held_at_once(lengths: list[int], n: int, held: int) -> None:
    search = some([n, 2, 3], lengths, [[0, 1, 2, 3, 4, 5], [5, 3, 1, -1, -1, -1], [-1] * 6])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_parts, "HELD_BYTES", held * 32)
        hits = LateInteraction().rank(search).hits
    for query in range(3):
        want = by_loops(search, query)
        assert hits.counts[query] == len(want)
        assert hits.ids[query, : len(want)].tolist() == [row for _, row in want]
        np.testing.assert_allclose(hits.scores[query, : len(want)], [score for score, _ in want], rtol=1e-5, atol=1e-6)


def test_equal_items_stay_as_they_stood_and_those_behind_are_left_out() -> None:
    search = some([2], [1, 1, 1], [[2, 0, 1]])
    values = np.ones_like(search.X_parts.values)  # type: ignore[union-attr]
    same = Search(search.hits, Q_parts=search.Q_parts, X_parts=Ragged(values, [0, 1, 2, 3]))  # type: ignore[arg-type]
    assert LateInteraction().rank(same).hits.ids.tolist() == [[2, 0, 1]]
    assert LateInteraction(n_reranked=2).rank(same).hits.ids.tolist() == [[2, 0]]


def test_what_is_refused() -> None:
    search = some([2], [1, 1], [[0, 1]])
    with pytest.raises(ParameterError, match="Q_parts"):
        LateInteraction().rank(Search(search.hits))
    with pytest.raises(ParameterError, match="n_reranked must be at least 1"):
        LateInteraction(n_reranked=0).rank(search)
    with pytest.raises(ShapeError, match="4 of queries and 3 of items"):
        LateInteraction().rank(Search(search.hits, Q_parts=parts([2], 0), X_parts=parts([1, 1], 1, dim=3)))


def test_nothing_stored_gives_no_hits_and_a_row_that_is_not_there_is_named() -> None:
    assert LateInteraction().rank(some([2], [], [[-1, -1]])).hits.ids.tolist() == [[-1, -1]]
    with pytest.raises(ShapeError, match="Row 5 was found, but X_parts has 2 rows"):
        LateInteraction().rank(some([2], [1, 2], [[5]]))
