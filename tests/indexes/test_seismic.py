import numpy as np
import pytest
from scipy import sparse

from inlay.core.errors import ParameterError, ShapeError
from inlay.indexes import Inverted, Seismic

pytest.importorskip("numba", reason="needs pip install 'inlay[quantize]'")


def made(n, seed, dim=60):
    """Return rows near some of a few sparse centres."""
    rng = np.random.default_rng(seed)
    centres = rng.random((12, dim)) * (np.random.default_rng(0).random((12, dim)) < 0.2)
    X = centres[rng.integers(12, size=n)] * rng.random((n, dim)) + 0.3 * rng.random((n, dim)) * (
        rng.random((n, dim)) < 0.03
    )
    return sparse.csr_array(X.astype(np.float32))


X, Q = made(1500, 1), made(40, 2)


def test_with_nothing_left_out_it_is_exact():
    index = Seismic(n_postings=1500, alpha=1.0, cut=60, heap_factor=1.0).fit(X)
    for where in (None, np.arange(0, 1500, 2), np.arange(20)):
        hits, want = index.search(Q, 10, where=where), Inverted().fit(X).search(Q, 10, where=where)
        np.testing.assert_array_equal(hits.ids, want.ids)
        np.testing.assert_array_equal(hits.scores, want.scores)
    assert index.compared(Q, 10)[:, 0].mean() < (index.compared(Q, 1500)[:, 0]).mean()


def test_blocks_part_the_largest_numbers_of_each_list():
    index, dense = Seismic(n_postings=30, block_size=5).fit(X), X.toarray()
    for column in range(60):
        first, last = index.list_starts_[column : column + 2]
        rows = index.members_[index.block_starts_[first] : index.block_starts_[last]]
        want = min(30, int((dense[:, column] > 0).sum()))
        assert len(set(rows.tolist())) == len(rows) == want
        if want:
            assert dense[rows, column].min() >= np.sort(dense[:, column])[-want]


def test_summaries_hold_the_maxima_and_enough_of_their_sum():
    dense = X.toarray()
    whole, some = Seismic(alpha=1.0).fit(X), Seismic(alpha=0.4).fit(X)
    for index, alpha in ((whole, 1.0), (some, 0.4)):
        for block in range(0, len(index.lows_), 7):
            maxima = dense[index.members_[index.block_starts_[block] : index.block_starts_[block + 1]]].max(axis=0)
            part = slice(index.summary_starts_[block], index.summary_starts_[block + 1])
            columns, step = index.summary_columns_[part], index.steps_[block]
            numbers = index.lows_[block] + step * index.codes_[part].astype(np.float32)
            assert (numbers >= maxima[columns] - 1e-5).all()
            assert (numbers <= maxima[columns] + step + 1e-5).all()
            assert maxima[columns].sum() >= alpha * maxima.sum() - 1e-4
    assert len(some.codes_) < 0.6 * len(whole.codes_)


def test_a_smaller_heap_factor_finds_more_and_looks_at_more():
    index, want = Seismic(cut=4, alpha=0.3).fit(X), Inverted().fit(X).search(Q, 10).ids
    found, compared = [], []
    for index.heap_factor in (1.5, 1.0, 0.0):
        ids = index.search(Q, 10).ids
        found.append((ids[:, :, None] == want[:, None]).any(axis=1).mean())
        compared.append(index.compared(Q, 10)[:, 0].mean())
    assert found[0] <= found[1] <= found[2]
    assert found[0] < found[2]
    assert compared[0] < compared[1] < compared[2]


def test_as_many_hits_as_share_a_column():
    index = Seismic(n_postings=2, cut=1).fit(X)
    shared = ((Q.toarray() > 0) @ (X.toarray() > 0).T).sum(axis=1)
    np.testing.assert_array_equal(index.search(Q, 1500).counts, shared)


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (Seismic(n_postings=0), "n_postings must be at least 1, got 0"),
        (Seismic(alpha=0), "alpha must be above 0 and at most 1"),
        (Seismic(heap_factor=-1), "heap_factor at least 0"),
        (Seismic(cut=0), "cut must be at least 1"),
    ],
)
def test_wrong_parameters_are_refused(index, says):
    with pytest.raises(ParameterError, match=says):
        index.fit(X)


def test_negative_numbers_are_refused():
    with pytest.raises(ShapeError, match=r"at least 0, got -1\.0 in row 0"):
        Seismic().fit([[-1.0, 2.0]])
