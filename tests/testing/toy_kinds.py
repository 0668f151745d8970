"""Sound methods of a second kind: indexes of what is not one vector a row, rankers that learn."""

import numpy as np
from scipy import sparse
from toys import ToyIndex, ToyRanker

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Ragged
from inlay.core.vectors import check_finite, top_k


class ToyKind(ToyIndex):
    """Compare with everything by `scores`; rows without a score are no hits."""

    def fit(self, X):
        self.X_ = self.kept(X)
        self.live_ = np.ones(len(self.X_), bool)
        return self

    def add(self, X):
        self.X_ = [*self.X_, *self.kept(X)]
        self.live_ = np.append(self.live_, np.ones(len(self.X_) - len(self.live_), bool))
        return self

    def search(self, Q, k, *, where=None):
        self._check_fitted()
        dummy = ToyIndex(self.scale).fit(np.zeros((len(self.X_), 1)))
        dummy.live_ = self.live_
        allowed = dummy.search(np.zeros((1, 1)), max(1, len(self.X_)), where=where).ids[0]
        asked = self.kept(Q)
        if type(k) is not int or k < 1:
            raise ParameterError(f"k must be a whole number of at least 1, got {k}.")
        if self.X_ and asked and np.shape(self.X_[0])[1:] != np.shape(asked[0])[1:]:
            raise ShapeError("queries must have as many columns as what is stored.")
        S = np.full((len(asked), max(k, len(self.X_))), -np.inf, np.float32)
        for row in allowed[allowed >= 0]:
            S[:, row] = [self.score(q, self.X_[row]) * self.scale for q in asked]
        ids, scores = top_k(S, k)
        return Hits(np.where(scores > -np.inf, ids, -1), scores)


class ToyItems(ToyKind):
    __doc__ = ToyIndex.__doc__
    stores = "multivectors"

    def kept(self, X):
        if not isinstance(X, Ragged):
            raise ShapeError("this takes Ragged items.")
        check_finite(X.values)
        return [np.array(item) for item in X]

    def score(self, q, x):
        return (q @ x.T).max(axis=1).sum()


class ToySparse(ToyKind):
    __doc__ = ToyIndex.__doc__
    stores = "sparse"

    def kept(self, X):
        if not sparse.issparse(X) or X.ndim != 2:
            raise ShapeError("this takes CSR matrices.")
        check_finite(X.toarray())
        return list(X.toarray()[:, None])

    def score(self, q, x):
        return (q @ x.T).item() or -np.inf


class ToyWords(ToyKind):
    __doc__ = ToyIndex.__doc__
    stores = "texts"

    def kept(self, X):
        if isinstance(X, str) or not all(isinstance(x, str) for x in X):
            raise ParameterError("this takes a list of texts.")
        return list(X)

    def score(self, q, x):
        a, b = q.split(), x.split()
        shared = sum(a.count(word) * b.count(word) for word in {*a} & {*b})
        return shared / np.sqrt(sum(b.count(word) ** 2 for word in {*b})) if shared else -np.inf


class ToyJudged(ToyRanker):
    __doc__ = ToyRanker.__doc__

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search, y=None):
        if y is None or len(y) != len(search.hits):
            raise ParameterError("y must hold grades for each query.")
        self.mean_ = float(np.mean([max(grades.values()) for grades in y]))
        return self

    def rank(self, search):
        self._check_fitted()
        return search.found(Hits(search.hits.ids, search.hits.scores + np.float32(self.mean_)))


class ToyLabelled(ToyJudged):
    __doc__ = ToyRanker.__doc__

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, search, y=None):
        if y is None or len(y) != len(search.X):
            raise ParameterError("y must hold a label for each stored row.")
        self.mean_ = float(np.mean(y))
        return self


OTHERS = (ToyItems, ToySparse, ToyWords, ToyJudged, ToyLabelled)
