"""The checks of indexes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import Hits

from ._data import vectors
from ._trial import Data, Outputs, Trial

N, DIM, K = 90, 12, 5


def data(method: Any, items: Sequence[Any] | None) -> Data:
    """Return vectors to store and to ask with, and rows to choose from."""
    return {"X": vectors(N, DIM, seed=2), "Q": vectors(9, DIM, seed=3), "where": np.arange(0, N, 3)}


def fit(method: Any, data: Data) -> Any:
    """Store the vectors."""
    return method.fit(data["X"])


def use(method: Any, data: Data) -> Outputs:
    """Search among all rows and among some."""
    everywhere, some = method.search(data["Q"], K), method.search(data["Q"], K, where=data["where"])
    return {"ids": everywhere.ids, "scores": everywhere.scores, "ids of some": some.ids, "scores of some": some.scores}


def take(data: Data, rows: NDArray[Any]) -> Data:
    """Return some of the queries."""
    return {**data, "Q": data["Q"][rows]}


def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
    """Return calls that have to be refused."""
    X, Q = data["X"], data["Q"]
    broken = Q.copy()
    broken[0, 0] = np.nan
    return {
        "k=0": lambda: method.search(Q, 0),
        "k=2.5": lambda: method.search(Q, 2.5),
        "one query instead of a matrix": lambda: method.search(Q[0], K),
        "queries with a column too few": lambda: method.search(Q[:, 1:], K),
        "queries with NaN": lambda: method.search(broken, K),
        "vectors with NaN": lambda: method.fit(broken),
        "one vector instead of a matrix": lambda: method.fit(X[0]),
        "a mask that is too short": lambda: method.search(Q, K, where=np.ones(N - 1, bool)),
        "a row number beyond the last": lambda: method.search(Q, K, where=[0, N]),
        "a row number below zero": lambda: method.search(Q, K, where=[-1]),
        "row numbers that are not whole": lambda: method.search(Q, K, where=[0.5]),
    }


def hits_are_well_formed(trial: Trial) -> None:
    """Search gives Hits of k places: rows that exist, none twice, best first, as many as there are."""
    data = trial.data()
    method = trial.fitted(data)
    for k in (1, K, N, N + 10):
        _well_formed(method.search(data["Q"], k), len(data["Q"]), k, np.arange(N), f"k={k}")


def filters_are_kept(trial: Trial) -> None:
    """A filter that lets any number of rows through gives only those, and k of them where there are k."""
    data = trial.data()
    method = trial.fitted(data)
    order = np.random.default_rng(7).permutation(N)
    for n in (0, 1, K - 1, K, N // 2, N):
        rows = np.sort(order[:n])
        mask = np.isin(np.arange(N), rows)
        hits = method.search(data["Q"], K, where=mask)
        _well_formed(hits, len(data["Q"]), K, rows, f"{n} rows allowed")
        for form, where in (("row numbers", rows), ("a list", rows.tolist()), ("row numbers in disorder", rows[::-1])):
            other = method.search(data["Q"], K, where=where)
            assert np.array_equal(other.ids, hits.ids), f"{form} and a mask of the same {n} rows give different hits"


def stored_vectors_are_found(trial: Trial) -> None:
    """A query that is a stored vector finds it among its best hits, with and without a filter."""
    data = trial.data()
    method = trial.fitted(data)
    _finds(method, data["X"], np.arange(N), None)
    _finds(method, data["X"], np.arange(0, N, 2), np.arange(0, N, 2))


def scores_order_as_products_do(trial: Trial) -> None:
    """Scores are large where inner products are large: they correlate above 0.9."""
    data = trial.data()
    hits = trial.fitted(data).search(data["Q"], N)
    real = hits.ids >= 0
    products = np.take_along_axis(data["Q"] @ data["X"].T, np.maximum(hits.ids, 0), 1)
    correlation = np.corrcoef(products[real], hits.scores[real])[0, 1]
    assert correlation > 0.9, f"a correlation of {correlation:.3f}"


def odd_sizes_work(trial: Trial) -> None:
    """No vectors, one vector, equal vectors and no queries give what there is."""
    data = trial.data()
    X, Q = data["X"], data["Q"]
    for name, stored in (("no vectors", X[:0]), ("one vector", X[:1]), ("equal vectors", np.repeat(X[:1], 20, axis=0))):
        hits = trial.fresh().fit(stored).search(Q, K)
        _well_formed(hits, len(Q), K, np.arange(len(stored)), name)
    _well_formed(trial.fitted(data).search(Q[:0], K), 0, K, np.arange(N), "no queries")


def rows_can_be_added(trial: Trial) -> None:
    """add, where there is one, returns self, numbers the new rows after the old ones, and all are found."""
    if not hasattr(trial.method, "add"):
        return
    data = trial.data()
    X, more = data["X"], vectors(30, DIM, seed=4)
    method = trial.fitted(data)
    assert method.add(more) is method, "add did not return self"
    every = np.concatenate([X, more])
    _well_formed(method.search(data["Q"], N + 30), len(data["Q"]), N + 30, np.arange(N + 30), "after add")
    _finds(method, every, np.arange(N + 30), None)


def rows_can_be_removed(trial: Trial) -> None:
    """remove, where there is one, returns self; removed rows are not found, the others keep their numbers."""
    if not hasattr(trial.method, "remove"):
        return
    data = trial.data()
    method = trial.fitted(data)
    gone, left = np.arange(0, N, 4), np.setdiff1d(np.arange(N), np.arange(0, N, 4))
    assert method.remove(gone) is method, "remove did not return self"
    _well_formed(method.search(data["Q"], N), len(data["Q"]), N, left, "after remove")
    _finds(method, data["X"], left, None)


def _well_formed(hits: Any, n: int, k: int, allowed: NDArray[Any], when: str) -> None:
    assert isinstance(hits, Hits), f"{when}: a {type(hits).__name__}, not Hits"
    assert hits.ids.shape == (n, k), f"{when}: shape {hits.ids.shape}, not {(n, k)}"
    for ids in hits.ids:
        real = ids[ids >= 0]
        assert len(np.unique(real)) == len(real), f"{when}: a row is found twice among {real}"
        assert np.isin(real, allowed).all(), f"{when}: rows {np.setdiff1d(real, allowed)}, which are not allowed"
        want = min(k, len(allowed))
        assert len(real) == want, f"{when}: {len(real)} hits, where there are {want}"


def _finds(method: Any, X: NDArray[Any], rows: NDArray[Any], where: NDArray[Any] | None) -> None:
    found = (method.search(X[rows], K, where=where).ids == rows[:, None]).any(axis=1).mean()
    assert found >= 0.95, f"only {found:.0%} of the stored vectors find themselves among their {K} best"


CHECKS = (
    hits_are_well_formed,
    filters_are_kept,
    stored_vectors_are_found,
    scores_order_as_products_do,
    odd_sizes_work,
    rows_can_be_added,
    rows_can_be_removed,
)
