"""Texts with their classes, checked and numbered, and the rows that each experiment learns from and is scored on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import KFold

from inlay.core.errors import DataError, ParameterError
from inlay.core.values import IdArray
from inlay.data.datasets import load
from inlay.tasks._inputs import check_seed, columns, numbered


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and the numbers of their classes; those to learn from stand first.

    Parameters
    ----------
    texts : the texts to learn from, then those to be scored on; one part only where the data set has one.
    y : (n,) the class of each, its place in `classes`.
    classes : the labels, in their order.
    n_train : how many texts are there to learn from; 0 where the data set has one part.
    """

    texts: list[Any]
    y: IdArray
    classes: list[Any]
    n_train: int


def labelled(data: Any, *, task: str) -> Labelled:
    """Load texts and labels, with a part to learn from where there is one."""
    found = load(data)
    has_train = "train_text" in found or "train_label" in found
    texts, labels, n_train = [], [], 0
    if has_train:
        found = columns(found, "train_text", "train_label", task=task)
        texts, labels = list(found["train_text"]), list(found["train_label"])
        n_train = len(texts)
    found = columns(found, "text", "label", task=task)
    y, classes = numbered([*labels, *found["label"]], task=task)
    unknown = np.setdiff1d(y[n_train:], y[:n_train])
    if has_train and len(unknown):
        raise DataError(
            f"{task} can not learn the label {classes[unknown[0]]!r}, which occurs in label, but not in train_label."
        )
    return Labelled([*texts, *found["text"]], y, classes, n_train)


def experiments(known: Labelled, n_experiments: int, random_state: int) -> Iterator[tuple[IdArray, IdArray]]:
    """Yield, for each experiment, the rows to learn from, shuffled, and the rows to be scored on.

    The shuffles are those of MTEB: each starts from the order of the one before. A data set of one part is cut into
    as many folds as there are experiments.
    """
    n = len(known.y)
    check_seed(random_state)
    if n_experiments < 1:
        raise ParameterError(f"n_experiments must be at least 1, got {n_experiments}.")
    if known.n_train:
        tests = [np.arange(known.n_train, n)] * n_experiments
    elif 2 <= n_experiments <= n:
        folds = KFold(n_experiments, shuffle=True, random_state=random_state)
        tests = [test for _, test in folds.split(np.zeros(n))]
    else:
        raise ParameterError(
            f"n_experiments is the number of folds where there is no train_text, 2 to {n} here; got {n_experiments}."
        )
    order = np.arange(known.n_train or n)
    for test in tests:
        np.random.RandomState(random_state).shuffle(order)
        yield order[~np.isin(order, test)], test


def first_of_each(rows: IdArray, y: IdArray, k: int) -> IdArray:
    """Keep the first `k` rows of each class, in their order.

    Examples
    --------
    >>> first_of_each(np.array([3, 0, 2, 1]), np.array([0, 0, 1, 0]), 1)
    array([3, 2])
    """
    if k < 1:
        raise ParameterError(f"The rows for each label must be at least 1, got {k}.")
    by_class = np.argsort(y[rows], kind="stable")
    ordered = y[rows][by_class]
    rank = np.empty(len(rows), np.int64)
    rank[by_class] = np.arange(len(rows)) - np.searchsorted(ordered, ordered)
    return rows[rank < k]
