"""What a space is measured on: its vectors, and queries of the user's or held back from it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inlay.core.errors import DataError, ParameterError
from inlay.core.values import IdArray
from inlay.core.vectors import product_top_k
from inlay.data.datasets import load
from inlay.space import Space

from .measured import Trial

HELD = 500  # vectors that are held back as queries where there are no others
FEWEST = 100  # vectors of which anything can be said


def trial(
    space: Space, queries: Sequence[str] | None, judgments: Any, k: int, max_rows: int, random_state: int
) -> tuple[Trial, str]:
    """Return what to measure on, and where its queries are from, in words.

    Raises
    ------
    DataError
        If the space has too few vectors, or the judgments name none of its documents.
    ParameterError
        If both queries and judgments are given, or there are no queries.
    """
    if queries is not None and judgments is not None:
        raise ParameterError("Give queries or judgments, not both; judgments bring their own queries.")
    if len(space) < FEWEST:
        raise DataError(f"{space.path} has {len(space)} vectors; fewer than {FEWEST} tell nothing, and need no room.")
    rng = np.random.default_rng(random_state)
    X, ids, names = space.vectors(), np.array(space.ids()), np.array(space.documents())
    grades: list[dict[int, int]] | None = None
    if judgments is not None:
        asked, relevant = _judged(judgments, ids, names)
        rows = _drawn(rng, len(X), max_rows, np.flatnonzero(np.isin(names, list(set().union(*relevant)))))
        Q = space.pipeline.encode(asked, role="query")
        told = f"{len(asked):,} queries with judgments"
    elif queries is not None:
        if not len(queries):
            raise ParameterError("queries must hold at least one text, got none.")
        Q = space.pipeline.encode(list(queries), role="query")
        rows, told = _drawn(rng, len(X), max_rows, np.empty(0, np.int64)), f"{len(Q):,} queries"
    else:
        held = np.sort(rng.choice(len(X), min(HELD, len(X) // 10), replace=False))
        rest = np.setdiff1d(np.arange(len(X)), held)
        Q, rows = X[held], rest[_drawn(rng, len(rest), max_rows, np.empty(0, np.int64))]
        told = f"{len(Q):,} vectors of the space itself, held back"
    _, documents = np.unique(names[rows], return_inverse=True)
    if judgments is not None:
        number = dict(zip(names[rows].tolist(), documents.tolist(), strict=True))
        grades = [{number[name]: grade for name, grade in of.items()} for of in relevant]
    X = np.ascontiguousarray(X[rows])
    one = Trial(X, Q, k, product_top_k(Q, X, k), grades, documents.astype(np.int64))
    deep = one if one.depth == k else Trial(X, Q, k, product_top_k(Q, X, one.depth), grades, one.documents)
    return deep, told


def _judged(judgments: Any, ids: Any, names: Any) -> tuple[list[str], list[dict[str, int]]]:
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
