"""The checks of indexes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from inlay.core.values import Hits, Ragged

from ._data import vectors
from ._trial import Data, Outputs, Trial

N, DIM, K = 90, 12, 5
_ASKED = 9


def data(method: Any, items: Sequence[Any] | None) -> Data:
    """Return what to store and to ask with, of the kind that the index stores, and rows to choose from."""
    out: Data = {"where": np.arange(0, N, 3)}
    for name, n, seed in (("X", N, 2), ("Q", _ASKED, 3), ("more", 30, 4)):
        if method.stores == "multivectors":
            out[f"{name} lengths"] = np.arange(n) % 4 + 1
            n = int(out[f"{name} lengths"].sum())
        out[name] = vectors(n, DIM, seed)
        if method.stores in ("sparse", "texts"):
            out[name] = np.where(np.abs(out[name]) > np.float32(0.15), np.abs(out[name]), np.float32(0))
            out[name] /= np.linalg.norm(out[name], axis=1, keepdims=True)
        if method.stores == "texts":
            out[name] = [" ".join(f"word{i} " * round(4 * x) for i, x in enumerate(row) if x) for row in out[name]]
    return out


def of(method: Any, data: Data, name: str = "X", rows: NDArray[Any] | None = None) -> Any:
    """Return stored things, or queries, in the form that the index takes, all or those of some rows."""
    given = data[name]
    if method.stores == "texts":
        return list(given) if rows is None else [given[i] for i in rows]
    if method.stores == "multivectors":
        items = Ragged(np.asarray(given, np.float32), np.append(0, np.cumsum(data[f"{name} lengths"])))
        if rows is not None:
            items = (
                Ragged.stack([items[i] for i in rows]) if len(rows) else Ragged(items.values[:0], np.zeros(1, np.int64))
            )
        return items
    if rows is not None:
        given = np.asarray(given)[rows]
    return sparse.csr_matrix(given) if method.stores == "sparse" else given


def fit(method: Any, data: Data) -> Any:
    """Store everything."""
    return method.fit(of(method, data))


def use(method: Any, data: Data) -> Outputs:
    """Search among all rows and among some."""
    Q = of(method, data, "Q")
    everywhere, some = method.search(Q, K), method.search(Q, K, where=data["where"])
    return {"ids": everywhere.ids, "scores": everywhere.scores, "ids of some": some.ids, "scores of some": some.scores}


def take(data: Data, rows: NDArray[Any]) -> Data:
    """Return some of the queries."""
    if isinstance(data["Q"], list):
        return {**data, "Q": [data["Q"][i] for i in rows]}
    if "Q lengths" not in data:
        return {**data, "Q": data["Q"][rows]}
    ends, lengths = np.cumsum(data["Q lengths"]), data["Q lengths"]
    parts = [data["Q"][ends[i] - lengths[i] : ends[i]] for i in rows]
    return {**data, "Q": np.concatenate([data["Q"][:0], *parts]), "Q lengths": lengths[rows]}


def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
    """Return calls that have to be refused."""
    Q = of(method, data, "Q")
    calls: dict[str, Callable[[], object]] = {
        "k=0": lambda: method.search(Q, 0),
        "k=2.5": lambda: method.search(Q, 2.5),
        "a mask that is too short": lambda: method.search(Q, K, where=np.ones(N - 1, bool)),
        "a row number beyond the last": lambda: method.search(Q, K, where=[0, N]),
        "a row number below zero": lambda: method.search(Q, K, where=[-1]),
        "row numbers that are not whole": lambda: method.search(Q, K, where=[0.5]),
    }
    if method.stores == "texts":
        return calls | {
            "one text instead of texts": lambda: method.search(Q[0], K),
            "numbers instead of texts": lambda: method.search([1, 2], K),
            "numbers to store": lambda: method.fit([1, 2]),
        }
    matrix = np.asarray(data["X"])
    broken = {**data, "X": matrix.copy(), "Q": np.array(data["Q"])}
    broken["X"][0, 0] = broken["Q"][0, 0] = np.nan
    narrow = {**data, "Q": data["Q"][:, 1:]}
    return calls | {
        "one vector instead of queries": lambda: method.search(data["Q"][0], K),
        "queries with a column too few": lambda: method.search(of(method, narrow, "Q"), K),
        "queries with NaN": lambda: method.search(of(method, broken, "Q"), K),
        "NaN to store": lambda: method.fit(of(method, broken)),
        "one vector to store": lambda: method.fit(matrix[0]),
    }


def hits_are_well_formed(trial: Trial) -> None:
    """Search gives Hits of k places: rows that exist, none twice, best first, as many as there are."""
    data = trial.data()
    method = trial.fitted(data)
    for k in (1, K, N, N + 10):
        _well_formed(method, data, "Q", k, np.arange(N), f"k={k}")


def filters_are_kept(trial: Trial) -> None:
    """A filter that lets any number of rows through gives only those, and k of them where there are k."""
    data = trial.data()
    method = trial.fitted(data)
    Q = of(method, data, "Q")
    order = np.random.default_rng(7).permutation(N)
    for n in (0, 1, K - 1, K, N // 2, N):
        rows = np.sort(order[:n])
        hits = _well_formed(method, data, "Q", K, rows, f"{n} rows allowed", where=np.isin(np.arange(N), rows))
        for form, where in (("row numbers", rows), ("a list", rows.tolist()), ("row numbers in disorder", rows[::-1])):
            other = method.search(Q, K, where=where)
            assert np.array_equal(other.ids, hits.ids), f"{form} and a mask of the same {n} rows give different hits"


def stored_vectors_are_found(trial: Trial) -> None:
    """A query that is a stored row finds it among its best hits, with and without a filter."""
    data = trial.data()
    method = trial.fitted(data)
    _finds(method, data, np.arange(N), None)
    _finds(method, data, np.arange(0, N, 2), np.arange(0, N, 2))


def scores_order_as_products_do(trial: Trial) -> None:
    """Scores are large where inner products, or their sums of maxima, are large: they correlate above 0.9."""
    data = trial.data()
    if trial.method.stores == "texts":
        return  # what a word is worth is for the method to say
    hits = trial.fitted(data).search(of(trial.method, data, "Q"), N)
    real = hits.ids >= 0
    products = np.take_along_axis(_products(trial.method, data), np.maximum(hits.ids, 0), 1)
    correlation = np.corrcoef(products[real], hits.scores[real])[0, 1]
    assert correlation > 0.9, f"a correlation of {correlation:.3f}"


def odd_sizes_work(trial: Trial) -> None:
    """Nothing stored, one row, equal rows and no queries give what there is."""
    data = trial.data()
    for name, rows in (("nothing", []), ("one row", [0]), ("equal rows", [0] * 20)):
        index = np.array(rows, np.int64)
        method = trial.fresh().fit(of(trial.method, data, "X", index))
        _well_formed(method, data, "Q", K, np.arange(len(rows)), f"with {name} stored", stored=index)
    _well_formed(trial.fitted(data), take(data, np.arange(0)), "Q", K, np.arange(N), "no queries")


def rows_can_be_added(trial: Trial) -> None:
    """add, where there is one, returns self, numbers the new rows after the old ones, and all are found."""
    if not hasattr(trial.method, "add"):
        return
    data = trial.data()
    method = trial.fitted(data)
    assert method.add(of(method, data, "more")) is method, "add did not return self"
    every = {**data, "X": _joined(data["X"], data["more"])}
    if "X lengths" in data:
        every["X lengths"] = np.concatenate([data["X lengths"], data["more lengths"]])
    _well_formed(method, every, "Q", N + 30, np.arange(N + 30), "after add")
    _finds(method, every, np.arange(N + 30), None)


def rows_can_be_removed(trial: Trial) -> None:
    """remove, where there is one, returns self; removed rows are not found, the others keep their numbers."""
    if not hasattr(trial.method, "remove"):
        return
    data = trial.data()
    method = trial.fitted(data)
    gone, left = np.arange(0, N, 4), np.setdiff1d(np.arange(N), np.arange(0, N, 4))
    assert method.remove(gone) is method, "remove did not return self"
    _well_formed(method, data, "Q", N, left, "after remove")
    _finds(method, data, left, None)


def _joined(a: Any, b: Any) -> Any:
    return a + b if isinstance(a, list) else np.concatenate([a, b])


def _products(method: Any, data: Data) -> NDArray[Any]:
    """Return the exact scores, (queries, rows); of texts the number of words that they share."""
    Q, X = of(method, data, "Q"), of(method, data, "X")
    if method.stores == "texts":
        return np.array([[len({*q.split()} & {*x.split()}) for x in X] for q in Q]).reshape(len(Q), len(X))
    if method.stores == "multivectors":
        return np.array([[(q @ x.T).max(axis=1).sum() for x in X] for q in Q]).reshape(len(Q), len(X))
    return np.asarray((Q @ X.T).todense() if method.stores == "sparse" else Q @ X.T)


def _well_formed(
    method: Any,
    data: Data,
    name: str,
    k: int,
    rows: NDArray[Any],
    when: str,
    *,
    where: NDArray[Any] | None = None,
    stored: NDArray[Any] | None = None,
) -> Hits:
    Q = of(method, data, name)
    hits = method.search(Q, k, where=where)
    n = len(data[f"{name} lengths"]) if f"{name} lengths" in data else len(data[name])
    assert isinstance(hits, Hits), f"{when}: a {type(hits).__name__}, not Hits"
    assert hits.ids.shape == (n, k), f"{when}: shape {hits.ids.shape}, not {(n, k)}"
    some = method.stores in ("sparse", "texts")
    shared = _products(method, data)[:, rows if stored is None else stored[rows]] > 0 if some else None
    for i, ids in enumerate(hits.ids):
        allowed = rows if shared is None else rows[shared[i]]
        real = ids[ids >= 0]
        assert len(np.unique(real)) == len(real), f"{when}: a row is found twice among {real}"
        assert np.isin(real, allowed).all(), f"{when}: rows {np.setdiff1d(real, allowed)}, which are not allowed"
        want = min(k, len(allowed))
        assert len(real) == want, f"{when}: {len(real)} hits, where there are {want}"
    return hits


def _finds(method: Any, data: Data, rows: NDArray[Any], where: NDArray[Any] | None) -> None:
    hits = method.search(of(method, data, "X", rows), K, where=where)
    found = (hits.ids == rows[:, None]).any(axis=1).mean()
    assert found >= 0.95, f"only {found:.0%} of the stored rows find themselves among their {K} best"


CHECKS = (
    hits_are_well_formed,
    filters_are_kept,
    stored_vectors_are_found,
    scores_order_as_products_do,
    odd_sizes_work,
    rows_can_be_added,
    rows_can_be_removed,
)
