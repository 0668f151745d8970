"""A classifier learns from the vectors of a few texts and is scored on those of many, in several experiments."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score
from threadpoolctl import threadpool_limits

from inlay.core.contracts import Encodes
from inlay.core.errors import DataError
from inlay.core.sample import Sample
from inlay.core.values import FloatArray, IdArray, Reading
from inlay.tasks._inputs import vectors

from ._labelled import Labelled

Draws = Sequence[tuple[IdArray, IdArray]]


def logistic(max_iter: int = 100) -> Any:
    """Return the classifier of MTEB."""
    return LogisticRegression(max_iter=max_iter)


def learned(classifier: Any, X: FloatArray, y: IdArray, Z: FloatArray) -> IdArray:
    """Return the classes of `Z` by a copy of the classifier that learned `X`, on one thread.

    With one thread, since sums are rounded otherwise with another number of them; and without a warning where the
    iterations did not suffice, since their number belongs to the protocol.
    """
    if len(np.unique(y)) < 2:
        raise DataError("All rows that were drawn to learn from have the same label; give more rows of the others.")
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(clone(classifier).fit(X, y).predict(Z), np.int64)


def needed(encoder: Encodes, known: Labelled, draws: Draws) -> FloatArray:
    """Encode the texts that occur in a draw, once; (n, d) with rows of zeros for the others."""
    rows = np.unique(np.concatenate([part for draw in draws for part in draw]))
    found = vectors(encoder, [known.texts[row] for row in rows])
    X = np.zeros((len(known.y), found.shape[1]), np.float32)
    X[rows] = found
    return X


def probed(encoder: Encodes, known: Labelled, draws: Draws, classifier: Any) -> list[Reading]:
    """Return accuracy, F1 and, for two classes, average precision, each the mean of all experiments.

    The items behind the accuracy are the texts, each with its share of right answers, where all experiments score the
    same ones; behind the others they are the experiments.
    """
    X = needed(encoder, known, draws)
    pairs = [(known.y[test], learned(classifier, X[rows], known.y[rows], X[test])) for rows, test in draws]
    right = [true == predicted for true, predicted in pairs]
    is_shared = all(np.array_equal(test, draws[0][1]) for _, test in draws)
    scores = {
        "accuracy": np.mean(right, axis=0) if is_shared else [one.mean() for one in right],
        "f1": [f1_score(true, predicted, average="macro") for true, predicted in pairs],
        "f1_weighted": [f1_score(true, predicted, average="weighted") for true, predicted in pairs],
    }
    if len(known.classes) == 2:  # of the classes predicted, as MTEB has it; a fold may lack one of the two
        scores["ap"] = [average_precision_score(true, found) for true, found in pairs if len(np.unique(true)) == 2]
    return [Reading.of(name, Sample("mean", (np.array(values),))) for name, values in scores.items() if len(values)]
