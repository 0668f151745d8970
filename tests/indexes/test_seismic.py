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


def summaries(index):
    """Return for each list and block of it the columns of its summary, with their numbers."""
    for column in range(len(index.list_starts_) - 1):
        first, last = index.list_starts_[column : column + 2]
        found = [{} for _ in range(first, last)]
        for at in range(*index.column_starts_[column : column + 2]):
            for e in range(*index.entry_starts_[at : at + 2]):
                block = first + index.owners_[e]
                number = index.lows_[block] + index.steps_[block] * np.float32(index.codes_[e])
                found[index.owners_[e]][int(index.summary_columns_[at])] = number
        for block, numbers in zip(range(first, last), found, strict=True):
            yield index.members_[index.block_starts_[block] : index.block_starts_[block + 1]], block, numbers


def test_summaries_hold_the_maxima_and_enough_of_their_sum():
    dense = X.toarray()
    whole, some = Seismic(alpha=1.0).fit(X), Seismic(alpha=0.4).fit(X)
    for index, alpha in ((whole, 1.0), (some, 0.4)):
        for members, block, summary in summaries(index):
            maxima, columns, step = dense[members].max(axis=0), list(summary), index.steps_[block]
            numbers, kept = np.array(list(summary.values())), maxima[columns]
            assert (numbers >= kept - 1e-5).all()
            assert (numbers <= kept + step + 1e-5).all()
            assert kept.sum() >= alpha * maxima.sum() - 1e-4
            assert kept.min() >= np.delete(maxima, columns).max(initial=0)
            if alpha < 1:
                assert kept.sum() - kept.min() < alpha * maxima.sum() + 1e-4
    assert len(some.codes_) < 0.6 * len(whole.codes_)


@pytest.mark.parametrize("scale", [1.0, 1e-40, 1e30])
@pytest.mark.parametrize("alpha", [1e-9, 0.3, 0.5, 0.999])
def test_the_largest_peaks_are_those_that_sorting_gives(scale, alpha):
    from inlay.indexes._block_kernels import enough

    rng = np.random.default_rng(0)
    for m in (1, 2, 40, 700):
        peaks = (rng.pareto(1.0, 1000) + 0.01).astype(np.float32) * np.float32(scale)
        touched = rng.permutation(1000).astype(np.int32)
        before = np.sort(peaks[touched[:m]].astype(np.float64))[::-1]
        want = int(np.searchsorted(np.cumsum(before), alpha * before.sum() * (1 - 1e-12))) + 1
        kept = enough(peaks, touched, m, alpha)
        assert kept == want
        np.testing.assert_array_equal(np.sort(peaks[touched[:kept]])[::-1], before[:want])


def test_a_row_is_in_the_block_of_the_centroid_nearest_to_its_largest_numbers():
    from inlay.indexes._block_kernels import draw

    index, dense = Seismic(block_size=8, doc_cut=3, random_state=5).fit(X), X.toarray()
    heads = np.where(dense >= np.sort(dense, axis=1)[:, -3:-2], dense, 0)
    for column in range(60):
        rows = np.flatnonzero(dense[:, column])
        order = np.arange(len(rows))
        draw(order, -(-len(rows) // 8), 5 * 1_000_003 + column)
        centroids = np.sort(order[: -(-len(rows) // 8)])
        want = {}
        for row in rows:
            products = [float(heads[row].astype(float) @ dense[rows[c]]) for c in centroids]
            if not max(products):
                products = [float(dense[row] @ dense[rows[c]]) for c in centroids]
            want.setdefault(int(np.argmax(products)), []).append(row)
        found = [
            index.members_[index.block_starts_[block] : index.block_starts_[block + 1]].tolist()
            for block in range(*index.list_starts_[column : column + 2])
        ]
        assert sorted(found) == sorted(want.values())


def test_centroids_are_drawn_evenly():
    from inlay.indexes._block_kernels import draw

    drawn = np.zeros(10)
    for seed in range(4000):
        order = np.arange(10)
        draw(order, 3, seed)
        assert sorted(order) == list(range(10))
        drawn[order[:3]] += 1
    assert (np.abs(drawn - 1200) < 5 * np.sqrt(4000 * 0.3 * 0.7)).all()


def test_the_blocks_are_the_same_whatever_the_number_of_threads():
    numba = pytest.importorskip("numba")
    before, made = numba.get_num_threads(), []
    for threads in (1, before):
        numba.set_num_threads(threads)
        made.append(Seismic(n_postings=100).fit(X))
    for name, value in vars(made[0]).items():
        np.testing.assert_array_equal(value, getattr(made[1], name))


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


def test_products_beyond_float32_are_refused():
    X = np.float32([[1e30, 0], [2e30, 1], [0, 1]])  # the first would stand before the second
    with pytest.raises(ShapeError, match="exceed float32"):
        Seismic().fit(X).search(np.float32([[1e30, 0]]), 2)
