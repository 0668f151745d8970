"""Columns of tables told as texts, so that columns that can be joined are neighbours."""

from collections import Counter
from collections.abc import Iterator, Sequence
from string import Formatter
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encoder
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize
from inlay.encoders.text import HashingEncoder

from ._columns import column, hashes, listed
from ._self_join import joinable

TEMPLATE = "{title}. {name} contains {n} values ({longest}, {shortest}, {mean:.2f}): {cells}"
FIELDS = ("title", "name", "n", "longest", "shortest", "mean", "cells")


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

    `fit` learns as well what makes columns joinable. It joins the columns that it is given with each other: pairs
    :math:`(X_i, Y_i)`, of which the second has a share of `threshold` or more of the cells of the first, are drawn near
    by a linear map :math:`A` of their vectors, under the multiple-negatives ranking loss of a batch

    .. math:: -\frac{1}{n} \sum_i \log \frac{\exp(\cos(A x_i, A y_i) / \tau)}
              {\sum_j \exp(\cos(A x_i, A y_j) / \tau)}.

    Use it to find columns of other tables to join with one at hand, by any index. Fit it on the repository, on a sample
    where that has many columns, or on other tables of its kind. Where cells are spelled alike and columns are small,
    counting shared cells or MinHash sketches find more than vectors do; where cells are misspelled, vectors find more.

    The paper fine-tunes all of its encoder; here the encoder stays as it is, and the map begins as the identity. Copies
    of columns with their cells shuffled, which the paper learns from too, say nothing new to an encoder that gives
    little for order, and are left out. In one text long cells weigh more than short ones, and an encoder may cut the
    last off; with `n_per_text` it reads them few by few. Encoders without context find the most with a single cell in
    each text, and ``template="{cells}"``.

    Parameters
    ----------
    encoder : encodes the texts of columns.
    n_cells : the most distinct cells that are written out, at least 1; the encoder may cut a long text further.
    n_per_text : the most cells in one text, at least 1. A column that has more is told in several texts, whose mean,
        weighed by their cells, is its vector; None puts all into one, as the paper does.
    template : the text of a column, as ``str.format`` takes it, with the fields title, name, n, longest, shortest,
        mean and cells; ``"{name}: {cells}"`` is the paper's ``colname-col``, and ``"{cells}"`` its ``col``.
    threshold : the least share of a column's cells that another one has to have, for the two to be a pair to learn
        from; above 0, to 1.
    temperature : :math:`\tau`, above 0; the smaller, the more the nearest negatives weigh.
    n_epochs : passes over the columns that are in pairs, each with a partner that is drawn anew; 0 learns no map.
    batch_size : pairs of a step, at least 2.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    random_state : seed of the order of columns and of their partners.

    Attributes
    ----------
    cells_ : (n shared,) int64, hashes of the cells that two columns of `fit` or more have, in order.
    frequencies_ : (n shared,) int64, the number of columns that have each.
    map_ : (d, d) float32, :math:`A` transposed; (0, 0) where no two columns are a pair, and nothing is learned.
    losses_ : (n_epochs,) the mean loss of each epoch; empty where nothing is learned.

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
    array([0.69, 0.29], dtype=float32)
    """

    paper: ClassVar[str] = "dong2023deepjoin"

    cells_: IdArray
    frequencies_: IdArray
    map_: FloatArray
    losses_: NDArray[np.float64]

    def __init__(
        self,
        encoder: Encoder,
        *,
        n_cells: int = 50,
        n_per_text: int | None = None,
        template: str = TEMPLATE,
        threshold: float = 0.1,
        temperature: float = 0.02,
        n_epochs: int = 20,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.encoder = encoder
        self.n_cells = n_cells
        self.n_per_text = n_per_text
        self.template = template
        self.threshold = threshold
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(HashingEncoder(dim=64))
        yield cls(HashingEncoder(dim=32), n_cells=2, n_per_text=1, template="{name}: {cells}", n_epochs=0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False  # without a repository the frequencies in the column decide alone
        return tags

    def fit(self, items: Sequence[Any], y: None = None) -> Self:
        """Count how many columns have each cell, and learn from those that share cells; texts are passed over.

        Raises
        ------
        ParameterError, DataError
            As `encode` raises them, and where a parameter of the training is out of its range.
        """
        check_numbers(
            self,
            above={"threshold": 0, "temperature": 0, "learning_rate": 0},
            at_least={"n_epochs": 0, "batch_size": 2},
            at_most={"threshold": 1},
        )
        columns = [(i, item) for i, item in enumerate(listed(items)) if not isinstance(item, str)]
        cells = [hashes(column(i, item)[2]) for i, item in columns]
        values, counts = np.unique(np.concatenate([np.empty(0, np.int64), *cells]), return_counts=True)
        self.cells_, self.frequencies_ = values[counts > 1], counts[counts > 1].astype(np.int64)
        self.map_, self.losses_ = np.zeros((0, 0), np.float32), np.zeros(0)
        first, second = joinable(cells, self.threshold)
        if self.n_epochs and len(first):
            self._learn([item for _, item in columns], first, second)
        return self

    def _learn(self, columns: list[Any], first: IdArray, second: IdArray) -> None:
        rows, place = np.unique(np.stack([first, second]), return_inverse=True)
        first, second = place.reshape(2, -1)
        self.map_, losses = load("inlay.nn.column_encoder", extra="nn", purpose="learning of ColumnEncoder").learn(
            normalize(self._vectors([columns[i] for i in rows], "document")),
            first,
            second,
            temperature=self.temperature,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.losses_ = np.array(losses, np.float64)

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
        (n, d) float32, of length one where a map has been learned, else as the encoder gives them.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `items` is no list.
        DataError
            If an item is no column.
        """
        X = self._vectors(items, role)
        map = getattr(self, "map_", np.zeros((0, 0), np.float32))
        return normalize(normalize(X) @ map) if map.size else X

    def texts(self, items: Sequence[Any]) -> list[str]:
        """Return the texts that are encoded, column by column; see `encode` for the parameters and errors."""
        return [text for some in self._texts(items) for text, _ in some]

    def _vectors(self, items: Sequence[Any], role: str) -> FloatArray:
        told = self._texts(items)
        X = self.encoder.encode([text for some in told for text, _ in some], role=role)
        if self.n_per_text is None or not told:
            return X
        weights = np.array([n for some in told for _, n in some], np.float32)[:, None]
        starts = np.cumsum([0, *map(len, told[:-1])])
        total: FloatArray = np.add.reduceat(normalize(X) * weights, starts)
        return np.divide(total, np.add.reduceat(weights, starts), out=total)

    def _texts(self, items: Sequence[Any]) -> list[list[tuple[str, int]]]:
        """Return the texts of each column, and how many cells each of them tells."""
        check_numbers(self, at_least={"n_cells": 1} if self.n_per_text is None else {"n_cells": 1, "n_per_text": 1})
        try:
            named = [field for _, field, _, _ in Formatter().parse(self.template) if field is not None]
            unknown = [field for field in named if field not in FIELDS]
            if not unknown:
                self._text("", "", Counter())
        except (ValueError, KeyError, IndexError) as error:
            raise ParameterError(f"template {self.template!r} is no format: {error}.") from error
        if unknown:
            raise ParameterError(f"template has the fields {', '.join(FIELDS)}; {unknown} are not among them.")
        return [
            [(item, 1)] if isinstance(item, str) else self._text(*column(i, item))
            for i, item in enumerate(listed(items))
        ]

    def _text(self, title: str, name: str, cells: Counter[str]) -> list[tuple[str, int]]:
        lengths = [len(cell) for cell in cells] or [0]
        # A stable sort: of cells that are equal in both, the earlier stands first.
        own = np.fromiter(cells.values(), np.int64, len(cells))
        order = np.lexsort((-own, -self._frequencies(cells)))[: self.n_cells]
        distinct = list(cells)
        size, texts = self.n_per_text or self.n_cells, []
        for start in range(0, max(1, len(order)), size):
            some = [distinct[i] for i in order[start : start + size]]
            text = self.template.format(
                title=title,
                name=name,
                n=len(cells),
                longest=max(lengths),
                shortest=min(lengths),
                mean=sum(lengths) / len(lengths),
                cells=", ".join(some),
            )
            texts.append((text if title else text.removeprefix(". "), max(1, len(some))))
        return texts

    def _frequencies(self, cells: Counter[str]) -> IdArray:
        if not hasattr(self, "cells_") or not len(self.cells_):
            return np.ones(len(cells), np.int64)
        numbers = hashes(cells)
        at = np.minimum(np.searchsorted(self.cells_, numbers), len(self.cells_) - 1)
        return np.where(self.cells_[at] == numbers, self.frequencies_[at], 1)
