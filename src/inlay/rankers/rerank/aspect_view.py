"""A space of its own for one aspect of what is stored."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Ranker
from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import classes_of
from inlay.core.values import FloatArray, IdArray, Search
from inlay.core.vectors import as_vectors, found_rows, normalize, pair_scores

from ._members import ordered


class AspectView(Ranker):
    r"""Order hits by how alike they are to the query under one aspect, in a space learned for it alone.

    Two papers are alike in their task, in their method, or in their data, and one vector of each mixes all three. For
    one aspect, whose labels are known of some rows, a linear map :math:`A` of the generic vectors is learned by the
    multiple-negatives ranking loss: of pairs :math:`(a_i, b_i)` of rows that share a label, as they come in a batch,

    .. math:: -\frac{1}{n} \sum_i \log \frac{\exp(\cos(A a_i, A b_i) / \tau)}
              {\sum_{j \in N_i} \exp(\cos(A a_i, A b_j) / \tau)},

    where :math:`N_i` holds i and the rows j of other labels. `rank` orders the hits by :math:`\cos(A q, A x)`. The
    cost is that of one more vector for each item: `transform` gives those vectors, to be stored in an index where
    rows are wanted that the generic search did not find. Labels need not be known of what is asked or found, and may
    be others than those that were learned from.

    Use one object for each aspect. `ConditionalGates` has one map for all aspects, with a gate for each, where every
    row has a class under each of them. `PairMatcher` compares pair by pair, through a network, where a cosine of
    mapped vectors is not enough; `AspectMatcher` says which aspects a pair shares.

    The paper trains an encoder for each aspect, from SciBERT, in batches of 25 pairs; here the map is learned over
    frozen vectors, and begins as the identity. Rows of the query's own label, which are no negatives, are left out of
    its sum; in the paper's batches, of some thousand labels, they are rare.

    Parameters
    ----------
    dim : dimensions of the aspect's space, from 1 to d; None keeps d. With fewer the map begins with the directions
        in which the vectors are longest.
    temperature : :math:`\tau`, above 0; the smaller, the more the nearest negatives weigh.
    n_epochs : passes over the rows, each with a partner that is drawn anew; at least 0.
    batch_size : pairs of a step, at least 2.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    random_state : seed of the order of rows and of their partners.

    Attributes
    ----------
    map_ : (dim, d), :math:`A`.
    losses_ : (n_epochs,) the mean loss of each epoch.

    References
    ----------
    Ostendorff, Blume, Ruas, Gipp, Rehm (2022). Specialized Document Embeddings for Aspect-based Similarity of Research
    Papers. JCDL. arXiv:2203.14541.

    Henderson, Al-Rfou, Strope, Sung, Lukács, Guo, Kumar, Miklos, Kurzweil (2017). Efficient Natural Language Response
    Suggestion for Smart Reply. arXiv:1705.00652.

    Examples
    --------
    Each item has a form, which four columns tell, and a colour, which four smaller ones tell. Neighbours share the
    form; in the space of the colour they share the colour:

    >>> from inlay.core.vectors import product_top_k
    >>> rng = np.random.default_rng(0)
    >>> forms, colours = (rng.normal(size=(20, 4)) for _ in range(2))
    >>> form, colour = rng.integers(20, size=(2, 400))
    >>> X = normalize(np.hstack([2 * forms[form], colours[colour]]) + rng.normal(scale=0.2, size=(400, 8)))
    >>> search = Search(product_top_k(X[300:], X[:300], 300), Q=X[300:], X=X[:300])
    >>> view = AspectView(n_epochs=20, learning_rate=0.05).fit(search, colour[:300])
    >>> shared = [colour[hits.ids[:, :5]] == colour[300:, None] for hits in (search.hits, view.rank(search).hits)]
    >>> [round(float(one.mean()), 1) for one in shared]
    [0.2, 0.9]
    """

    paper: ClassVar[str] = "ostendorff2022specialized"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    map_: FloatArray
    losses_: NDArray[np.float64]

    def __init__(
        self,
        dim: int | None = None,
        *,
        temperature: float = 0.05,
        n_epochs: int = 10,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_epochs=3, learning_rate=0.01)
        yield cls(3, temperature=0.2, n_epochs=2, batch_size=4, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = tags.target_tags.one_d_labels = True
        return tags

    def fit(self, search: Search, y: ArrayLike | None = None) -> Self:
        """Learn the map from pairs of stored rows.

        Parameters
        ----------
        search : any search with `X`.
        y : (n rows,) the label of each row of `X` under the aspect, numbers or texts; -1, or an empty text, is a row
            without one, of which nothing is learned.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, or the search has no `X`.
        ShapeError
            If `y` has not one label for each row, or a vector is not finite.
        DataError
            If fewer than two labels are there, or none of them twice.
        """
        self._check_parameters()
        search.need("AspectView", "X")
        X = normalize(as_vectors(np.asarray(search.X), "X"))
        classes, numbers = classes_of(y, len(X))
        known = (classes != ("" if classes.dtype.kind in "OU" else -1))[numbers]
        labels, numbers = np.unique(numbers[known], return_inverse=True)
        if not 1 < len(labels) < len(numbers):
            raise DataError(
                f"AspectView learns from pairs of one label and of two, but the {len(numbers)} rows with a label have "
                f"{len(labels)} different ones; at least two labels are needed, one of them with two rows."
            )
        start = self._start(X)
        self.map_, losses = load("inlay.nn.aspect_view", extra="nn", purpose="AspectView").learn(
            X[known],
            numbers.astype(np.int64),
            start,
            temperature=self.temperature,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.losses_ = np.array(losses, np.float64)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return vectors (n, d) in the space of the aspect: (n, dim), of length one, to be stored in an index.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If the vectors have another dimension than in `fit`, or are not finite.
        """
        self._check_fitted()
        return self._mapped(X, "X")

    def rank(self, search: Search) -> Search:
        """Order the hits by their cosine with the query in the space of the aspect; `Q` and `X` stay as they are.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search has no `Q` or no `X`.
        ShapeError
            If vectors have another dimension than in `fit`, or are not finite.
        """
        self._check_fitted()
        search.need("AspectView", "Q", "X")
        X, ids = np.asarray(search.X), search.hits.ids
        rows: IdArray = np.unique(ids[ids >= 0])  # a row that many queries found is mapped once
        some = found_rows(X, rows, dim=self.map_.shape[1])
        places = np.where(ids < 0, -1, np.searchsorted(rows, ids))
        scores = pair_scores(self._mapped(np.asarray(search.Q), "Q"), self._mapped(some, "X"), places)
        return search.found(ordered(ids, scores))

    def _mapped(self, X: ArrayLike, name: str) -> FloatArray:
        vectors = normalize(as_vectors(X, name, dim=self.map_.shape[1]))
        # In double precision the rounding of BLAS, which depends on the rows beside, is not seen in the result.
        return normalize((vectors.astype(np.float64) @ self.map_.T.astype(np.float64)).astype(np.float32))

    def _start(self, X: FloatArray) -> FloatArray:
        d = X.shape[1]
        if self.dim is not None and not 1 <= self.dim <= d:
            raise ParameterError(f"dim must be from 1 to {d}, the columns of X, or None, got {self.dim!r}.")
        if self.dim is None or self.dim == d:
            return np.eye(d, dtype=np.float32)
        directions = np.linalg.eigh(X.T.astype(np.float64) @ X)[1]
        return np.ascontiguousarray(directions[:, : -self.dim - 1 : -1].T, np.float32)

    def _check_parameters(self) -> None:
        check_numbers(self, at_least={"n_epochs": 0, "batch_size": 2}, above={"temperature": 0, "learning_rate": 0})
