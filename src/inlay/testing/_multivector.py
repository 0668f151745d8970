"""The checks of what turns items of several vectors into fewer or smaller ones."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import Ragged

from ._data import vectors
from ._trial import Data, Outputs, Trial

MOST = 64  # vectors of an item that comes out; more are no less than went in
_LENGTHS = np.array([5, 1, 9, 0, 12, 2, 7, 3, 16, 4, 8, 6], np.int64)


def data(method: Any, items: Sequence[Any] | None) -> Data:
    """Return items of 0 to 16 vectors, and to each a second item that has something of it."""
    values = vectors(int(_LENGTHS.sum()), 8, seed=0)
    paired = np.minimum(_LENGTHS, 3)
    starts = np.append(0, np.cumsum(_LENGTHS))[:-1]
    first = np.concatenate([values[start : start + n] for start, n in zip(starts, paired, strict=True)])
    noise = 0.3 * vectors(len(first), 8, seed=1)
    return {"values": values, "lengths": _LENGTHS.copy(), "paired values": first + noise, "paired lengths": paired}


def fit(method: Any, data: Data) -> Any:
    """Fit on the items and on those that belong to them."""
    return method.fit(_items(data), _items(data, "paired "))


def use(method: Any, data: Data) -> Outputs:
    """Transform; every item is padded to one number of vectors."""
    out = method.transform(_items(data))
    assert isinstance(out, Ragged), f"a {type(out).__name__}, not a Ragged"
    lengths = out.lengths
    assert lengths.max(initial=0) <= MOST, f"an item of {lengths.max()} vectors, of at most {_LENGTHS.max()}"
    padded = np.zeros((len(out), MOST, out.values.shape[1]), np.float32)
    padded[np.arange(MOST) < lengths[:, None]] = out.values
    return {"transform": padded, "lengths": lengths}


def take(data: Data, rows: NDArray[Any]) -> Data:
    """Return some of the items."""
    out: Data = {}
    for name in ("", "paired "):
        whole = _items(data, name)
        parts = [np.zeros((0, whole.values.shape[1]), np.float32), *(whole[int(row)] for row in rows)]
        out |= {f"{name}values": np.concatenate(parts), f"{name}lengths": whole.lengths[rows]}
    return out


def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
    """Return calls that have to be refused."""
    items = _items(data)
    broken = items.values.copy()
    broken[3, 2] = np.nan
    calls: dict[str, Callable[[], object]] = {
        "a matrix instead of items": lambda: method.transform(items.values),
        "a list of matrices": lambda: method.transform(list(items)),
        "NaN": lambda: method.transform(Ragged(broken, items.offsets)),
    }
    if hasattr(method, "fit"):
        calls |= {
            "a column too few": lambda: method.transform(Ragged(items.values[:, 1:], items.offsets)),
            "NaN to fit on": lambda: fit(method, {**data, "values": broken}),
            "nothing to fit on": lambda: fit(method, take(data, np.arange(0))),
        }
    return calls


def items_are_well_formed(trial: Trial) -> None:
    """Transform gives a Ragged with an item for each item, finite, and empty only where the item was empty before."""
    data = trial.data()
    out = trial.fitted(data).transform(_items(data))
    assert isinstance(out, Ragged), f"a {type(out).__name__}"
    assert len(out) == len(data["lengths"]), f"{len(out)} items for {len(data['lengths'])}"
    assert np.isfinite(out.values).all(), "NaN or infinity"
    empty, before = out.lengths == 0, data["lengths"] == 0
    assert np.array_equal(empty, before), f"items {np.flatnonzero(empty != before).tolist()} became empty, or were so"


def it_saves_room(trial: Trial) -> None:
    """The longest item comes out with no more numbers than it had."""
    data = trial.data()
    out = trial.fitted(data).transform(_items(data))
    longest = int(data["lengths"].argmax())
    assert out[longest].size <= _items(data)[longest].size, f"{_items(data)[longest].shape} became {out[longest].shape}"


def nothing_gives_nothing(trial: Trial) -> None:
    """No items give no items, of the same dimension."""
    data = trial.data()
    method = trial.fitted(data)
    out, dim = method.transform(_items(take(data, np.arange(0)))), method.transform(_items(data)).values.shape[1]
    assert len(out) == 0, f"{len(out)} items of none"
    assert out.values.shape == (0, dim), f"shape {out.values.shape}, where d is {dim}"


def _items(data: Data, name: str = "") -> Ragged:
    offsets = np.append(0, np.cumsum(data[f"{name}lengths"]))
    return Ragged(np.asarray(data[f"{name}values"], np.float32), offsets)


CHECKS = (items_are_well_formed, it_saves_room, nothing_gives_nothing)
