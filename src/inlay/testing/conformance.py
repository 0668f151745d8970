"""Hold an index to brute force: the same rows, scores and ties, under filters, at small limits, after changes.

The contract checks demand what every index owes. This says in numbers how far an answer is from the exact one: an
approximate index differs by design, and a table of where each differs helps to choose::

    python -m inlay.testing.conformance Exact HNSW Qdrant
"""

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from inlay.core.catalogue import methods
from inlay.core.errors import DataError, InlayError, MissingExtra
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import normalize, product_top_k

N, DIM, ASKED, K = 3000, 24, 20, 10
SHARES = (0.001, 0.01, 0.1, 0.5, 0.9, 1.0)
ROUNDING = 1e-5  # in a score of vectors of length one

Differences = Iterator[tuple[str, str]]  # what was expected, and what came


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where an index differs from brute force.

    Parameters
    ----------
    what : the demand, one of `DEMANDS`.
    expected : what brute force gives.
    got : what the index gave, in a few words.
    """

    what: str
    expected: str
    got: str


def sample(n: int, seed: int) -> FloatArray:
    """Return unit vectors in clusters, as those of texts are."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((50, DIM))
    return normalize(centres[rng.integers(0, 50, n)] + 0.7 * rng.standard_normal((n, DIM)))


def compare(hits: Hits, Q: FloatArray, X: FloatArray, k: int, rows: IdArray | None = None) -> Differences:
    """Yield where hits differ from the exact ones; rows whose scores differ by rounding count as the same."""
    want = product_top_k(Q, X, k, rows=rows)
    if hits.ids.shape != want.ids.shape:
        yield f"the shape {want.ids.shape}", f"the shape {hits.ids.shape}"
        return
    real = hits.ids >= 0
    if not np.array_equal(hits.counts, want.counts):
        yield f"{want.counts.sum()} hits", f"{hits.counts.sum()} hits"
    if (hits.ids >= len(X)).any():
        yield f"rows up to {len(X) - 1}", f"row {hits.ids.max()}"
        return
    strange = np.setdiff1d(hits.ids[real], np.arange(len(X)) if rows is None else rows)
    if len(strange):
        yield "allowed rows", f"{len(strange)} rows not allowed"
    if any(len(np.unique(ids[ids >= 0])) < (ids >= 0).sum() for ids in hits.ids):
        yield "each row once", "a row twice"
    if not want.counts.sum():
        return
    exact = np.where(real, np.vecdot(X[np.maximum(hits.ids, 0)], Q[:, None]), -np.inf)
    last = np.min(want.scores, axis=1, keepdims=True, initial=np.inf, where=want.ids >= 0)
    if (recall := (real & (exact >= last - ROUNDING)).sum() / want.counts.sum()) < 1:
        yield "all the best rows", f"recall {recall:.3f}"
    if (away := np.abs(hits.scores[real] - exact[real]).max(initial=0)) > ROUNDING:
        yield "the inner product", f"scores off by {away:.2g}"


def _top(index: Any, X: FloatArray, Q: FloatArray, k: int) -> Differences:
    yield from compare(index.search(Q, k), Q, X, k)


def _alone(index: Any, X: FloatArray, Q: FloatArray) -> Differences:
    whole = index.search(Q, K)
    for i in range(0, len(Q), 5):
        if not np.array_equal(index.search(Q[i : i + 1], K).ids[0], whole.ids[i]):
            yield "the same alone as among others", "other rows"


def _filtered(index: Any, X: FloatArray, Q: FloatArray, share: float) -> Differences:
    order = np.random.default_rng(5).permutation(len(X))
    rows = np.sort(order[: max(1, round(share * len(X)))])
    mask = np.isin(np.arange(len(X)), rows)
    hits = index.search(Q, K, where=mask)
    yield from compare(hits, Q, X, K, rows)
    if not np.array_equal(hits.ids, index.search(Q, K, where=rows[::-1].copy()).ids):
        yield "the same by mask and by row numbers", "other rows"


def _nothing_allowed(index: Any, X: FloatArray, Q: FloatArray) -> Differences:
    for where in (np.zeros(len(X), bool), np.empty(0, np.int64)):
        yield from compare(index.search(Q, K, where=where), Q, X, K, np.empty(0, np.int64))


def _far(index: Any, X: FloatArray, Q: FloatArray) -> Differences:
    rows = np.sort(np.argsort(X @ Q[0])[: len(X) // 2])  # where a search that starts near the query finds none
    yield from compare(index.search(Q[:1], K, where=rows), Q[:1], X, K, rows)


def _no_queries(index: Any, X: FloatArray, Q: FloatArray) -> Differences:
    yield from compare(index.search(Q[:0], K), Q[:0], X, K)


def _refusals(index: Any, X: FloatArray, Q: FloatArray) -> Differences:
    calls: dict[str, Callable[[], Any]] = {
        "queries of another dimension": lambda: index.search(Q[:, 1:], K),
        "k=0": lambda: index.search(Q, 0),
        "a row that there is not": lambda: index.search(Q, K, where=[len(X)]),
        "a mask that is too short": lambda: index.search(Q, K, where=np.ones(len(X) - 1, bool)),
    }
    for name, call in calls.items():
        got = _outcome(call)
        if got != "refused":
            yield f"{name}: an InlayError", f"{name}: {got}"


def _saving(index: Any, X: FloatArray, Q: FloatArray) -> Differences:
    want = index.search(Q, K).ids
    with tempfile.TemporaryDirectory() as folder:
        index.save(folder)
        for mmap in (False, True):
            if not np.array_equal(type(index).load(folder, mmap=mmap).search(Q, K).ids, want):
                yield "the same after loading", "other rows"
        for file in Path(folder).glob("*.safetensors"):
            file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
            for mmap in (False, True):
                got = _outcome(partial(type(index).load, folder, mmap=mmap), DataError)
                if got != "refused":
                    yield "a file cut off: a DataError", f"a file cut off: {got}"


def _ties(index: Any, Q: FloatArray) -> Differences:
    X = np.concatenate([sample(30, 7), np.repeat(sample(1, 8), 40, axis=0), sample(30, 9)])
    X = np.concatenate([X, X[30:31]])
    index.fit(X)
    for k in (1, 7, 41):
        want, hits = product_top_k(X[30:31], X, k), index.search(X[30:31], k)
        yield from compare(hits, X[30:31], X, k)
        if not np.array_equal(hits.ids, want.ids):
            yield "equal rows by number", f"rows {hits.ids[0, :4].tolist()} at k={k}"
    rows = np.array([33, 50, 69, 100])
    if not np.array_equal(index.search(X[30:31], 3, where=rows).ids, [[33, 50, 69]]):
        yield "equal rows by number under a filter", "others"


def _few(index: Any, Q: FloatArray, n: int) -> Differences:
    X = sample(max(n, 1), 3)[:n]
    yield from compare(index.fit(X).search(Q, K), Q, X, K)


def _equal(index: Any, Q: FloatArray) -> Differences:
    X = np.repeat(sample(1, 4), 50, axis=0)
    yield from compare(index.fit(X).search(Q, 50), Q, X, 50)


def _added(index: Any, Q: FloatArray) -> Differences:
    X = sample(N // 2, 6)
    index.fit(X[:500])
    if not hasattr(index, "add"):
        return
    yield from compare(index.add(X[500:900]).add(X[900:]).search(Q, K), Q, X, K)
    if _outcome(lambda: index.add(X[:2, 1:])) != "refused":
        yield "rows of another dimension refused", "taken"
    yield from compare(index.search(Q, K), Q, X, K)


def _removed(index: Any, Q: FloatArray) -> Differences:
    X = sample(N // 2, 6)
    index.fit(X)
    if not hasattr(index, "remove"):
        return
    gone = np.arange(0, len(X), 3)
    left = np.setdiff1d(np.arange(len(X)), gone)
    index.remove(gone).remove(gone[:5])
    yield from compare(index.search(Q, K), Q, X, K, left)
    rows = np.arange(60)  # some of them are there no more
    yield from compare(index.search(Q, 50, where=rows), Q, X, 50, np.intersect1d(rows, left))
    yield from compare(index.search(Q, K, where=gone), Q, X, K, gone[:0])


STORED: dict[str, Callable[[Any, FloatArray, FloatArray], Differences]] = {
    "top 1": partial(_top, k=1),
    "top 10": partial(_top, k=K),
    "top 100": partial(_top, k=100),
    "more places than rows": partial(_top, k=N + 5),
    "a query alone": _alone,
    **{f"{share:.1%} allowed": partial(_filtered, share=share) for share in SHARES},
    "none allowed": _nothing_allowed,
    "far rows allowed": _far,
    "no queries": _no_queries,
    "wrong input": _refusals,
    "saving": _saving,
}
FITTED: dict[str, Callable[[Any, FloatArray], Differences]] = {
    "ties": _ties,
    "nothing stored": partial(_few, n=0),
    "one row stored": partial(_few, n=1),
    "rows all equal": _equal,
    "after add": _added,
    "after remove": _removed,
}
DEMANDS = (*STORED, *FITTED)


def conform(index: Any) -> list[Finding]:
    """Return where an index of vectors differs from brute force.

    Parameters
    ----------
    index : an index that is not fitted, or a class, all of whose ``examples()`` are held to it. Vectors are stored by
        it several times.

    Examples
    --------
    >>> from inlay.core.catalogue import methods
    >>> Exact = next(entry for entry in methods() if entry.name == "Exact").load()
    >>> conform(Exact())
    []
    """
    if isinstance(index, type):
        return [finding for example in index.examples() for finding in conform(example)]  # type: ignore[attr-defined]
    found: list[Finding] = []
    X, Q = sample(N, 0), sample(ASKED, 1)

    def hold(what: str, differences: Callable[[], Differences]) -> None:
        try:
            found.extend(Finding(what, expected, got) for expected, got in differences())
        except MissingExtra:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it raises is what is to be told
            found.append(Finding(what, "an answer", f"{type(error).__name__}: {str(error)[:200]}"))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = clone(index)
        hold("top 1", lambda: iter([] if fitted.fit(X) is fitted else [("fit returns the index", "something else")]))
        for what, held in STORED.items():
            hold(what, partial(held, fitted, X, Q))
        for what, made in FITTED.items():
            hold(what, partial(made, clone(index), Q))
    return list(dict.fromkeys(found))


def table(findings: Mapping[str, Sequence[Finding]]) -> str:
    """Return a table in Markdown: a line for each demand, a column for each index; ``=`` where it gives the same.

    Examples
    --------
    >>> print(table({"One": [], "Two": [Finding("ties", "equal rows by number", "others")]}).splitlines()[-6])
    | ties | = | others |
    """
    lines = [["", *findings], ["---"] * (1 + len(findings))]
    for what in DEMANDS:
        cells = ("; ".join(f.got for f in found if f.what == what) for found in findings.values())
        lines.append([what, *(cell.replace("|", "/")[:120] or "=" for cell in cells)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(names: Sequence[str]) -> None:
    """Print the table of the indexes of these names; of all that store vectors where there are none."""
    entries = {entry.name: entry for entry in methods() if entry.contract == "index"}
    found: dict[str, list[Finding]] = {}
    if strange := {*names} - {*entries}:
        sys.exit(f"There is no index {min(strange)}; there are {', '.join(entries)}.")
    for name in names or entries:
        try:
            cls: Any = entries[name].load()
            if cls.stores == "vectors":
                found |= {" ".join(str(example).split()): conform(example) for example in cls.examples()}
        except MissingExtra as error:
            print(f"{name} is left out: {error}")
    print(table(found))


def _outcome(call: Callable[[], Any], expected: type[Exception] = InlayError) -> str:
    try:
        call()
    except expected:
        return "refused"
    except Exception as error:  # noqa: BLE001 - a wrong kind of error is what is looked for
        return f"{type(error).__name__}: {str(error)[:80]}"
    return "accepted"


if __name__ == "__main__":
    main(sys.argv[1:])
