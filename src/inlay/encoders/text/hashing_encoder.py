"""Signed feature hashing of words: a bag of words as a dense vector, with nothing to learn or to install."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from inlay.core.contracts import Encoder
from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray


class HashingEncoder(Encoder):
    r"""Encode text as a bag of words, folded into `dim` columns by a signed hash.

    .. math:: \phi_i(x) = \sum_{j : h(j) = i} \xi(j)\,(1 + \ln c_j)

    where :math:`c_j` counts the word :math:`j` in the text :math:`x`, :math:`h` picks its column and :math:`\xi` its
    sign, which keeps the inner product of two bags unbiased (eq. 1 of the reference, which takes :math:`c_j` itself).
    Rows are scaled to length one.

    Use it as the baseline that every learned encoder has to beat, and where nothing can be installed or
    downloaded; `TextEncoder` understands what words mean.

    Parameters
    ----------
    dim : number of columns, at least 1; with fewer columns more words collide.
    ngram : longest run of words that counts as a word, at least 1.

    References
    ----------
    Weinberger, Dasgupta, Langford, Smola, Attenberg (2009). Feature Hashing for Large Scale Multitask Learning.
    ICML. arXiv:0902.2206.

    Examples
    --------
    >>> encoder = HashingEncoder(dim=1024)
    >>> a, b, c = encoder.encode(["the cat sat", "a cat sat down", "stocks fell"])
    >>> round(float(a @ b), 2), round(float(a @ c), 2)
    (0.67, 0.0)
    """

    paper: ClassVar[str] = "weinberger2009feature"

    def __init__(self, dim: int = 1024, *, ngram: int = 1) -> None:
        self.dim = dim
        self.ngram = ngram

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=64)
        yield cls(dim=32, ngram=2)

    def encode(self, items: Sequence[str], *, role: str = "document") -> FloatArray:
        """Encode texts; words are runs of two or more letters or digits, in lower case.

        Parameters
        ----------
        items : n texts.
        role : ``"document"`` or ``"query"``, which give the same vectors.

        Returns
        -------
        (n, dim) float32, rows of length one; zero where a text has no word.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `items` is not a list of texts.
        """
        if self.dim < 1 or self.ngram < 1:
            raise ParameterError(f"dim and ngram must be at least 1, got dim={self.dim} and ngram={self.ngram}.")
        if role not in ("document", "query"):
            raise ParameterError(f"role must be 'document' or 'query', got {role!r}.")
        if isinstance(items, str):
            raise ParameterError("encode needs a list of texts, got one text; wrap it as [text].")
        for i, item in enumerate(items):
            if not isinstance(item, str):
                raise ParameterError(f"encode needs a list of texts, but item {i} is of type {type(item).__name__}.")
        if not len(items):
            return np.empty((0, self.dim), np.float32)
        words = CountVectorizer(ngram_range=(1, self.ngram)).build_analyzer()
        damped = ([(word, 1 + np.log(count)) for word, count in Counter(words(item)).items()] for item in items)
        hashed = FeatureHasher(self.dim, input_type="pair", dtype=np.float64).transform(damped)
        return np.asarray(normalize(hashed).astype(np.float32).toarray())
