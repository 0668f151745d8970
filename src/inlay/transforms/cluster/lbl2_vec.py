"""Topics that are given by keywords."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.neighbors import LocalOutlierFactor

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.validation import classes_of, validated
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize

from ._centers import Centers, means


class Lbl2Vec(Centers):
    r"""Find the direction of each topic from a few keywords and documents without labels.

    Keywords and documents lie in one space. The centre of a topic's keywords finds its candidates, the documents of at
    least the cosine s, no fewer than :math:`d_{\min}` and no more than :math:`d_{\max}` of them, nearest first; those
    that the local outlier factor calls outliers leave; and the *label vector* is the centre of the others,

    .. math:: l = \frac{1}{|D|} \sum_{d \in D} d

    `transform` gives the cosine to each label vector: the largest of a row is its topic, and the rows that are largest
    in a column are what the topic retrieves.

    Use it where topics are known by name and no document is labelled. `Top2Vec` finds topics that nobody named.

    `fit` takes the vectors of keywords and documents in one matrix: y has the number of its topic for a keyword, and -1
    for a document, as scikit-learn marks what has no label. The paper trains Doc2Vec for that space; here the vectors
    come from any encoder of texts. Without documents, the keywords alone make the label vectors.

    Parameters
    ----------
    threshold : s, the least cosine of a candidate to the centre of the keywords, from -1 to 1.
    min_documents : d_min, at least 1.
    max_documents : d_max, at least `min_documents`; None for all.
    clean : leave outliers among the candidates out; the factor needs three candidates or more.

    Attributes
    ----------
    classes_ : (n_topics,) the numbers of the topics, ascending; column j of `transform` is topic ``classes_[j]``.
    centers_ : (n_topics, d) float32 of length one, the label vectors.
    labels_ : (n,) int64, the column of the nearest label vector for each row of the fit.
    counts_ : (n_topics,) int64, how many documents made each label vector.

    References
    ----------
    Schopf, Braun, Matthes (2021). Lbl2Vec: An Embedding-Based Approach for Unsupervised Document Retrieval on
    Predefined Topics. WEBIST. arXiv:2210.06023

    Examples
    --------
    >>> keywords, documents = [[1, 0], [0, 1]], [[9, 5], [9, 4], [5, 9], [4, 9]]
    >>> found = Lbl2Vec(min_documents=2, threshold=0.8).fit(keywords + documents, [0, 1, -1, -1, -1, -1])
    >>> found.labels_.tolist(), found.centers_.round(2).tolist()
    ([0, 1, 0, 0, 1, 1], [[0.8899999856948853, 0.44999998807907104], [0.44999998807907104, 0.8899999856948853]])
    """

    paper: ClassVar[str] = "schopf2021lbl2vec"

    classes_: NDArray[Any]
    counts_: IdArray

    def __init__(
        self,
        threshold: float = 0.3,
        min_documents: int = 100,
        max_documents: int | None = None,
        clean: bool = True,
    ) -> None:
        self.threshold = threshold
        self.min_documents = min_documents
        self.max_documents = max_documents
        self.clean = clean

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(threshold=0.5, min_documents=1, max_documents=10, clean=False)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn a label vector for each topic.

        Parameters
        ----------
        X : (n, d) vectors of keywords and documents.
        y : (n,) the topic of each keyword, a number, and -1 for documents.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `y` is not one number for each row, or has no keyword.
        """
        most = self.max_documents
        if not -1 <= self.threshold <= 1:
            raise ParameterError(f"threshold must be a cosine from -1 to 1, got {self.threshold}.")
        if self.min_documents < 1:
            raise ParameterError(f"min_documents must be at least 1, got {self.min_documents}.")
        if most is not None and most < self.min_documents:
            raise ParameterError(f"max_documents must be at least min_documents={self.min_documents}, got {most}.")
        X = normalize(validated(self, X, fit=True))
        topics = _topics(y, len(X))
        self.classes_, topic = np.unique(topics[topics != -1], return_inverse=True)
        if not len(self.classes_):
            raise ShapeError(
                "y is -1 throughout, so that there is no keyword; give keywords the number of their topic."
            )
        keywords = normalize(means(X[topics != -1], topic, len(self.classes_)))
        documents = X[topics == -1]
        found = [self._candidates(documents, keyword) for keyword in keywords]
        self.counts_ = np.array([len(rows) for rows in found], np.int64)
        vectors = [documents[rows].mean(axis=0) if len(rows) else keywords[j] for j, rows in enumerate(found)]
        self.centers_ = normalize(np.stack(vectors))
        self.labels_ = (X @ self.centers_.T).argmax(axis=1)
        return self

    def _candidates(self, documents: FloatArray, keyword: FloatArray) -> IdArray:
        """Return the rows of the documents that make a topic's label vector."""
        cosine = documents @ keyword
        n = max(self.min_documents, int((cosine >= self.threshold).sum()))
        near = np.argsort(-cosine, kind="stable")[: n if self.max_documents is None else min(n, self.max_documents)]
        if self.clean and len(near) > 2:
            factor = LocalOutlierFactor(n_neighbors=min(20, len(near) - 1))
            near = near[factor.fit_predict(documents[near]) > 0]
        return near


def _topics(y: ArrayLike | None, n: int) -> NDArray[Any]:
    classes, numbers = classes_of(y, n)
    if classes.dtype.kind not in "biuf":
        raise ShapeError("y must hold numbers: that of its topic for a keyword, and -1 for a document.")
    return np.asarray(classes[numbers])
