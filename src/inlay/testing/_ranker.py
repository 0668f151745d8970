"""The checks of rankers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import Hits, Search

from ._data import TEXTS, vectors
from ._trial import Data, Outputs, Trial

_QUERIED = ("ids", "scores", "other ids", "other scores", "Q", "queries")


def data(method: Any, items: Sequence[Any] | None) -> Data:
    """Return two lists of hits for six queries, and the vectors and texts that they are about."""
    X, Q = vectors(len(TEXTS), 8, seed=5), vectors(6, 8, seed=6)
    out: Data = {"X": X, "Q": Q, "items": list(TEXTS), "queries": TEXTS[:6]}
    for name, scores in (("", Q @ X.T), ("other ", Q[:, ::-1] @ X.T)):
        ids = np.argsort(-scores, axis=1)[:, :7]
        out[f"{name}ids"], out[f"{name}scores"] = ids, np.take_along_axis(scores, ids, 1)
    out["ids"][2, 4:], out["scores"][2, 4:] = -1, -np.inf
    out["ids"][3], out["scores"][3] = -1, -np.inf
    return out


def fit(method: Any, data: Data) -> Any:
    """Fit on the search."""
    return method.fit(_search(data))


def use(method: Any, data: Data) -> Outputs:
    """Rank."""
    hits = method.rank(_search(data)).hits
    return {"ids": hits.ids, "scores": hits.scores}


def take(data: Data, rows: NDArray[Any]) -> Data:
    """Return some of the queries."""
    some = {name: data[name][rows] for name in _QUERIED if name != "queries"}
    return {**data, **some, "queries": [data["queries"][i] for i in rows]}


def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
    """Rankers are given a Search, which refuses what is wrong by itself."""
    return {}


def _search(data: Data) -> Search:
    others = (Hits(data["other ids"], data["other scores"]),)
    Q, X = np.asarray(data["Q"], np.float32), np.asarray(data["X"], np.float32)
    return Search(Hits(data["ids"], data["scores"]), others, Q, X, data["queries"], data["items"])


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


def nothing_gives_nothing(trial: Trial) -> None:
    """No queries give no hits."""
    data = trial.data()
    hits = trial.fitted(data).rank(_search(take(data, np.arange(0)))).hits
    assert len(hits) == 0, f"{len(hits)} rows for no queries"


CHECKS = (hits_are_well_formed, nothing_gives_nothing)
