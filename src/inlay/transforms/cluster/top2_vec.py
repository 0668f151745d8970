"""Topics as directions that documents gather around."""

import warnings
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.validation import validated
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import as_vectors, normalize, product_top_k

from ._centers import Centers, means
from ._density import dense


class Top2Vec(Centers):
    r"""Find the topics of documents, and how many there are, where their vectors lie densely.

    Vectors are brought to a few dimensions by UMAP, with cosines, where HDBSCAN finds dense regions; noise is left
    out. The *topic vector* of a region is the centre of its documents in the space that was given,

    .. math:: t = \frac{1}{|R|} \sum_{d \in R} d

    A document belongs to the topic vector of the largest cosine, and the words nearest to it describe the topic
    (`topic_words`). Hierarchical topic reduction takes the smallest topic again and again, and joins it to the one
    most similar to it, with the mean of the two vectors weighted by their numbers of documents, until `n_topics` are
    left. `transform` gives the cosine to each topic vector.

    Use it for documents whose topics nobody has named; `Lbl2Vec` is for topics with names, `SphericalKMeans` for a
    number of clusters that is given, without UMAP. The paper trains Doc2Vec for documents and words; here the vectors
    come from any encoder. `label` names topics by the words in their documents instead, as BERTopic does.

    Parameters
    ----------
    n_topics : most topics that are left, at least 1; None keeps all that are found.
    dim : dimensions of UMAP, at least 1; None finds dense regions in the vectors as they are, normalised. As few rows
        as ``dim + 1`` are not brought to other dimensions, either.
    k : neighbours that UMAP keeps near; at least 2.
    min_cluster_size : fewest documents of a dense region; at least 2.
    selection : "eom" for the regions that live longest, "leaf" for the finest ones; on a few thousand documents "eom"
        can end with two regions that hold nearly all of them.
    random_state : seed of UMAP.

    Attributes
    ----------
    centers_ : (number of topics, d) float32 of length one, the topic vectors, those of most documents first.
    labels_ : (n,) int64, the nearest topic vector of each row of the fit.
    dense_ : (n,) int64, the number of the dense region of each row before reduction, -1 for noise.
    counts_ : (number of topics,) int64, the documents of each topic.

    References
    ----------
    Angelov (2020). Top2Vec: Distributed Representations of Topics. arXiv:2008.09470

    Examples
    --------
    >>> X = [[9, 1], [9, 2], [8, 1], [1, 8], [1, 9], [2, 9], [9, 3]]
    >>> found = Top2Vec(dim=None, min_cluster_size=3).fit(X)
    >>> found.labels_.tolist(), found.counts_.tolist()
    ([0, 0, 0, 1, 1, 1, 0], [4, 3])
    >>> found.topic_words(["east", "north", "west"], [[1, 0], [0, 1], [-1, 0]], n_words=1)
    [['east'], ['north']]
    """

    paper: ClassVar[str] = "angelov2020top2vec"
    requires: ClassVar[tuple[str, ...]] = ("topics",)

    dense_: IdArray
    counts_: IdArray

    def __init__(
        self,
        n_topics: int | None = None,
        dim: int | None = 5,
        k: int = 15,
        min_cluster_size: int = 15,
        selection: str = "eom",
        random_state: int = 0,
    ) -> None:
        self.n_topics = n_topics
        self.dim = dim
        self.k = k
        self.min_cluster_size = min_cluster_size
        self.selection = selection
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks; without UMAP, which takes seconds to load."""
        yield cls(dim=None, min_cluster_size=3)
        yield cls(n_topics=2, dim=None, min_cluster_size=2, selection="leaf")

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the topics of (n, d) document vectors; `y` is not looked at.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If there is one row only, or `X` is not finite numbers of shape (n, d).
        MissingExtra
            If UMAP is not installed and `dim` is not None.
        """
        for name, least in (("n_topics", 1), ("dim", 1), ("k", 2)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ParameterError(f"{name} must be at least {least}, got {value}.")
        X = normalize(validated(self, X, fit=True))
        self.dense_ = dense(self._reduced(X), self.min_cluster_size, None, self.selection)
        vectors = means(X, self.dense_, int(self.dense_.max()) + 1)
        labels = _nearest(X, vectors)
        counts = np.bincount(labels, minlength=len(vectors))
        while len(vectors) > (self.n_topics or len(vectors)):
            vectors = _joined(vectors, counts)
            labels = _nearest(X, vectors)
            counts = np.bincount(labels, minlength=len(vectors))
        order = np.argsort(-counts, kind="stable")
        self.centers_, self.counts_ = normalize(vectors)[order], counts[order]
        self.labels_ = np.argsort(order)[labels]
        return self

    def topic_words(self, words: Sequence[str], word_vectors: ArrayLike, n_words: int = 50) -> list[list[str]]:
        """Return the words nearest to each topic vector by cosine, nearest first.

        Parameters
        ----------
        words : the words to choose from.
        word_vectors : (number of words, d), from the encoder of the documents.
        n_words : words of a topic, at least 1; fewer where there are not as many.

        Raises
        ------
        ParameterError
            If `n_words` is less than 1.
        ShapeError
            If there is not one vector of d numbers for each word.
        """
        self._check_fitted()
        if n_words < 1:
            raise ParameterError(f"n_words must be at least 1, got {n_words}.")
        V = normalize(as_vectors(word_vectors, "word_vectors", dim=self.centers_.shape[1]))
        if len(words) != len(V):
            raise ShapeError(f"word_vectors has {len(V)} rows for {len(words)} words; give one for each.")
        ids = product_top_k(self.centers_, V, min(n_words, len(V))).ids
        return [[words[i] for i in row] for row in ids]

    def _reduced(self, X: FloatArray) -> FloatArray:
        if self.dim is None or len(X) <= self.dim + 1:
            return X
        umap = load("umap", extra="topics", purpose="Top2Vec")
        reducer = umap.UMAP(
            n_neighbors=min(self.k, len(X) - 1),
            n_components=self.dim,
            metric="cosine",
            random_state=self.random_state,
            n_jobs=1,  # more than one would make the result depend on chance
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of every graph that falls into parts, which clusters do
            return np.asarray(reducer.fit_transform(X), np.float32)


def _nearest(X: FloatArray, vectors: FloatArray) -> IdArray:
    nearest: IdArray = (X @ normalize(vectors).T).argmax(axis=1)
    return nearest


def _joined(vectors: FloatArray, counts: IdArray) -> FloatArray:
    """Join the smallest topic to the one most similar to it."""
    small = int(counts.argmin())
    U = normalize(vectors)
    cosine = U @ U[small]
    cosine[small] = -np.inf
    like = int(cosine.argmax())
    out = vectors.copy()
    # Two topics that no document is nearest to weigh the same.
    weights = counts[[like, small]] if counts[[like, small]].any() else None
    out[like] = np.average(vectors[[like, small]], axis=0, weights=weights)
    return np.delete(out, small, axis=0)
