"""What was found, crossed with sets of examples: more like these, less like those."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.catalogue import methods
from inlay.core.contracts import Encoder, Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray, Hits, Search
from inlay.core.vectors import as_vectors, found_rows, normalize

from ._again import check_rows


class SetOperations(Ranker):
    r"""Order what was found by its likeness to some sets of examples, less its likeness to others.

    A meaning that no single sentence says is given by a set of examples :math:`S`, to which :math:`x` is as similar as
    to them on average. For what was found, :math:`A`, the operation series
    :math:`A \cap B_1 \cap \dots \cap B_N \setminus C_1 \setminus \dots \setminus C_M` puts it into the order of

    .. math:: \sum_i \mathrm{SIM}(x, B_i) - \sum_j \mathrm{SIM}(x, C_j), \qquad
        \mathrm{SIM}(x, S) = \frac{1}{|S|} \sum_{s \in S} \cos(x, s)

    so that each set counts as much as another, whatever its size. With :math:`A` all that is stored (as many places as
    there are rows), the sets alone say what is searched. The score is that sum; the score of the first search is gone.

    Use it where what is sought has several sides, each of which is easier shown than named, or where the wrong kind
    keeps being found; a name for it, where there is one, finds more than examples of its sides. `Rocchio` moves the
    query itself by judged hits, and searches again; `ComposedQuery` adds single vectors to it and takes them away.
    The paper also tunes the encoder, so that the sets are pushed apart before they are used: see `SetContrast`.

    Parameters
    ----------
    include : sets B, each a list of examples, at least one; vectors, or items where there is an encoder.
    exclude : sets C, in the same form.
    encoder : turns the examples into vectors; None where they are vectors.

    References
    ----------
    Liu (2024). SetCSE: Set Operations using Contrastive Learning of Sentence Embeddings. ICLR. arXiv:2404.17606.

    Examples
    --------
    Of four rows, those of both sides, and those of one without the other:

    >>> X = np.float32([[1, 0], [0, 1], [0.7, 0.7], [-1, 0]])
    >>> search = Search(Hits([[0, 1, 2, 3]], [[4.0, 3.0, 2.0, 1.0]]), X=X)
    >>> SetOperations([[[1, 0]], [[0, 2], [0, 3]]]).rank(search).hits.ids
    array([[2, 0, 1, 3]])
    >>> SetOperations([[[1, 0]]], [[[0, 1]]]).rank(search).hits.ids
    array([[0, 2, 1, 3]])
    """

    paper: ClassVar[str] = "liu2024setcse"

    def __init__(
        self, include: Sequence[Any] = (), exclude: Sequence[Any] = (), *, encoder: Encoder | None = None
    ) -> None:
        self.include = include
        self.exclude = exclude
        self.encoder = encoder

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for a ranker names no encoder.
        encoder = next(entry for entry in methods() if entry.name == "HashingEncoder").load()(dim=8)
        yield cls([["a train left", "a ferry left"], ["bread"]], [["what is an undo?"]], encoder=encoder)
        yield cls([np.eye(8, dtype=np.float32)[:2]])

    def rank(self, search: Search) -> Search:
        """Order the hits of each query by the sets.

        Raises
        ------
        ParameterError
            If there is no set, a text stands where a set belongs, or the search has no `X`.
        ShapeError
            If a set is empty or not of the dimension of `X`, or a hit is no row of `X` or one that is not finite.
        """
        search.need("SetOperations", "X")
        X, ids = np.asarray(search.X), search.hits.ids
        check_rows(ids, len(X))
        direction = self._direction(X.shape[1])
        rows, place = np.unique(ids, return_inverse=True)
        found = normalize(found_rows(X, rows[rows >= 0])) if len(X) else np.empty((0, len(direction)), np.float32)
        # Row by row, so that a score does not depend on what else was found.
        scores = np.full(len(rows), -np.inf, np.float32)
        scores[rows >= 0] = np.vecdot(found, direction)
        scores = scores[place.reshape(ids.shape)]
        order = np.lexsort((ids, -scores))
        return search.found(Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)))

    def _direction(self, dim: int) -> FloatArray:
        """Return the vector whose inner product with a row of length one is the score of the row."""
        if not len(self.include) and not len(self.exclude):
            raise ParameterError("SetOperations needs a set of examples in include or in exclude, got none.")
        direction = np.zeros(dim)
        for name, sign, sets in (("include", 1, self.include), ("exclude", -1, self.exclude)):
            for i, examples in enumerate([sets] if isinstance(sets, str) else sets):
                if isinstance(examples, str):  # which would be a set of its letters
                    raise ParameterError(
                        f"{name} must be a list of sets, each a list of examples, got the text {examples!r:.60} where "
                        "a set belongs; wrap it as [text]."
                    )
                given: Any = self.encoder.encode(list(examples)) if self.encoder is not None else examples
                if not len(given):
                    raise ShapeError(f"{name}[{i}] has no example; a set needs at least one.")
                vectors = as_vectors(given, f"{name}[{i}]", dim=dim)
                direction += sign * normalize(vectors).mean(axis=0, dtype=np.float64)
        return direction.astype(np.float32)
