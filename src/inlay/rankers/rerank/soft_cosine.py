"""Reranking by a cosine of words in which similar words count as partly the same."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from inlay.core.catalogue import methods
from inlay.core.contracts import Encoder, Ranker
from inlay.core.errors import DataError, ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.values import Search
from inlay.core.vectors import HELD_BYTES, as_vectors, normalize, product_top_k

from ._members import asked, first, ordered


class SoftCosine(Ranker):
    r"""Rank texts by the cosine of their tf-idf weights, in which similar words count as partly the same.

    .. math::

        \mathrm{soft}(a, b) = \frac{\sum_{ij} s_{ij} a_i b_j}
        {\sqrt{\sum_{ij} s_{ij} a_i a_j}\, \sqrt{\sum_{ij} s_{ij} b_i b_j}}

    where :math:`a_i` is the tf-idf weight of the word :math:`i`, and :math:`s_{ij}` is 1 for a word with itself, else
    :math:`\alpha` times the cosine of two words' vectors. It is 0 below the `threshold`, and where neither word is
    among the `n_neighbors` nearest of the other, so that the matrix stays sparse. So a text is found that says the same
    in other words, while a word that is met exactly counts most. Mohammad et al. (2024) link requirements so.

    Use it where the terms of a field matter and queries use other words than items do; with ``alpha=0`` it is the plain
    cosine of tf-idf. `LateInteraction` compares words in context. Words are runs of two or more letters or digits in
    lower case; those that neither an item nor a query of `fit` has are not seen.

    Parameters
    ----------
    encoder : gives the vectors of single words, such as ``WordLlama``; needed by `fit` alone.
    alpha : the weight of a similar word beside the same word, from 0 to 1.
    threshold : the least cosine of two words that counts, from 0 to 1.
    n_neighbors : the most similar words that are kept for each word, at least 1; a word may have more, where it is near
        to many others.
    n_reranked : how many of the first hits are scored, at least 1; those behind are left out. None scores all.

    Attributes
    ----------
    words_ : (n words,) str, in alphabetical order.
    idf_ : (n words,) float64, the inverse document frequencies, :math:`\ln \frac{1 + n}{1 + df} + 1`.
    similarities_ : (n words, n words) CSR of float32, :math:`s_{ij}`.

    References
    ----------
    Sidorov, Gelbukh, Gómez-Adorno, Pinto (2014). Soft Similarity and Soft Cosine Measure: Similarity of Features in
    Vector Space Model. Computación y Sistemas 18(3).

    Mohammad, Sonbol, Rebdawi (2024). Cross-level Requirement Traceability: A Novel Approach Integrating Bag-of-Words
    and Word Embedding for Enhanced Similarity Functionality. arXiv:2406.14310.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> from inlay.encoders.text import WordLlama
    >>> items = ["a fast vehicle", "a slow answer"]
    >>> search = Search(Hits([[1, 0]], [[0.5, 0.4]]), queries=["quick cars"], items=items)
    >>> hits = SoftCosine(WordLlama(), threshold=0.3).fit(search).rank(search).hits
    >>> hits.ids, hits.scores.round(2)
    (array([[0, 1]]), array([[0.67, 0.  ]], dtype=float32))
    """

    paper: ClassVar[str] = "sidorov2014soft"

    words_: NDArray[np.str_]
    idf_: NDArray[np.float64]
    similarities_: Any

    def __init__(
        self,
        encoder: Encoder,
        *,
        alpha: float = 1.0,
        threshold: float = 0.5,
        n_neighbors: int = 20,
        n_reranked: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.alpha = alpha
        self.threshold = threshold
        self.n_neighbors = n_neighbors
        self.n_reranked = n_reranked

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for a ranker names no encoder.
        encoder = next(entry for entry in methods() if entry.name == "HashingEncoder").load()
        yield cls(encoder(dim=8))
        yield cls(encoder(dim=16), alpha=0.3, threshold=0.1, n_neighbors=3, n_reranked=4)

    def fit(self, search: Search, y: None = None) -> Self:
        """Learn the words of items and queries, how rare each is among the items, and how similar they are.

        Raises
        ------
        ParameterError
            If the search has no items, or a parameter is out of its range.
        DataError
            If an item or a query is not text, or none has a word.
        """
        search.need("SoftCosine", "items")
        least = {"alpha": 0, "threshold": 0, "n_neighbors": 1}
        check_numbers(self, at_least=least, at_most={"alpha": 1, "threshold": 1})
        items, queries = (_texts([] if texts is None else texts) for texts in (search.items, search.queries))
        words = CountVectorizer()
        try:
            words.fit([*items, *queries])
        except ValueError as error:
            raise DataError(f"SoftCosine learns the words of items and queries, and found none: {error}") from error
        names = words.get_feature_names_out().astype(str)
        similarities = self._similarities(names.tolist())
        found = (words.transform(items) > 0).sum(axis=0) if items else np.zeros(len(names))
        self.words_, self.similarities_ = names, similarities
        self.idf_ = np.log((1 + len(items)) / (1 + np.asarray(found, np.float64).ravel())) + 1
        return self

    def rank(self, search: Search) -> Search:
        """Order the first hits of each query by the soft cosine, equal ones as they stood.

        Raises
        ------
        ParameterError
            If the search lacks queries or items, or `n_reranked` is less than 1.
        ShapeError
            If a hit is no row of the items.
        DataError
            If a query or an item that was found is not text.
        """
        queries, items = asked(search, "SoftCosine")
        self._check_fitted()
        ids = first(search.hits, self.n_reranked)
        scores = np.full(ids.shape, -np.inf, np.float32)
        words = TfidfVectorizer(vocabulary={word: i for i, word in enumerate(self.words_)})
        words.idf_ = self.idf_
        if ids.max(initial=-1) >= len(items):
            raise ShapeError(f"Row {ids.max()} was found, but there are {len(items)} items.")
        rows, place = np.unique(ids, return_inverse=True)
        place = place.reshape(ids.shape)
        if not len(queries) or not (rows >= 0).any():
            return search.found(ordered(ids, scores))
        given = [items[row] if row >= 0 else "" for row in rows]
        A, B = (self._unit(words.transform(_texts(texts))) for texts in (queries, given))
        # Some queries at a time, each with all that these found: as many cells as the square of their number times k.
        step = max(1, math.isqrt(HELD_BYTES // (4 * ids.shape[1])))
        for start in range(0, len(queries), step):
            part = slice(start, start + step)
            these, at = np.unique(place[part], return_inverse=True)
            products = (A[part] @ self.similarities_ @ B[these].T).toarray()
            scores[part] = np.take_along_axis(products, at.reshape(place[part].shape), 1)
        scores[ids < 0] = -np.inf
        return search.found(ordered(ids, scores))

    def _similarities(self, words: list[str]) -> Any:
        X = normalize(as_vectors(self.encoder.encode(words), "the encoder's vectors"))
        n = len(X)
        near = product_top_k(X, X, min(self.n_neighbors + 1, n))
        row, column, cosine = np.repeat(np.arange(n), near.k), near.ids.ravel(), near.scores.ravel()
        kept = (cosine >= self.threshold) & (cosine > 0) & (row != column)
        values = self.alpha * np.minimum(cosine[kept], 1.0)
        S = sparse.csr_array((values, (row[kept], column[kept])), shape=(n, n), dtype=np.float32)
        out = sparse.csr_array(S.maximum(S.T) + sparse.eye_array(n, dtype=np.float32))
        out.eliminate_zeros()
        out.sort_indices()
        return out

    def _unit(self, weights: Any) -> Any:
        A = sparse.csr_array(weights)
        squares = (A @ self.similarities_).multiply(A).sum(axis=1)
        scale = np.divide(1.0, np.sqrt(squares), out=np.zeros(len(squares)), where=squares > 0)
        return sparse.csr_array(sparse.diags_array(scale) @ A)


def _texts(texts: Sequence[Any]) -> list[str]:
    for text in texts:
        if not isinstance(text, str):
            raise DataError(f"SoftCosine compares texts, but one is {type(text).__name__}: {text!r:.60}")
    return list(texts)
