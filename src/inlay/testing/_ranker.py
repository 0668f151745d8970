"""The checks of rankers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import get_tags

from inlay.core.errors import InlayError
from inlay.core.values import Hits, Ragged, Search

from ._data import TEXTS, vectors
from ._trial import Data, Outputs, Trial

_QUERIED = ("ids", "scores", "other ids", "other scores", "Q")


def data(method: Any, items: Sequence[Any] | None) -> Data:
    """Return two lists of hits for six queries, the vectors and texts that they are about, and their parts."""
    X, Q = vectors(len(TEXTS), 8, seed=5), vectors(6, 8, seed=6)
    out: Data = {"X": X, "Q": Q, "items": list(TEXTS), "queries": TEXTS[:6]}
    for name, scores in (("", Q @ X.T), ("other ", Q[:, ::-1] @ X.T)):
        ids = np.argsort(-scores, axis=1)[:, :7]
        out[f"{name}ids"], out[f"{name}scores"] = ids, np.take_along_axis(scores, ids, 1)
    out["ids"][2, 4:], out["scores"][2, 4:] = -1, -np.inf
    out["ids"][3], out["scores"][3] = -1, -np.inf
    out["Q lengths"], out["X lengths"] = np.arange(1, 7), np.arange(len(TEXTS)) % 4 + 1
    for name, seed in (("Q", 7), ("X", 8)):
        out[f"{name} parts"] = vectors(int(out[f"{name} lengths"].sum()), 8, seed=seed)
    out["grades"] = [{int(row[0]): 2.0, int(row[4]): 1.0} for row in np.argsort(-(Q @ X.T), axis=1)]
    out["labels"] = np.arange(len(TEXTS)) % 3
    return out


def fit(method: Any, data: Data) -> Any:
    """Fit on the search, and on judgments or labels where the method learns from them."""
    target = get_tags(method).target_tags
    if not target.required:
        return method.fit(_search(data))
    return method.fit(_search(data), data["labels" if target.one_d_labels else "grades"])


def use(method: Any, data: Data) -> Outputs:
    """Rank."""
    hits = method.rank(_search(data)).hits
    return {"ids": hits.ids, "scores": hits.scores}


def take(data: Data, rows: NDArray[Any]) -> Data:
    """Return some of the queries."""
    some: Data = {name: data[name][rows] for name in _QUERIED}
    some |= {name: [data[name][i] for i in rows] for name in ("queries", "grades")}
    ends = np.cumsum(data["Q lengths"])
    parts = [data["Q parts"][ends[i] - data["Q lengths"][i] : ends[i]] for i in rows]
    some["Q parts"] = np.concatenate([data["Q parts"][:0], *parts])
    return {**data, **some, "Q lengths": data["Q lengths"][rows]}


def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
    """Return judgments that have to be refused; a Search refuses by itself what is wrong with it."""
    if not hasattr(method, "fit") or not get_tags(method).target_tags.required:
        return {}
    return {
        "no judgments or labels": lambda: type(method)(**method.get_params(deep=False)).fit(_search(data)),
        "one judgment or label too few": lambda: fit(
            method, {**data, "grades": data["grades"][1:], "labels": data["labels"][1:]}
        ),
    }


def _search(data: Data) -> Search:
    others = (Hits(data["other ids"], data["other scores"]),)
    Q, X = np.asarray(data["Q"], np.float32), np.asarray(data["X"], np.float32)
    Q_parts, X_parts = (
        Ragged(np.asarray(data[f"{name} parts"], np.float32), np.append(0, np.cumsum(data[f"{name} lengths"])))
        for name in ("Q", "X")
    )
    hits = Hits(data["ids"], data["scores"])
    return Search(hits, others, Q, X, data["queries"], data["items"], Q_parts, X_parts)


def hits_are_well_formed(trial: Trial) -> None:
    """Rank gives a new Search for the same queries: rows that exist, none twice, best first."""
    data = trial.data()
    given = _search(data)
    out = trial.fitted(data).rank(given)
    assert isinstance(out, Search), f"a {type(out).__name__}, not a Search"
    assert out is not given, "the search that was given came back"
    assert len(out.hits) == len(given.hits), f"{len(out.hits)} queries, {len(given.hits)} were given"
    for ids in out.hits.ids:
        real = ids[ids >= 0]
        assert len(np.unique(real)) == len(real), f"a row is found twice among {real}"
        assert (real < len(data["X"])).all(), f"row {real.max()} of {len(data['X'])}"
    assert (out.hits.ids >= 0).any(), "no hit is left"


def only_allowed_rows_are_found(trial: Trial) -> None:
    """Where only some rows may be hits, a ranker that searches again finds none of the others."""
    data = trial.data()
    rows = np.arange(0, len(data["X"]), 2)
    given = _search(data)
    keep = np.isin(given.hits.ids, rows)
    order = np.argsort(~keep, axis=1, kind="stable")
    ids, scores = np.where(keep, given.hits.ids, -1), np.where(keep, given.hits.scores, -np.inf)
    hits = Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1))
    others = tuple(Hits(hits.ids[:, :k], hits.scores[:, :k]) for k in (3,))
    out = trial.fitted(data).rank(replace(given, hits=hits, others=others, rows=rows)).hits.ids
    strange = np.setdiff1d(out[out >= 0], rows)
    assert not len(strange), f"row {strange[0]}, which is not allowed"


def the_rest_is_kept(trial: Trial) -> None:
    """What the search holds beside its hits is there for the next ranker: vectors, queries and items."""
    data = trial.data()
    given = _search(data)
    out = trial.fitted(data).rank(given)
    for name in ("X", "queries", "items", "X_parts"):
        assert getattr(out, name) is getattr(given, name), f"{name} is not what was given"
    assert out.Q is not None, "Q is gone"
    assert out.Q.shape == data["Q"].shape, f"Q has the shape {out.Q.shape}, not {data['Q'].shape}"


def what_is_missing_is_named(trial: Trial) -> None:
    """A search of hits alone is ranked, or refused with an error that says what the ranker looks at."""
    data = trial.data()
    method = trial.fitted(data)
    said = ""
    try:
        method.rank(Search(Hits(data["ids"], data["scores"])))
    except InlayError as error:
        said = str(error)
    members = ("Q", "X", "queries", "items", "parts", "others")
    assert not said or any(name in said for name in members), f"the error names none of {members}: {said}"


def nothing_gives_nothing(trial: Trial) -> None:
    """No queries give no hits."""
    data = trial.data()
    hits = trial.fitted(data).rank(_search(take(data, np.arange(0)))).hits
    assert len(hits) == 0, f"{len(hits)} rows for no queries"


CHECKS = (
    hits_are_well_formed,
    only_allowed_rows_are_found,
    the_rest_is_kept,
    what_is_missing_is_named,
    nothing_gives_nothing,
)
