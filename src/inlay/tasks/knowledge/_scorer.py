"""Scores of triples: what a model of facts answers, and what stands in for it where there are only vectors."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes
from inlay.core.errors import DataError
from inlay.core.values import FloatArray
from inlay.tasks._distances import squared_distances
from inlay.tasks._inputs import vectors


@runtime_checkable
class ScoresTriples(Protocol):
    """How plausible each entity is as the missing end of a triple; larger is more plausible."""

    def score_tails(self, heads: Sequence[Any], relations: Sequence[Any], entities: Sequence[Any]) -> NDArray[Any]:
        """Return (n, entities) scores of the triples (head, relation, each entity)."""

    def score_heads(self, relations: Sequence[Any], tails: Sequence[Any], entities: Sequence[Any]) -> NDArray[Any]:
        """Return (n, entities) scores of the triples (each entity, relation, tail)."""


class Translation:
    """The score of TransE on the vectors of an encoder: minus the square of ||h + r - t||, in the order of the norm."""

    def __init__(self, encoder: Encodes, entities: Sequence[Any], relations: Sequence[Any]) -> None:
        self._row = {name: i for i, name in enumerate(entities)}
        self._X = vectors(encoder, entities).astype(np.float64)
        R = vectors(encoder, relations, role="query").astype(np.float64)
        if R.shape[1] != self._X.shape[1]:
            raise DataError(f"Entities have vectors of {self._X.shape[1]} numbers, relations of {R.shape[1]}.")
        self._R = dict(zip(relations, R, strict=True))

    def score_tails(self, heads: Sequence[Any], relations: Sequence[Any], entities: Sequence[Any]) -> FloatArray:
        """Score by how near each entity is to h + r."""
        return self._near(self._vectors(heads) + [self._R[name] for name in relations], entities)

    def score_heads(self, relations: Sequence[Any], tails: Sequence[Any], entities: Sequence[Any]) -> FloatArray:
        """Score by how near each entity is to t - r."""
        return self._near(self._vectors(tails) - [self._R[name] for name in relations], entities)

    def _vectors(self, names: Sequence[Any]) -> NDArray[np.float64]:
        return np.asarray(self._X[[self._row[name] for name in names]])

    def _near(self, Q: NDArray[np.float64], entities: Sequence[Any]) -> FloatArray:
        return -squared_distances(Q, self._vectors(entities)).astype(np.float32)
