"""A small sound method for each of the nine contracts: what the checks have to accept."""

from collections.abc import Iterator

import numpy as np
import torch

from inlay.core.contracts import Encoder, Index, Measure, Multivector, Ranker, Sampler, Task, Transform
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.validation import validated
from inlay.core.values import Encoded, Hits, Ragged, Reading
from inlay.core.vectors import as_vectors, product_top_k

DOC = """{first}

Parameters
----------
scale : a number; it multiplies.

References
----------
Somebody (2001).

Examples
--------
>>> 1 + 1
2
"""


class Toy:
    paper = "somebody2001toy"

    @classmethod
    def examples(cls):
        yield cls()
        yield cls(scale=3.0)


class ToyEncoder(Toy, Encoder):
    __doc__ = DOC.format(first="Count letters, of which the first 40 are seen.")

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    max_tokens = 40

    def encode(self, items, *, role="document"):
        if isinstance(items, str) or not all(isinstance(item, str) for item in items):
            raise ParameterError("encode needs a list of texts.")
        if role not in ("document", "query"):
            raise ParameterError(f"role must be document or query, got {role}.")
        out = np.zeros((len(items), 64), np.float32)
        for row, item in zip(out, items, strict=True):
            np.add.at(row, [ord(letter) % 64 for letter in item[:40]], self.scale)
        return out

    def count_tokens(self, items):
        return np.array([len(item) for item in items], np.int64)

    def encode_counted(self, items, *, role="document", progress=None):
        vectors, tokens = self.encode(items, role=role), self.count_tokens(items)
        if progress is not None:
            progress(len(items))
        return Encoded(vectors, tokens, np.maximum(tokens - 40, 0))


class ToyTransform(Toy, Transform):
    __doc__ = DOC.format(first="Centre and rescale.")

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def fit(self, X, y=None):
        self.mean_ = validated(self, X, fit=True).mean(axis=0)
        return self

    def transform(self, X):
        self._check_fitted()
        return (validated(self, X, fit=False) - self.mean_) * np.float32(self.scale)

    def inverse_transform(self, X):
        return X / np.float32(self.scale) + self.mean_


class ToyMultivector(Toy, Multivector):
    __doc__ = DOC.format(first="Keep every other vector, times `scale`.")

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def fit(self, items, y=None):
        if not isinstance(items, Ragged) or not len(items):
            raise ParameterError("fit needs a Ragged of at least one item.")
        as_vectors(items.values, "items")
        self.dim_ = items.values.shape[1]
        return self

    def transform(self, items):
        self._check_fitted()
        if not isinstance(items, Ragged):
            raise ParameterError(f"transform needs a Ragged, got a {type(items).__name__}.")
        as_vectors(items.values, "items", dim=self.dim_)
        place = np.arange(len(items.values)) - np.repeat(items.offsets[:-1], items.lengths)
        kept = items.values[place % 2 == 0] * np.float32(self.scale)
        return Ragged(kept, np.append(0, np.cumsum((items.lengths + 1) // 2)))


class ToyIndex(Toy, Index):
    __doc__ = DOC.format(first="Compare with everything.")

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def fit(self, X):
        self.X_ = as_vectors(X).copy()
        self.live_ = np.ones(len(self.X_), bool)
        return self

    def search(self, Q, k, *, where=None):
        self._check_fitted()
        if type(k) is not int or k < 1:
            raise ParameterError(f"k must be a whole number of at least 1, got {k}.")
        allowed = self.live_.copy()
        if where is not None:
            where = np.asarray(where)
            where = where.astype(int) if not where.size else where
            if where.dtype == bool and len(where) == len(self.X_):
                allowed &= where
            elif where.dtype.kind == "i" and (not where.size or 0 <= where.min() <= where.max() < len(self.X_)):
                allowed &= np.isin(np.arange(len(self.X_)), where)
            else:
                raise ParameterError("where must be a mask of all rows, or row numbers.")
        Q = as_vectors(Q, "Q", dim=self.X_.shape[1])
        hits = product_top_k(Q, self.X_, k, rows=np.flatnonzero(allowed))
        return Hits(hits.ids, hits.scores * np.float32(self.scale))

    def add(self, X):
        self.X_ = np.concatenate([self.X_, as_vectors(X)])
        self.live_ = np.append(self.live_, np.ones(len(X), bool))
        return self

    def remove(self, rows):
        self.live_[rows] = False
        return self


class ToyRanker(Toy, Ranker):
    __doc__ = DOC.format(first="Rescale the scores.")

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def rank(self, search):
        hits = Hits(search.hits.ids, search.hits.scores * np.float32(self.scale))
        return search.found(hits)


class ToyLoss(Toy, torch.nn.Module):
    __doc__ = DOC.format(first="Square the distance.")

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, a, b, target=None):
        if a.ndim != 2 or a.shape != b.shape:
            raise ShapeError(f"a and b must be of one shape (n, d), got {tuple(a.shape)} and {tuple(b.shape)}.")
        return self.scale * ((a - b) ** 2).sum(dim=1).mean()


class ToySampler(Toy, Sampler):
    __doc__ = DOC.format(first="Shuffle, in batches of ten times `scale`.")

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def batches(self, n, rng, scores=None) -> Iterator[np.ndarray]:
        if n < 0 or (scores is not None and len(scores) != n):
            raise ParameterError(f"batches needs n of at least 0 and as many scores, got n={n}.")
        order, size = rng.permutation(n), int(10 * self.scale)
        yield from (order[i : i + size] for i in range(0, n, size))


class ToyMeasure(Toy, Measure):
    __doc__ = DOC.format(first="Measure the mean length and the spread of labels.")

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def measure(self, X, Y=None, *, labels=None):
        X = as_vectors(X)
        if not len(X) or labels is None:
            raise ParameterError("measure needs at least one vector, and labels.")
        length = float(np.linalg.norm(X, axis=1).mean()) * self.scale
        return [Reading("length", length, n=len(X), interval=(length - 1, length + 1))]


class ToyTask(Toy, Task):
    __doc__ = DOC.format(first="Ask whether equal texts have equal vectors.")

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def run(self, encoder):
        if not isinstance(encoder, Encoder):
            raise ParameterError(f"run needs an encoder, got a {type(encoder).__name__}.")
        a, b = encoder.encode(["same words", "same words"])
        return [Reading("sameness", self.scale * float(a @ b), n=1)]


TOYS = (ToyEncoder, ToyTransform, ToyMultivector, ToyIndex, ToyRanker, ToyLoss, ToySampler, ToyMeasure, ToyTask)
