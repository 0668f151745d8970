"""Transforms one after another."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits


def _goes_back(chain: "Chain") -> bool:
    return all(hasattr(step, "inverse_transform") for step in chain.steps)


def _searches(chain: "Chain") -> bool:
    return _goes_back(chain) and hasattr(chain.steps[-1], "search_codes") and getattr(chain, "is_affine_", True)


class Chain(Transform):
    r"""Apply transforms one after another, as one codec where each of them has a way back.

    It is what FAISS calls a pre-transform: fewer dimensions first, short codes of them then. Where the way back of all
    steps but the last is affine, :math:`\hat x = z A + b`, queries are searched among the codes of :math:`z` itself:
    :math:`\langle q, \hat x \rangle = \langle q A^\top, z \rangle + \langle q, b \rangle`.

    Use it inside ``Coded``, which takes one codec; for encoding, a ``Pipeline`` holds its transforms in a list.

    Parameters
    ----------
    steps : transforms, at least one; `fit` fits copies of them.

    Attributes
    ----------
    steps_ : the transforms, fitted.
    is_affine_ : whether the way back of all but the last is affine; False where there is none.
    back_ : (d', d) float32, the matrix :math:`A`; of no rows where it is not affine.
    shift_ : (d,) float32, the vector :math:`b`.

    References
    ----------
    Douze et al. (2024). The Faiss library. arXiv:2401.08281, section 4.

    Examples
    --------
    >>> from inlay.transforms.quantize import ScalarQuantizer
    >>> from inlay.transforms.reduce import PrincipalComponents
    >>> X = np.random.default_rng(0).normal(size=(50, 8)) * [3, 3, 1, 1, .1, .1, .1, .1]
    >>> chain = Chain([PrincipalComponents(dim=4), ScalarQuantizer()]).fit(X)
    >>> codes = chain.transform(X)
    >>> codes.shape, bool(np.abs(chain.inverse_transform(codes) - X).max() < 0.5)
    ((50, 4), True)
    """

    paper: ClassVar[str] = "douze2024faiss"

    def __init__(self, steps: Sequence[Transform]) -> None:
        self.steps = steps

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        from inlay.transforms.quantize import ScalarQuantizer
        from inlay.transforms.reduce import PrincipalComponents

        yield cls([PrincipalComponents(dim=2)])
        yield cls([PrincipalComponents(dim=2), ScalarQuantizer()])

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit each step to what those before it make of `X`.

        Raises
        ------
        ParameterError
            If there is no step.
        """
        if not len(self.steps):
            raise ParameterError("steps must hold at least one transform, got none.")
        Z: Any = validated(self, X, fit=True)
        self.steps_ = [clone(step) for step in self.steps]
        for number, step in enumerate(self.steps_, 1):
            before, Z = Z, step.fit(Z, y) if number == len(self.steps_) else step.fit(Z, y).transform(Z)
        self._find_way_back(before)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return what the last step makes of (n, d) vectors."""
        self._check_fitted()
        Z: Any = validated(self, X, fit=False)
        for step in self.steps_:
            Z = step.transform(Z)
        return Z  # type: ignore[no-any-return]

    @available_if(_goes_back)  # type: ignore[untyped-decorator]
    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Return the (n, d) vectors that stand for what `transform` gave."""
        self._check_fitted()
        Z: Any = C
        for step in reversed(self.steps_):
            Z = step.inverse_transform(Z)
        return Z  # type: ignore[no-any-return]

    @available_if(_searches)  # type: ignore[untyped-decorator]
    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the best `k` codes for each of the (n queries, d) query vectors."""
        self._check_fitted()
        Q = validated(self, Q, fit=False)
        hits: Hits = self.steps_[-1].search_codes(Q @ self.back_.T, C, k)
        return Hits(hits.ids, hits.scores + (Q @ self.shift_)[:, None])

    def _find_way_back(self, Z: FloatArray) -> None:
        """Find the affine map that leads back from the input of the last step, and whether it is one."""
        dim, some = Z.shape[1], Z[:16]

        def back(Z: FloatArray) -> FloatArray:
            for step in reversed(self.steps_[:-1]):
                Z = step.inverse_transform(Z)
            return Z

        self.is_affine_ = all(hasattr(step, "inverse_transform") for step in self.steps_[:-1])
        self.shift_ = np.zeros(self.n_features_in_, np.float32)
        self.back_ = np.empty((0, self.n_features_in_), np.float32)
        if not self.is_affine_:
            return
        shift = back(np.zeros((1, dim), np.float32))[0]
        matrix = back(np.eye(dim, dtype=np.float32)) - shift
        far = np.abs(back(some) - (some @ matrix + shift)).max(initial=0)
        self.is_affine_ = bool(far <= 1e-4 * max(1.0, float(np.abs(some).max(initial=0))))
        if self.is_affine_:
            self.shift_, self.back_ = np.asarray(shift, np.float32), np.asarray(matrix, np.float32)
