"""Method: what every encoder, transform, index, ranker, sampler, measure and task is made of."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError as SklearnNotFitted
from sklearn.utils.validation import check_is_fitted

from . import storage
from .description import describe, restore
from .errors import DataError, NotFittedError


class Method(BaseEstimator, ABC):  # type: ignore[misc]
    """Parameters, fitted state, citation, save and load; a scikit-learn estimator.

    The constructor stores its arguments under their names and does nothing else. What is learned goes into
    attributes whose names end in ``_``; attributes that start with ``_`` are caches, made again when they are
    missing, and are not saved.

    Attributes
    ----------
    paper : key of the reference in ``papers.bib``.
    requires : extras of the package that have to be installed, such as ``("text",)``.
    tolerance : how far the output for a row may move with the rows beside it, the size of a batch, or the number
        of threads: the length of the difference over the length of the row.
    """

    paper: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    tolerance: ClassVar[float] = 1e-5

    @classmethod
    @abstractmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances, not fitted, on which the contract checks run."""

    def save(self, path: str | Path) -> None:
        """Write the object to the folder `path`: parameters as JSON, arrays as safetensors, nothing pickled.

        An older save at `path` is replaced in one step, so that a crash leaves the old one or the new one; other
        files in that folder are left alone.

        Raises
        ------
        ParameterError
            If a parameter or a fitted attribute is of a kind that cannot be stored; it is named.
        DataError
            If `path` cannot be written.
        """
        storage.write(Path(path), describe(self))

    @classmethod
    def load(cls, path: str | Path, *, mmap: bool = False) -> Self:
        """Read an object that `save` wrote.

        Parameters
        ----------
        path : the folder.
        mmap : map the arrays into memory, read-only, rather than read them.

        Raises
        ------
        DataError
            If there is no such folder, it is damaged, or it holds an object of another class.
        """
        found = restore(storage.read(Path(path), mmap=mmap), Method, where=str(path))
        if not isinstance(found, cls):
            raise DataError(
                f"{path} holds a {type(found).__name__}, not a {cls.__name__}; "
                f"load it with {type(found).__name__}.load."
            )
        return found

    def _check_fitted(self) -> None:
        try:
            check_is_fitted(self)
        except SklearnNotFitted as error:
            name = type(self).__name__
            raise NotFittedError(f"This {name} is not fitted yet; call fit before using it.") from error
