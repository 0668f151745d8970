"""Small suites that rank models as the large ones do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata, spearmanr

from inlay.core.errors import DataError, ParameterError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks of a suite are kept, and what that does to the ranking of the models.

    Parameters
    ----------
    kept : names, in the order they had.
    dropped : names in the order they went, each with the Spearman correlation at which the others predict it.
    spearman : correlation of the mean over the kept tasks with the mean over all, model by model.
    """

    kept: tuple[str, ...]
    dropped: tuple[tuple[str, float], ...]
    spearman: float


def downsample(
    scores: Mapping[str, ArrayLike],
    *,
    correlation: float = 0.8,
    n_tasks: int = 1,
    always: Collection[str] = (),
) -> Selection:
    """Drop, one by one, the task whose scores the others predict best, while they predict it well.

    Each task is predicted from all others by linear regression, the score of each model from those of the rest of the
    models; how well is Spearman's correlation of predicted and true scores, with Pearson's where that is equal. Where
    there are more tasks than models, which the regression does not settle, its smallest solution is taken, as
    scikit-learn's ``LinearRegression`` does.

    What is left is diverse and need not rank as the whole did: read `spearman` of the result. Tasks that are the only
    ones of a kind or a language go into `always`.

    Parameters
    ----------
    scores : for each task the scores of the models, (n models,), the same models in the same order; at least 4.
    correlation : a task goes where it is predicted at least so well, from -1 to 1.
    n_tasks : at least so many are kept, at least 1.
    always : names that are kept.

    References
    ----------
    Enevoldsen, Chung, Kerboua, Kardos et al. (2025). MMTEB: Massive Multilingual Text Embedding Benchmark. ICLR.
    arXiv:2502.13595

    Examples
    --------
    >>> a, b = [1, 2, 3, 4, 5, 6], [2, 9, 4, 1, 7, 3]
    >>> both = [3, 11, 7, 5, 12, 9]  # the sum of a and b
    >>> downsample({"a": a, "both": both, "b": b}, always={"a", "b"}).dropped
    (('both', 1.0),)
    """
    names = list(scores)
    table = _table(scores)
    if not -1 <= correlation <= 1:
        raise ParameterError(f"correlation must lie between -1 and 1, such as 0.8, got {correlation}.")
    if n_tasks < 1:
        raise ParameterError(f"n_tasks must be at least 1, got {n_tasks}.")
    if unknown := sorted(set(always) - set(names)):
        raise ParameterError(f"always names {unknown[0]!r}, which is not among the tasks {', '.join(names)}.")
    kept, dropped = list(range(len(names))), []
    while len(kept) > max(n_tasks, 1):
        ranks, values = _predictability(table[:, kept])
        free = [i for i, task in enumerate(kept) if names[task] not in always]
        best = max(free, key=lambda i: (ranks[i], values[i]), default=None)
        if best is None or not ranks[best] >= correlation:
            break
        dropped.append((names[kept.pop(best)], float(ranks[best])))
    agreement = spearmanr(table[:, kept].mean(1), table.mean(1)).statistic
    return Selection(tuple(names[task] for task in kept), tuple(dropped), float(agreement))


def _table(scores: Mapping[str, ArrayLike]) -> Array:
    """Return (n models, n tasks)."""
    columns = {name: np.asarray(column, np.float64) for name, column in scores.items()}
    shapes = {column.shape for column in columns.values()}
    if len(shapes) != 1 or len(shape := next(iter(shapes))) != 1 or shape[0] < 4:
        raise DataError(
            f"downsample needs the scores of the same models, at least 4, on every task; got {shapes or 'no tasks'}."
        )
    for name, column in columns.items():
        if not np.isfinite(column).all():
            raise DataError(f"downsample needs a score of each model; {name} has {column}.")
    return np.column_stack(list(columns.values()))


def _predictability(table: Array) -> tuple[Array, Array]:
    """Return Spearman's and Pearson's correlation of each task with what the others predict, (n tasks,)."""
    predicted = _predictions(table)
    found = []
    for a, b in ((rankdata(predicted, axis=0), rankdata(table, axis=0)), (predicted, table)):
        a, b = a - a.mean(0), b - b.mean(0)
        length = np.sqrt((a * a).sum(0) * (b * b).sum(0))
        found.append(np.divide((a * b).sum(0), length, out=np.full(len(length), -1.0), where=length > 0))
    return found[0], found[1]


def _predictions(table: Array) -> Array:
    """Predict each score from the other tasks by what holds for the other models, (n models, n tasks).

    The smallest least-squares solution from products of models: there are few of them.
    """
    n = len(table)
    out = np.empty_like(table)
    for model in range(n):
        rest = np.delete(table, model, axis=0)
        middle = rest.mean(0)
        known, asked = rest - middle, table[model] - middle
        # products over all tasks, less those of the task that is predicted: (tasks, models, models)
        own = known.T[:, :, None] * known.T[:, None, :]
        inner = np.linalg.pinv(known @ known.T - own, rcond=1e-12, hermitian=True)
        products = known @ asked - known.T * asked[:, None]
        out[model] = middle + np.einsum("ti,tij,tj->t", products, inner, known.T)
    return out
