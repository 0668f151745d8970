"""What a space is measured on: its vectors, and queries of the user's or held back from it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inlay.core.errors import DataError, ParameterError
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import product_top_k
from inlay.data.datasets import load
from inlay.space import Space

from .measured import FEWEST_JUDGED, Trial, depth_of

HELD = 500  # vectors that are held back as queries where there are no others
FEWEST = 100  # vectors of which anything can be said
N_LEARNED = 10_000  # vectors that stand for a query of their own, beside the pairs that are learned from


def trial(
    space: Space,
    queries: Sequence[str] | None,
    judgments: Any,
    k: int,
    max_rows: int,
    random_state: int,
    *,
    learn: bool = False,
) -> tuple[Trial, str]:
    """Return what to measure on, and where its queries are from, in words.

    With `learn`, half of the queries with judgments are kept back to be learned from, where there are enough of them.

    Raises
    ------
    DataError
        If the space has too few vectors, or the judgments name none of its documents.
    ParameterError
        If both queries and judgments are given, or there are fewer than two queries.
    """
    if queries is not None and judgments is not None:
        raise ParameterError("Give queries or judgments, not both; judgments bring their own queries.")
    if len(space) < FEWEST:
        raise DataError(f"{space.path} has {len(space)} vectors; fewer than {FEWEST} tell nothing.")
    rng = np.random.default_rng(random_state)
    n, ids, names = len(space), np.array(space.ids()), np.array(space.documents())
    grades: list[dict[int, int]] | None = None
    if judgments is not None:
        asked, relevant = judged(judgments, ids, names)
        rows = _drawn(rng, n, max_rows, np.flatnonzero(np.isin(names, list(set().union(*relevant)))))
        Q, _ = space._keeper.encode(asked)
        told = f"{len(asked):,} queries with judgments"
    elif queries is not None:
        if isinstance(queries, str) or len(queries) < 2:
            raise ParameterError(f"queries must be a list of at least two texts, got {queries!r}.")
        Q, _ = space._keeper.encode(list(queries))
        rows, told = _drawn(rng, n, max_rows, np.empty(0, np.int64)), f"{len(Q):,} queries"
    else:
        held = np.sort(rng.choice(n, min(HELD, n // 10), replace=False))
        rest = np.setdiff1d(np.arange(n), held)
        Q, rows = space._keeper.vectors(held), rest[_drawn(rng, len(rest), max_rows, np.empty(0, np.int64))]
        told = f"{len(Q):,} vectors of the space itself, held back"
    _, documents = np.unique(names[rows], return_inverse=True)
    if judgments is not None:
        number = dict(zip(names[rows].tolist(), documents.tolist(), strict=True))
        grades = [{number[name]: grade for name, grade in of.items()} for of in relevant]
    X, documents, pairs = space._keeper.vectors(rows), documents.astype(np.int64), None
    if learn and grades is not None and len(Q) >= FEWEST_JUDGED:
        order = rng.permutation(len(Q))
        asked_now, learned = np.sort(order[::2]), np.sort(order[1::2])
        pairs = _pairs(X, documents, Q[learned], [grades[i] for i in learned], rng)
        Q, grades = Q[asked_now], [grades[i] for i in asked_now]
        told += f", {len(learned):,} of which some ways learned from, and which nothing is measured on"
    depth = depth_of(k, grades, documents)
    return Trial(X, Q, k, product_top_k(Q, X, depth), grades, documents, pairs), told


def _pairs(
    X: FloatArray, documents: IdArray, Q: FloatArray, grades: list[dict[int, int]], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return stored vectors and the queries that they answer; most are vectors that stand for a query of their own.

    The few queries that there are would teach codes nothing about the other vectors. So that they are heard, each is
    repeated until they are a fifth of all.
    """
    rows, asked = [], []
    for i, of in enumerate(grades):
        for document in (name for name, grade in of.items() if grade > 0):
            passages = np.flatnonzero(documents == document)
            rows.append(passages[(X[passages] @ Q[i]).argmax()])
            asked.append(i)
    some = np.sort(rng.choice(len(X), min(N_LEARNED, len(X)), replace=False))
    times = max(1, len(some) // (4 * len(rows)))
    return np.concatenate([X[some], *[X[rows]] * times]), np.concatenate([X[some], *[Q[asked]] * times])


def judged(judgments: Any, ids: Any, names: Any) -> tuple[list[str], list[dict[str, int]]]:
    """Return the queries that have a good document here, and the grades of documents by name."""
    columns = load(judgments)
    missing = [name for name in ("queries", "relevant") if not isinstance(columns.get(name), Mapping)]
    if missing:
        raise DataError(f"judgments need queries and relevant, which map ids; {', '.join(missing)} is not there.")
    # A passage may be named by its own id or by that of its document.
    home = dict(zip(ids.tolist(), names.tolist(), strict=True)) | {name: name for name in names.tolist()}
    asked, relevant = [], []
    for query, grades in columns["relevant"].items():
        here = {home[str(name)]: int(grade) for name, grade in grades.items() if str(name) in home}
        if query in columns["queries"] and any(grade > 0 for grade in here.values()):
            asked.append(columns["queries"][query])
            relevant.append(here)
    if not asked:
        some = ", ".join(map(repr, ids[:3].tolist()))
        raise DataError(f"The judgments name no document of the space, whose ids are such as {some}.")
    return asked, relevant


def _drawn(rng: np.random.Generator, n: int, most: int, needed: IdArray) -> IdArray:
    """Return up to `most` row numbers in order, with all that are `needed` among them."""
    if n <= most:
        return np.arange(n)
    others = np.setdiff1d(np.arange(n), needed)
    return np.sort(np.concatenate([needed, rng.choice(others, max(0, most - len(needed)), replace=False)]))
