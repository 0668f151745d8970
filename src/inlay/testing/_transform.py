"""The checks of transforms."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import SkipTestWarning
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from ._data import vectors
from ._trial import Data, Outputs, Trial


def data(method: Any, items: Sequence[Any] | None) -> Data:
    """Return one space, with classes for what learns from them, and another space of the same things for aligners."""
    X = vectors(60, 8, seed=0)
    Y = X @ vectors(8, 8, seed=1)
    return {"X": X, "Y": Y.argmax(axis=1) % 3 if _takes_classes(method) else Y}


def fit(method: Any, data: Data) -> Any:
    """Fit on the space, or on it and what belongs to it."""
    return method.fit(data["X"], data["Y"]) if _takes_y(method) else method.fit(data["X"])


def use(method: Any, data: Data) -> Outputs:
    """Transform, and back where there is a way back."""
    out = {"transform": _dense(method.transform(data["X"]))}
    if hasattr(method, "inverse_transform"):
        out["inverse_transform"] = method.inverse_transform(out["transform"])
    return out


def take(data: Data, rows: NDArray[Any]) -> Data:
    """Return some of the rows."""
    return {name: value[rows] for name, value in data.items()}


def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
    """Return calls that have to be refused."""
    X = data["X"]
    broken = X.copy()
    broken[3, 2] = np.nan
    return {
        "one vector instead of a matrix": lambda: method.transform(X[0]),
        "a column too few": lambda: method.transform(X[:, 1:]),
        "NaN": lambda: method.transform(broken),
        "NaN to fit on": lambda: fit(method, {**data, "X": broken}),
        "nothing to fit on": lambda: fit(method, {name: value[:0] for name, value in data.items()}),
        "text": lambda: method.transform([["a", "b"]]),
    }


def it_is_an_estimator(trial: Trial) -> None:
    """It passes scikit-learn's check_estimator, so that it works in Pipeline and GridSearchCV."""
    if _takes_y(trial.method) and not _takes_classes(trial.method):
        return  # scikit-learn knows no estimator whose y is a second space
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        check_estimator(trial.fresh())


def output_is_well_formed(trial: Trial) -> None:
    """Transform gives one row for each row, of numbers without NaN, and fit_transform gives the same.

    It is an array, or a CSR matrix where most of it is zero.
    """
    data = trial.data()
    method = trial.fitted(data)
    out = _dense(method.transform(data["X"]))
    assert isinstance(out, np.ndarray), f"a {type(out).__name__}"
    assert out.ndim == 2, f"shape {out.shape}"
    assert len(out) == len(data["X"]), f"{len(out)} rows for {len(data['X'])}"
    assert out.dtype.kind in "biu" or out.dtype == np.float32, f"{out.dtype}; allowed are float32 and integer codes"
    assert np.isfinite(out).all(), "NaN or infinity"
    y = (data["Y"],) if _takes_y(method) else ()
    trial.same({"it": _dense(trial.fresh().fit_transform(data["X"], *y))}, {"it": out}, "from fit_transform")


def the_way_back_is_near(trial: Trial) -> None:
    """inverse_transform, where there is one, comes nearer to the vectors than their mean does."""
    if not hasattr(trial.method, "inverse_transform"):
        return
    data = trial.data()
    X = data["X"]
    back = trial.run(data)["inverse_transform"]
    assert back.shape == X.shape, f"shape {back.shape} for {X.shape}"
    far, mean = np.linalg.norm(back - X), np.linalg.norm(X - X.mean(axis=0))
    assert far < mean, f"distance {far:.3g}, that of the mean is {mean:.3g}"


def _takes_y(method: Any) -> bool:
    return bool(get_tags(method).target_tags.required)


def _takes_classes(method: Any) -> bool:
    return bool(get_tags(method).target_tags.one_d_labels)


def _dense(out: Any) -> Any:
    return out.toarray() if isinstance(out, sparse.csr_array | sparse.csr_matrix) else out


CHECKS = (it_is_an_estimator, output_is_well_formed, the_way_back_is_near)
