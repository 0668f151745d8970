import numpy as np
import pytest

from inlay.core.errors import ParameterError

pytest.importorskip("numba", reason="needs pip install 'inlay[quantize]'")
_tables = pytest.importorskip("inlay.transforms.quantize._tables")


def made_up(n, m, queries, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, m), dtype=np.uint8), rng.normal(size=(queries, m, 256)).astype(np.float32)


def find(T, C, k, scale=None):
    Q = np.arange(len(T), dtype=np.float32)[:, None]  # a query is the number of its tables
    return _tables.search(lambda some: T[some[:, 0].astype(int)], Q, C, k, scale=scale)


@pytest.mark.parametrize("queries", [1, 3, 9, 35])
@pytest.mark.parametrize("m", [1, 4, 7])
def test_search_is_that_of_loops(queries, m):
    C, T = made_up(301, m, queries)
    scale = np.random.default_rng(1).random(301).astype(np.float32)
    for weights in (None, scale):
        hits = find(T, C, 20, weights)
        for q in range(queries):
            sums = []
            for row, code in enumerate(C):
                total = np.float32(0)
                for j in range(m):
                    total += T[q, j, code[j]]
                sums.append(total if weights is None else total * weights[row])
            want = sorted(range(len(C)), key=lambda i: (-sums[i], i))[:20]
            assert hits.ids[q].tolist() == want
            assert hits.scores[q].tolist() == [float(sums[i]) for i in want]


def test_equal_sums_stand_in_the_order_of_rows():
    C, T = made_up(5000, 1, 9)
    T = np.round(T)
    hits = find(T, C, 700)
    for q in range(9):
        sums = T[q, 0, C[:, 0]]
        assert hits.ids[q].tolist() == np.lexsort((np.arange(5000), -sums))[:700].tolist()


def test_neither_threads_nor_other_queries_change_an_answer(monkeypatch):
    C, T = made_up(4000, 6, 40)
    whole = find(T, C, 50)
    monkeypatch.setattr(_tables, "LEAST", 100)
    monkeypatch.setattr(_tables.numba, "get_num_threads", lambda: 3)
    parts = find(T, C, 50)
    alone = [find(T[q : q + 1], C, 50) for q in range(40)]
    np.testing.assert_array_equal(parts.ids, whole.ids)
    np.testing.assert_array_equal(parts.scores, whole.scores)
    np.testing.assert_array_equal(np.concatenate([one.ids for one in alone]), whole.ids)
    np.testing.assert_array_equal(np.concatenate([one.scores for one in alone]), whole.scores)


def test_more_asked_for_than_there_is(tmp_path):
    C, T = made_up(3, 2, 2)
    np.save(tmp_path / "codes.npy", C)
    hits = find(T, np.load(tmp_path / "codes.npy", mmap_mode="r"), 5)
    assert (hits.ids[:, 3:] == -1).all()
    assert sorted(hits.ids[0, :3].tolist()) == [0, 1, 2]
    assert find(T, C[:0], 5).counts.tolist() == [0, 0]
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        find(T, C, 0)
