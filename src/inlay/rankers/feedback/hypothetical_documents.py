"""Queries that are the mean of answers which nobody has checked."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self, cast

import numpy as np

from inlay.core.catalogue import methods
from inlay.core.contracts import Encoder, Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Search
from inlay.core.vectors import as_vectors

from ._again import again, looked_at
from ._generators import Generator, TurnedWords, generated


class HypotheticalDocuments(Ranker):
    r"""Search again with the mean of a query and of documents that could answer it (HyDE, Gao et al. 2023).

    A generator writes N documents for the query, true or not, and the search is for what lies near them:

    .. math:: v = \frac{1}{N + 1} \Bigl(q + \sum_{i=1}^{N} f(\hat d_i)\Bigr)

    A written document has the words and the form of a real one, and what is wrong in it the encoder mostly loses.
    So documents are compared with documents, which an encoder can that has never seen which query belongs to which
    document. Use it with such an encoder and a generator that knows the subject; an encoder trained on queries and
    their documents gains little, and every query waits for the generator. `ListwiseFeedback` and `Rocchio` take real
    documents, the first hits, in the place of written ones.

    Parameters
    ----------
    encoder : what made `X`; it encodes the documents in the role "document".
    generator : an object with ``generate(texts, n)``, which returns up to n texts for each text, or a mapping of
        queries to ready-made documents. An empty list of documents leaves the query as it is.
    n_documents : N, at least 1; 8 in the paper.

    References
    ----------
    Gao, Ma, Lin, Callan (2023). Precise Zero-Shot Dense Retrieval without Relevance Labels. ACL. arXiv:2212.10496.

    Examples
    --------
    >>> from inlay.core.values import Search
    >>> from inlay.core.vectors import product_top_k
    >>> from inlay.encoders.text import HashingEncoder
    >>> encoder = HashingEncoder()
    >>> items = ["yeast turns sugar into gas", "why you should do it", "flour and water"]
    >>> queries = ["why does it rise"]
    >>> X, Q = encoder.encode(items), encoder.encode(queries)
    >>> search = Search(product_top_k(Q, X, 3), Q=Q, X=X, queries=queries)
    >>> written = {"why does it rise": ["yeast makes gas of sugar", "yeast eats sugar and gives off gas"]}
    >>> search.hits.ids, HypotheticalDocuments(encoder, written).rank(search).hits.ids
    (array([[1, 0, 2]]), array([[0, 1, 2]]))
    """

    paper: ClassVar[str] = "gao2023precise"

    def __init__(self, encoder: Encoder, generator: Generator, *, n_documents: int = 8) -> None:
        self.encoder = encoder
        self.generator = generator
        self.n_documents = n_documents

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for a ranker names no encoder.
        encoder = next(entry for entry in methods() if entry.name == "HashingEncoder").load()
        yield cls(encoder(dim=8), TurnedWords())
        yield cls(encoder(dim=8), TurnedWords(), n_documents=2)

    def rank(self, search: Search) -> Search:
        """Return the hits of the new queries among all of `X`; `Q` holds the queries that found them.

        Raises
        ------
        ParameterError
            If `n_documents` is less than 1, or the search lacks `queries`, `Q` or `X`.
        DataError
            If queries are not texts, or there are no documents for one.
        ShapeError
            If the encoder's vectors differ in dimension from `X`, or are not finite.
        """
        if self.n_documents < 1:
            raise ParameterError(f"n_documents must be at least 1, got {self.n_documents}.")
        search.need("HypotheticalDocuments", "queries")
        Q, _ = looked_at(search, "HypotheticalDocuments")
        written = generated(self.generator, cast(Sequence[Any], search.queries), self.n_documents, "queries")
        V, counts = Q.copy(), np.array([len(some) for some in written], np.int64)
        texts = [text for some in written for text in some]
        if texts:
            fresh = as_vectors(self.encoder.encode(texts, role="document"), "the encoder's vectors")
            if fresh.shape != (len(texts), Q.shape[1]):
                raise ShapeError(f"encoder gave vectors of {fresh.shape[1]} dimensions, but X has {Q.shape[1]}.")
            starts = np.cumsum(counts) - counts
            for i in range(int(counts.max())):  # one document of each at a time, which is one order of summation
                some = np.flatnonzero(counts > i)
                V[some] += fresh[starts[some] + i]
        return again(search, V / (counts[:, None] + 1).astype(np.float32))
