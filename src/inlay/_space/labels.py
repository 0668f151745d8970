"""Labels: what the rows that were found say of the class of a query."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import clone

from inlay.core.errors import ParameterError
from inlay.core.values import Hits, Search
from inlay.rankers.label import LabelVote

from .table import Table
from .view import Result


@dataclass(frozen=True, slots=True)
class Vote:
    """What the passages that were found for a query say of its class.

    Parameters
    ----------
    label : the class with the largest share; None where no passage votes.
    shares : of the votes that each class gets, the largest first; together 1.
    evidence : the passages that voted, those for `label` first. Their label is among their `fields`, and their score is
        the similarity to the query.
    """

    label: Any
    shares: dict[Any, float]
    evidence: list[Result]


def labelled(table: Table, field: str) -> str:
    """Return the SQL condition that a row has a label.

    Raises
    ------
    ParameterError
        If there is no such field.
    """
    if field not in table.fields:
        raise ParameterError(f"There is no field {field!r}; the fields of the space are {sorted(table.fields)}.")
    number = pa.types.is_floating(table.fields[field])
    return f"`{field}` IS NOT NULL" + (f" AND NOT isnan(`{field}`)" if number else "")


def voter(ranker: LabelVote | None) -> LabelVote:
    """Return one that has no labels yet.

    Raises
    ------
    ParameterError
        If it is no `LabelVote`.
    """
    if ranker is not None and not isinstance(ranker, LabelVote):
        raise ParameterError(f"ranker must be a LabelVote, got {type(ranker).__name__}.")
    return LabelVote() if ranker is None else clone(ranker)


def votes(search: Search, results: list[list[Result]], field: str, ranker: LabelVote) -> list[Vote]:
    """Let the hits of each query vote; `results` are their rows, each with its label."""
    ids = search.hits.ids
    found, small = np.unique(ids[ids >= 0], return_inverse=True)
    if not len(found):
        return [Vote(None, {}, []) for _ in results]
    numbers = np.full(ids.shape, -1)
    numbers[ids >= 0] = small
    labels: list[Any] = [None] * len(found)
    for row, some in zip(numbers, results, strict=True):
        for number, result in zip(row, some, strict=False):
            labels[number] = result.fields[field]
    codes = {label: code for code, label in enumerate(dict.fromkeys(labels))}
    voting = Search(Hits(numbers, search.hits.scores))
    ranked = ranker.fit(voting, [codes[label] for label in labels]).rank(voting).hits
    out = []
    for row, some, order, shares in zip(numbers, results, ranked.ids, ranked.scores, strict=True):
        by_number = dict(zip(row.tolist(), some, strict=False))
        evidence = [by_number[number] for number in order.tolist() if number >= 0]
        given = {result.fields[field]: float(share) for result, share in zip(evidence, shares, strict=False)}
        out.append(Vote(next(iter(given), None), given, evidence))
    return out
