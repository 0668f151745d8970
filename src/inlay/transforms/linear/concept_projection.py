"""Concept projection: a space whose dimensions have names."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import classes_of, validated
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors, normalize, top_k


class ConceptProjection(Transform):
    r"""Turn each vector into its similarities to named concepts, so that every dimension can be read.

    For concepts :math:`c_1, \dots, c_m` that were encoded as the vectors were,

    .. math:: \varphi(v) = \big(\cos(v, c_1), \dots, \cos(v, c_m)\big)

    With `parents` the concepts are a tree, and `n_refinements` says how fine the space is: it starts with the roots,
    and each refinement opens the one whose mean similarity to the vectors of `fit` is largest among those not opened
    yet, that is, adds its children. So the space is fine where the vectors are, and coarse elsewhere. Use it to see
    what a vector, or the difference of two models, is about. `ConvexCombination` goes the other way, from a classifier
    to the vectors of its labels. Similarities need the concepts' own words to lie in the space; where there are
    examples in the place of words, leave `concepts` out.

    The paper opens the better half of a node's children by the weights of Wikipedia's graph; here all are opened.

    Parameters
    ----------
    concepts : (m, d), their vectors. None takes the classes that `fit` is given, each the mean of its vectors of
        length one; this is not the paper's.
    names : of the concepts, m texts; None numbers them. Classes have their own.
    parents : the number of each concept's parent, -1 for roots; None makes all of them roots.
    n_refinements : concepts opened, at least 0; fewer where no more have children.

    Attributes
    ----------
    concepts_ : (m', d), the concepts in use, of length one: roots first, then in the order in which they were added.
    names_ : their names.
    opened_ : names of the concepts that were opened, in order.

    References
    ----------
    Simhi, Markovitch (2023). Interpreting Embedding Spaces by Conceptualization. EMNLP. arXiv:2209.00445.

    Examples
    --------
    >>> tree = ConceptProjection(
    ...     np.eye(4), names=["animal", "thing", "cat", "dog"], parents=[-1, -1, 0, 0], n_refinements=1)
    >>> X = [[0.3, 0, 0.9, 0], [0.5, 0.1, 0, 0.8]]
    >>> tree.fit(X).names_, tree.top_concepts(X, k=2)
    (['animal', 'thing', 'cat', 'dog'], [['cat', 'animal'], ['dog', 'animal']])
    """

    paper: ClassVar[str] = "simhi2023interpreting"

    concepts_: FloatArray
    names_: list[str]
    opened_: list[str]

    def __init__(
        self,
        concepts: ArrayLike | None = None,
        *,
        names: Sequence[str] | None = None,
        parents: Sequence[int] | None = None,
        n_refinements: int = 0,
    ) -> None:
        self.concepts = concepts
        self.names = names
        self.parents = parents
        self.n_refinements = n_refinements

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = tags.target_tags.one_d_labels = self.concepts is None
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Choose the concepts for (n, d) vectors; `y` is (n,) classes where no concepts were given.

        Raises
        ------
        ParameterError
            If the parameters do not go together: as many names and parents as concepts, and no circle of parents.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or concepts or classes do not fit it.
        """
        if self.n_refinements < 0:
            raise ParameterError(f"n_refinements must be at least 0, got {self.n_refinements!r}.")
        X = normalize(validated(self, X, fit=True))
        if self.concepts is None:
            if self.names is not None or self.parents is not None:
                raise ParameterError("names and parents belong to concepts, which were not given; leave them out.")
            classes, numbers = classes_of(y, len(X))
            sums = np.zeros((len(classes), X.shape[1]))
            np.add.at(sums, numbers, X)
            C, names = normalize(sums), [str(name) for name in classes]
        else:
            C = normalize(as_vectors(self.concepts, "concepts", dim=X.shape[1]))
            names = [str(i) for i in range(len(C))] if self.names is None else [str(name) for name in self.names]
        parents = np.full(len(C), -1) if self.parents is None else np.asarray(self.parents)
        _check_tree(parents, names, len(C))
        # The mean of the cosines to all vectors is the product with the mean of those at length one.
        used, opened = _refined(parents, C @ X.mean(axis=0, dtype=np.float64), self.n_refinements)
        self.concepts_ = C[used]
        self.names_ = [names[i] for i in used]
        self.opened_ = [names[i] for i in opened]
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, m') cosines to the concepts."""
        self._check_fitted()
        return np.asarray(normalize(validated(self, X, fit=False)) @ self.concepts_.T, np.float32)

    def top_concepts(self, X: ArrayLike, k: int = 3) -> list[list[str]]:
        """Name the `k` concepts nearest to each of (n, d) vectors, best first.

        Raises
        ------
        ParameterError
            If `k` is less than 1.
        """
        return [[self.names_[i] for i in row] for row in top_k(self.transform(X), k)[0]]


def _check_tree(parents: NDArray[Any], names: list[str], m: int) -> None:
    if len(names) != m or len(parents) != m:
        raise ParameterError(
            f"names and parents must be as many as the concepts, {m}; got {len(names)} and {len(parents)}."
        )
    if parents.dtype.kind not in "iu" or not ((parents >= -1) & (parents < m)).all():
        raise ParameterError(f"parents must be numbers of concepts, from 0 to {m - 1}, or -1 for roots.")
    at = np.arange(m)
    for _ in range(m):  # after as many steps up as there are concepts, everybody is above a root
        at = np.where(at >= 0, parents[at], -1)
        if (at < 0).all():
            return
    raise ParameterError(f"parents must lead to a root, -1; that of the concept {names[int(at.argmax())]!r} does not.")


def _refined(parents: NDArray[Any], weights: NDArray[Any], n: int) -> tuple[list[int], list[int]]:
    """Return the concepts in use after `n` were opened, the heaviest first, and those opened."""
    used, opened = [int(i) for i in np.flatnonzero(parents < 0)], []
    has_children = set(parents[parents >= 0].tolist())
    for _ in range(n):
        closed = [i for i in used if i in has_children and i not in opened]
        if not closed:
            break
        opened.append(max(closed, key=lambda i: (weights[i], -i)))
        used += [int(i) for i in np.flatnonzero(parents == opened[-1])]
    return used, opened
