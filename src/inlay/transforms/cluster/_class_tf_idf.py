"""Words that tell one group of texts from the others."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from inlay.core.errors import DataError, ParameterError
from inlay.core.values import IdArray


def class_tf_idf(texts: Sequence[str], labels: IdArray, n_classes: int, n_words: int) -> list[list[str]]:
    r"""Return the words of the largest c-TF-IDF for each class, best first.

    .. math:: W_{t,c} = \mathrm{tf}_{t,c} \cdot \log\left(1 + \frac{A}{f_t}\right)

    with :math:`\mathrm{tf}_{t,c}` the share of word t among the words of class c, :math:`f_t` how often it stands in
    all classes, and A the mean number of words of a class.

    Parameters
    ----------
    texts : n texts.
    labels : (n,) the class of each, from 0; texts of a negative one are left out.
    n_classes : how many classes there are; one without texts has no words.
    n_words : at least 1.

    References
    ----------
    Grootendorst (2022). BERTopic: Neural topic modeling with a class-based TF-IDF procedure. arXiv:2203.05794

    Examples
    --------
    >>> class_tf_idf(["the cat sat", "the cat ran", "the dow fell"], np.array([0, 0, 1]), 2, 1)
    [['cat'], ['dow']]
    """
    if n_words < 1:
        raise ParameterError(f"n_words must be at least 1, got {n_words}.")
    joined = [" ".join(texts[i] for i in np.flatnonzero(labels == c).tolist()) for c in range(n_classes)]
    counter = CountVectorizer()
    try:
        counts = counter.fit_transform(joined).toarray().astype(np.float64)
    except ValueError as error:
        raise DataError(f"The texts have no words to count: {error}.") from error
    words = counter.get_feature_names_out()
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    weight = share * np.log1p(counts.sum() / n_classes / counts.sum(axis=0))
    best = np.argsort(-weight, axis=1, kind="stable")[:, :n_words]
    return [[str(words[t]) for t in row if weight[c, t] > 0] for c, row in enumerate(best)]
