"""Columns of tables told as texts, so that columns that can be joined are neighbours."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from hashlib import blake2b
from numbers import Number
from string import Formatter
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encoder
from inlay.core.errors import DataError, ParameterError
from inlay.core.values import FloatArray, IdArray
from inlay.encoders.text import HashingEncoder

TEMPLATE = "{title}. {name} contains {n} values ({longest}, {shortest}, {mean:.2f}): {cells}"
FIELDS = ("title", "name", "n", "longest", "shortest", "mean", "cells")
PLAIN = (str, Number, np.generic, date, time)


class ColumnEncoder(Encoder):
    r"""Encode a column of a table as a text of its title, its name, its statistics and its most frequent cells.

    The text of the default `template`, the paper's ``title-colname-stat-col``, reads

        title. name contains n values (longest, shortest, mean): cell, cell, cell

    where n counts the distinct cells, and the numbers in brackets are their lengths in characters. Cells that many
    columns of the repository :math:`\mathcal{X}` have come first, for they are what columns join on; of equal ones the
    more frequent in the column itself, then the earlier:

    .. math:: \mathrm{df}(x) = |\{X \in \mathcal{X} : x \in X\}|

    `fit` counts these; without it the frequencies in the column decide. At most `n_cells` are written out, so that
    a vector and a search cost the same whatever the size of a column.

    Use it to find columns of other tables to join with one at hand, by any index. The paper fine-tunes its encoder on
    pairs of columns that can be joined; here it is taken as it is. One that was not tuned finds more columns that share
    cells by ``template="{cells}"``. Where cells are spelled alike and columns are small, counting shared cells or
    MinHash sketches find more than vectors do; where cells are misspelled, vectors find more.

    Parameters
    ----------
    encoder : encodes the texts of columns.
    n_cells : the most distinct cells that are written out, at least 1; the encoder may cut a long text further.
    template : the text of a column, as ``str.format`` takes it, with the fields title, name, n, longest, shortest,
        mean and cells; ``"{name}: {cells}"`` is the paper's ``colname-col``, and ``"{cells}"`` its ``col``.

    Attributes
    ----------
    cells_ : (n shared,) int64, hashes of the cells that two columns of `fit` or more have, in order.
    frequencies_ : (n shared,) int64, the number of columns that have each.

    References
    ----------
    Dong, Xiao, Nozawa, Enomoto, Oyamada (2023). DeepJoin: Joinable Table Discovery with Pre-trained Language Models.
    PVLDB 16(10). arXiv:2212.07588.

    Examples
    --------
    >>> cities = {"title": "Capitals", "name": "City", "cells": ["Bern", "Paris", "Rome", "Paris"]}
    >>> trains = ("Night trains", "To", ["Wien", "Rome", "Paris"])
    >>> years = ("Films", "Year", [1999, 2001, None])
    >>> encoder = ColumnEncoder(HashingEncoder()).fit([cities, trains, years])
    >>> encoder.texts([trains])
    ['Night trains. To contains 3 values (5, 4, 4.33): Rome, Paris, Wien']
    >>> X = encoder.encode([cities, trains, years])
    >>> (X[0] @ X[1:].T).round(2)
    array([0.59, 0.27], dtype=float32)
    """

    paper: ClassVar[str] = "dong2023deepjoin"

    cells_: IdArray
    frequencies_: IdArray

    def __init__(self, encoder: Encoder, *, n_cells: int = 50, template: str = TEMPLATE) -> None:
        self.encoder = encoder
        self.n_cells = n_cells
        self.template = template

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(HashingEncoder(dim=64))
        yield cls(HashingEncoder(dim=32), n_cells=2, template="{name}: {cells}")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False  # without a repository the frequencies in the column decide alone
        return tags

    def fit(self, items: Sequence[Any], y: None = None) -> Self:
        """Count how many columns of a repository have each cell; texts among `items` are passed over.

        Raises
        ------
        ParameterError, DataError
            As `encode` raises them.
        """
        columns = [_column(i, item) for i, item in enumerate(_listed(items)) if not isinstance(item, str)]
        hashes = np.concatenate([np.empty(0, np.int64), *(_hashes(cells) for _, _, cells in columns)])
        values, counts = np.unique(hashes, return_counts=True)
        self.cells_, self.frequencies_ = values[counts > 1], counts[counts > 1].astype(np.int64)
        return self

    def encode(self, items: Sequence[Any], *, role: str = "document") -> FloatArray:
        """Encode columns; a text among them, such as a question about columns, is encoded as it stands.

        Parameters
        ----------
        items : n columns, each a mapping with ``"cells"`` and, where there are such, ``"title"`` and ``"name"``, or a
            tuple of title, name and cells. Cells are texts, numbers, dates or times; None, NaN and blank ones are
            missing.
        role : ``"document"`` or ``"query"``, as the encoder tells them apart.

        Returns
        -------
        (n, d) float32, as the encoder gives them.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `items` is no list.
        DataError
            If an item is no column.
        """
        return self.encoder.encode(self.texts(items), role=role)

    def texts(self, items: Sequence[Any]) -> list[str]:
        """Return the texts that are encoded; see `encode` for the parameters and errors."""
        if self.n_cells < 1:
            raise ParameterError(f"n_cells must be at least 1, got {self.n_cells!r}.")
        try:
            named = [field for _, field, _, _ in Formatter().parse(self.template) if field is not None]
            unknown = [field for field in named if field not in FIELDS]
            if not unknown:
                self._text("", "", Counter())
        except (ValueError, KeyError, IndexError) as error:
            raise ParameterError(f"template {self.template!r} is no format: {error}.") from error
        if unknown:
            raise ParameterError(f"template has the fields {', '.join(FIELDS)}; {unknown} are not among them.")
        listed = enumerate(_listed(items))
        return [item if isinstance(item, str) else self._text(*_column(i, item)) for i, item in listed]

    def _text(self, title: str, name: str, cells: Counter[str]) -> str:
        lengths = [len(cell) for cell in cells] or [0]
        # A stable sort: of cells that are equal in both, the earlier stands first.
        own = np.fromiter(cells.values(), np.int64, len(cells))
        order = np.lexsort((-own, -self._frequencies(cells)))[: self.n_cells]
        distinct = list(cells)
        text = self.template.format(
            title=title,
            name=name,
            n=len(cells),
            longest=max(lengths),
            shortest=min(lengths),
            mean=sum(lengths) / len(lengths),
            cells=", ".join(distinct[i] for i in order),
        )
        return text if title else text.removeprefix(". ")

    def _frequencies(self, cells: Counter[str]) -> IdArray:
        if not hasattr(self, "cells_") or not len(self.cells_):
            return np.ones(len(cells), np.int64)
        hashes = _hashes(cells)
        at = np.minimum(np.searchsorted(self.cells_, hashes), len(self.cells_) - 1)
        return np.where(self.cells_[at] == hashes, self.frequencies_[at], 1)


def _listed(items: Sequence[Any]) -> list[Any]:
    if isinstance(items, str | bytes | Mapping):
        raise ParameterError(f"encode needs a list of columns, got one {type(items).__name__}; wrap it as [column].")
    return list(items)


def _column(i: int, item: Any) -> tuple[str, str, Counter[str]]:
    """Return the title, the name and the distinct cells of a column, with how often each is there."""
    if isinstance(item, Mapping) and "cells" in item:
        title, name, cells = item.get("title"), item.get("name"), item["cells"]
    elif isinstance(item, tuple | list) and len(item) == 3:
        title, name, cells = item
    else:
        raise DataError(f"Item {i} is no column, which is (title, name, cells) or a mapping of these: {item!r:.60}")
    if isinstance(cells, str | bytes | Mapping) or not isinstance(cells, Iterable):
        raise DataError(f"The cells of item {i} must be a list, got {cells!r:.60}")
    title, name, *given = (_plain(i, value) for value in (title, name, *cells))
    return title, name, Counter(cell for cell in given if cell)


def _plain(i: int, value: Any) -> str:
    if value is None or (isinstance(value, PLAIN) and value != value):  # NaN
        return ""
    if isinstance(value, bytes) or not isinstance(value, PLAIN):
        raise DataError(
            f"Item {i} has a {type(value).__name__} where a text, a number, a date or a time belongs: {value!r:.60}"
        )
    return str(value).strip()


def _hashes(cells: Iterable[str]) -> IdArray:
    digests = b"".join(blake2b(cell.encode("utf-8", "replace"), digest_size=8).digest() for cell in cells)
    return np.frombuffer(digests, np.dtype("<i8")).astype(np.int64)
