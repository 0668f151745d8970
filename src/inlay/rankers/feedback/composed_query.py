"""A reference, but different: what is wanted besides is added to its vector, and what is not taken away."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self, cast

import numpy as np

from inlay.core.catalogue import methods
from inlay.core.contracts import Encoder, Ranker
from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, Search
from inlay.core.vectors import as_vectors, normalize

from ._again import again, looked_at

WAYS = ("sum", "slerp")


class ComposedQuery(Ranker):
    r"""Change the vector of a reference by what is asked for besides it, and search again.

    `Q` of the search holds the vectors of the references, such as that of an item that somebody looks at, and `queries`
    what should be different: for each of them an item to add, or a pair of what to add and what to take away, either of
    which may be None. With the vectors of the reference :math:`r`, of what is added :math:`a` and of what is taken away
    :math:`b`, all of length one, and :math:`m = a - b`, the new query is

    .. math:: (1 - \alpha) r + \alpha m \qquad \text{or} \qquad
        \frac{\sin (1 - \alpha) \theta}{\sin \theta} r + \frac{\sin \alpha \theta}{\sin \theta} \frac{m}{\| m \|}

    by ``"sum"`` and by ``"slerp"``, which goes the share alpha of the angle :math:`\theta` between the two. At 0.5
    the sum is :math:`r + a - b`, by which Mikolov's word vectors answer analogies (3CosAdd of Levy and Goldberg), and
    the interpolation that of Jang et al. for images and texts of one space. The search that is returned has the new
    `Q`, as long as the old one.

    Use it for "like this one, but ...", and for steps from one result to the next. Where a part of the wish is not
    in the reference's space, a trained composer does better; this one has nothing to learn. `Rocchio` moves a query
    by hits that were judged, `SetOperations` orders hits by many examples.

    Parameters
    ----------
    encoder : turns what is added and taken away into vectors of the space of the references, as queries.
    how : "sum" or "slerp".
    alpha : the share of the change, from 0 (the reference alone) to 1 (the change alone).

    References
    ----------
    Levy, Goldberg (2014). Linguistic Regularities in Sparse and Explicit Word Representations. CoNLL.

    Jang, Huynh, Shah, Chen, Lim (2024). Spherical Linear Interpolation and Text-Anchoring for Zero-shot Composed Image
    Retrieval. ECCV. arXiv:2405.00571.

    Examples
    --------
    >>> from inlay.core.vectors import product_top_k
    >>> from inlay.encoders.text import HashingEncoder
    >>> encoder = HashingEncoder()
    >>> items = ["red linen shirt", "blue linen shirt", "blue wool coat", "red wool coat"]
    >>> X = encoder.encode(items)
    >>> search = Search(product_top_k(X[:1], X, 2), Q=X[:1], X=X, queries=[("blue", "red")], items=items)
    >>> [items[i] for i in ComposedQuery(encoder).rank(search).hits.ids[0]]
    ['blue linen shirt', 'blue wool coat']
    """

    paper: ClassVar[str] = "levy2014linguistic"

    def __init__(self, encoder: Encoder, *, how: str = "sum", alpha: float = 0.5) -> None:
        self.encoder = encoder
        self.how = how
        self.alpha = alpha

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for a ranker names no encoder.
        encoder = next(entry for entry in methods() if entry.name == "HashingEncoder").load()
        yield cls(encoder(dim=8))
        yield cls(encoder(dim=8), how="slerp", alpha=0.3)

    def rank(self, search: Search) -> Search:
        """Search all stored rows with the changed references; a query without hits stays as it was.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, or the search has no `Q`, no `X` or no `queries`.
        ShapeError
            If the encoder's vectors are not of the dimension of `Q`.
        """
        if self.how not in WAYS:
            raise ParameterError(f"how must be one of {', '.join(WAYS)}, got {self.how!r}.")
        if not 0 <= self.alpha <= 1:
            raise ParameterError(f"alpha must be a share from 0 to 1, got {self.alpha}.")
        Q, _ = looked_at(search, "ComposedQuery")
        search.need("ComposedQuery", "queries")
        wishes = [_added_and_taken(query) for query in cast(Sequence[Any], search.queries)]
        change = self._vectors([a for a, _ in wishes], Q.shape[1]) - self._vectors([b for _, b in wishes], Q.shape[1])
        return again(search, _composed(normalize(Q), change, self.how, self.alpha))

    def _vectors(self, items: Sequence[Any], dim: int) -> FloatArray:
        """Return the vectors of items, of length one, and zeros for None."""
        out = np.zeros((len(items), dim), np.float32)
        there = [i for i, item in enumerate(items) if item is not None]
        if there:
            given = self.encoder.encode([items[i] for i in there], role="query")
            out[there] = normalize(as_vectors(given, "the encoder's vectors", dim=dim))
        return out


def _added_and_taken(query: Any) -> tuple[Any, Any]:
    """Return what a query adds and what it takes away."""
    if not isinstance(query, tuple | list):
        return query, None
    if len(query) != 2:
        raise ParameterError(f"A query must be an item, or a pair of what to add and to take away, got {query!r}.")
    return query[0], query[1]


def _composed(R: FloatArray, change: FloatArray, how: str, alpha: float) -> FloatArray:
    """Return the changed references; without a change they stay what they are."""
    if how == "sum":
        start, end = np.full((len(R), 1), 1 - alpha), np.full((len(R), 1), alpha)
    else:
        change = normalize(change)
        angle = np.arccos(np.clip(np.vecdot(R, change), -1, 1))[:, None]
        sine = np.sin(angle)
        # Where both point the same way, or opposite ways, there is no arc between them: the straight mean.
        straight = sine < 1e-4
        sine = np.where(straight, 1, sine)
        start = np.where(straight, 1 - alpha, np.sin((1 - alpha) * angle) / sine)
        end = np.where(straight, alpha, np.sin(alpha * angle) / sine)
    return np.where(change.any(axis=1, keepdims=True), start * R + end * change, R).astype(np.float32)
