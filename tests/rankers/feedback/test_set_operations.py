"""SetOperations against its sums in loops, the order of sets of any size, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.encoders.text import HashingEncoder
from inlay.rankers.feedback import SetOperations


def asked(n=9, seed=0):
    rng = np.random.default_rng(seed)
    ids = np.array([np.arange(n), [*rng.permutation(n)[:4], *[-1] * (n - 4)], [-1] * n])
    return Search(Hits(ids, np.where(ids >= 0, -np.arange(n, dtype=float), -np.inf)), X=rng.normal(size=(n, 5)))


def sets(rng, count):
    return [rng.normal(size=(int(rng.integers(1, 5)), 5)).tolist() for _ in range(count)]


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 99))
def test_scores_are_those_of_loops(n_include, n_exclude, seed):
    rng = np.random.default_rng(seed)
    include, exclude, search = sets(rng, n_include), sets(rng, n_exclude), asked(seed=seed)
    ranker = SetOperations(include, exclude)
    if not include and not exclude:
        with pytest.raises(ParameterError, match="needs a set of examples"):
            ranker.rank(search)
        return

    def likeness(x, examples):
        return sum(x @ np.array(s) / np.linalg.norm(x) / np.linalg.norm(s) for s in examples) / len(examples)

    hits = ranker.rank(search).hits
    for ids, scores, before in zip(hits.ids, hits.scores, search.hits.ids, strict=True):
        real = ids[ids >= 0]
        assert sorted(real) == sorted(before[before >= 0])
        want = [
            sum(likeness(search.X[i], s) for s in include) - sum(likeness(search.X[i], s) for s in exclude)
            for i in real
        ]
        np.testing.assert_allclose(scores[: len(real)], want, atol=1e-5)


def test_neither_lengths_nor_the_size_of_a_set_matter():
    search, rng = asked(), np.random.default_rng(1)
    first, second = rng.normal(size=(2, 3, 5))
    want = SetOperations([first, second]).rank(search).hits
    for others in ([7 * first, second], [np.repeat(first, 4, axis=0), second], [second, first]):
        hits = SetOperations(others).rank(search).hits
        assert np.array_equal(hits.ids, want.ids)
        np.testing.assert_allclose(hits.scores, want.scores, atol=1e-6)


def test_what_is_taken_away_undoes_what_is_added():
    search, example = asked(), np.ones((1, 5))
    assert np.abs(SetOperations([example], [example]).rank(search).hits.scores[0]).max() == 0


def test_examples_may_be_texts():
    encoder = HashingEncoder(dim=64)
    texts = ["my card was declined", "my transfer is pending", "my card is pending", "the weather"]
    search = Search(Hits([[3, 2, 1, 0]], [[4.0, 3.0, 2.0, 1.0]]), X=encoder.encode(texts))
    both = SetOperations([["my card was declined"], ["my transfer is pending"]], [["the weather"]], encoder=encoder)
    assert both.rank(search).hits.ids[0, -1] == 3
    same = SetOperations([encoder.encode(texts[:1])])
    assert same.rank(search).hits.ids[0, 0] == 0


def test_what_is_wrong_is_refused():
    search = asked()
    for include, message in (
        ([[]], r"include\[0\] has no example"),
        ([[[1.0, 2.0]]], r"include\[0\] must have 5 columns, got 2"),
        ([[1.0] * 5], r"include\[0\] must have the shape"),
    ):
        with pytest.raises(ShapeError, match=message):
            SetOperations(include).rank(search)
    with pytest.raises(ParameterError, match="looks at X"):
        SetOperations([[[1.0] * 5]]).rank(Search(search.hits))
    with pytest.raises(ShapeError, match="hits have the row 8, but X has 3 rows"):
        SetOperations([[[1.0] * 5]]).rank(Search(search.hits, X=search.X[:3]))


def test_a_stored_row_that_is_not_finite_is_named_by_its_number():
    search = asked()
    X = np.array(search.X)
    X[7] = np.nan
    with pytest.raises(ShapeError, match="X has a value that is not finite in row 7"):
        SetOperations([[[1, 0, 0, 0, 0]]]).rank(Search(Hits([[5, 7]], [[1.0, 0.5]]), X=X))


@pytest.mark.parametrize("sets", ["yeast", ["yeast"], [["yeast"], "salt"]])
def test_a_text_is_no_set_of_its_letters(sets):
    search = Search(Hits([[0]], [[1.0]]), X=np.ones((1, 8), np.float32))
    for given_sets in ({"include": sets}, {"exclude": sets}):
        with pytest.raises(ParameterError, match=r"clude must be a list of sets.*wrap it as \[text\]"):
            SetOperations(**given_sets, encoder=HashingEncoder(dim=8)).rank(search)
