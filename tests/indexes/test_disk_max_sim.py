"""MaxSim from disk gives what vectors in memory give, reads ahead, and says what it cannot take."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.core.values import Ragged
from inlay.core.vectors import normalize

pytest.importorskip("numba", reason="needs pip install 'inlay[quantize]'")

from inlay.indexes import DiskMaxSim, MaxSim


def items(n, dim=16, seed=0, longest=40):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).standard_normal((12, dim))
    lengths = rng.integers(1, longest, n)
    topics = np.repeat(rng.integers(0, 12, n), lengths)
    values = normalize(centres[topics] + 1.5 * rng.standard_normal((lengths.sum(), dim)))
    return Ragged(values, np.append(0, np.cumsum(lengths)))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("prefetch", [0.0, 0.4, 1.0])
def test_reading_ahead_changes_no_answer(tmp_path, dtype, prefetch):
    X, Q = items(300), items(8, seed=1)
    index = DiskMaxSim(30, prefetch=prefetch, dtype=dtype).fit(X)
    in_memory = index.search(Q, 7)
    index.save(tmp_path)
    on_disk = DiskMaxSim.load(tmp_path, mmap=True)
    assert not on_disk.values_.flags.writeable
    found = on_disk.search(Q, 7)
    assert np.array_equal(found.ids, in_memory.ids)
    assert np.array_equal(found.scores, in_memory.scores)
    other = DiskMaxSim(30, prefetch=0.7, dtype=dtype, n_threads=1).fit(X).search(Q, 7)
    assert np.array_equal(found.ids, other.ids)


def test_with_all_lists_it_is_the_best_means_put_in_order_by_max_sim():
    X, Q = items(200), items(6, seed=1)
    hits = DiskMaxSim(25, n_lists=5, n_probes=5).fit(X).search(Q, 4)
    means = normalize([item.mean(axis=0) for item in X])
    exact = MaxSim().fit(X)
    for i, q in enumerate(Q):
        near = np.argsort(-(means @ q.sum(axis=0)))[:25]
        want = exact.search(Ragged.stack([q]), 4, where=near)
        assert np.array_equal(hits.ids[i], want.ids[0])
        assert np.array_equal(hits.scores[i], want.scores[0])


def test_most_is_read_ahead():
    X, Q = items(600), items(20, seed=1)
    rates = [DiskMaxSim(20, n_probes=10, prefetch=share).fit(X).prefetch_hit_rate(Q) for share in (0.0, 0.1, 0.5, 1.0)]
    assert rates[0] == 0.0
    assert rates[1] < rates[2]
    assert rates[2] > 0.8
    assert rates[3] == 1.0


def test_lists_are_probed_until_there_are_enough_items():
    X, Q = items(100), items(5, seed=1)
    index = DiskMaxSim(1, n_lists=20, n_probes=1).fit(X)
    assert (index.search(Q, 60).counts == 60).all()
    rows = np.arange(0, 100, 9)
    hits = index.search(Q, 12, where=rows)
    assert (np.sort(hits.ids, axis=1) == rows).all()


def test_lists_that_are_empty_do_no_harm():
    X = Ragged.stack([np.eye(3)[:1]] * 6 + [np.eye(3)[1:]] * 2)
    index = DiskMaxSim(2, n_lists=8, n_probes=1).fit(X)
    assert (np.diff(index.ends_) == 0).any()
    assert (index.search(X, 8).counts == 8).all()


def test_little_is_in_memory():
    index = DiskMaxSim().fit(items(400, dim=32))
    assert index.values_.nbytes / index.bytes_in_memory > 10


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_rescored": 0}, "n_rescored, n_probes and n_threads must be at least 1"),
        ({"prefetch": 1.5}, "prefetch must be from 0 to 1"),
        ({"n_lists": 0}, "n_lists at least 1, or None, got 0.3, 0"),
    ],
)
def test_refuses_parameters(parameters, message):
    with pytest.raises(ParameterError, match=message):
        DiskMaxSim(**parameters).fit(items(5))
