"""The checks of encoders."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._data import TEXTS
from ._trial import Data, Outputs, Trial, relative_distance


def data(method: Any, items: Sequence[Any] | None) -> Data:
    """Return items to encode; sample texts where there are none."""
    return {"items": list(TEXTS if items is None else items)}


def fit(method: Any, data: Data) -> Any:
    """Fit on the items."""
    return method.fit(data["items"])


def use(method: Any, data: Data) -> Outputs:
    """Encode in both roles."""
    return {role: method.encode(data["items"], role=role) for role in ("document", "query")}


def take(data: Data, rows: NDArray[Any]) -> Data:
    """Return some of the items."""
    return {"items": [data["items"][i] for i in rows]}


def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
    """Return calls that have to be refused."""
    items = data["items"]
    calls: dict[str, Callable[[], object]] = {
        "the role 'nobody'": lambda: method.encode(items, role="nobody"),
        "an item that is None": lambda: method.encode([items[0], None]),
    }
    if isinstance(items[0], str):
        calls |= {
            "one text instead of a list": lambda: method.encode(items[0]),
            "an item of bytes": lambda: method.encode([items[0], b"bytes"]),
        }
    return calls


def vectors_are_well_formed(trial: Trial) -> None:
    """Vectors are (n, d) float32 arrays without NaN or infinity, of one d in both roles, and d is `dim` if given."""
    data = trial.data()
    out = trial.way.use(trial.fitted(data), data)
    for role, vectors in out.items():
        assert isinstance(vectors, np.ndarray), f"a {type(vectors).__name__} for {role}"
        assert vectors.dtype == np.float32, f"{vectors.dtype} for {role}"
        assert vectors.shape[:1] == (len(data["items"]),), f"shape {vectors.shape} for {len(data['items'])} items"
        assert vectors.ndim == 2, f"shape {vectors.shape} for {role}"
        assert np.isfinite(vectors).all(), f"NaN or infinity for {role}"
    dims = {vectors.shape[1] for vectors in out.values()}
    assert len(dims) == 1, f"dimensions {dims}"
    dim = trial.method.get_params().get("dim")
    assert dim is None or dims == {dim}, f"dim={dim}, but vectors have {dims} columns"


def different_items_differ(trial: Trial) -> None:
    """Equal items have equal vectors, and items that have nothing in common have different ones."""
    data = trial.data()
    vectors = trial.use(trial.fitted(data), data)["document"]
    first = {item: i for i, item in reversed(list(enumerate(data["items"])))}
    same = [first[item] for item in data["items"]]
    assert relative_distance(vectors, vectors[same]) <= trial.tolerance, "equal items have different vectors"
    distinct = len(np.unique(vectors.round(4), axis=0))
    assert distinct > len(first) / 2, f"{len(first)} different items have only {distinct} different vectors"


def nothing_gives_nothing(trial: Trial) -> None:
    """An empty list gives an empty (0, d) float32 array."""
    data = trial.data()
    method = trial.fitted(data)
    out, dim = method.encode([]), method.encode(data["items"]).shape[1]
    assert out.shape == (0, dim), f"shape {out.shape}, where d is {dim}"
    assert out.dtype == np.float32, f"{out.dtype}"


def counts_are_right(trial: Trial) -> None:
    """encode_counted, where there is one, gives the vectors of encode, and all that exceeds max_tokens as lost."""
    if not hasattr(trial.method, "encode_counted"):
        return
    data = trial.data()
    method, items = trial.fitted(data), data["items"]
    steps: list[int] = []
    got = method.encode_counted(items, progress=steps.append)
    trial.same({"vectors": got.vectors}, {"vectors": method.encode(items)}, "from encode_counted")
    tokens = np.asarray(method.count_tokens(items))
    for name, counts in (("count_tokens", tokens), ("tokens", got.tokens), ("lost", got.lost)):
        assert np.shape(counts) == (len(items),), f"{name} has the shape {np.shape(counts)}"
        assert np.asarray(counts).dtype == np.int64, f"{name} is {np.asarray(counts).dtype}"
    assert np.array_equal(got.tokens, tokens), "encode_counted and count_tokens count differently"
    cut = np.maximum(tokens - method.max_tokens, 0)
    assert np.array_equal(got.lost, cut), f"lost {got.lost.tolist()}, but beyond max_tokens are {cut.tolist()}"
    assert sum(steps) == len(items), f"progress told of {sum(steps)} items of {len(items)}"
    assert len(method.encode_counted([]).tokens) == 0, "counts for an empty list"


CHECKS = (vectors_are_well_formed, different_items_differ, nothing_gives_nothing, counts_are_right)
