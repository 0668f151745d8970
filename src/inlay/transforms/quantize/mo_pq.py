"""Product quantization whose codewords are learned for queries to find their documents."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits

from ._pairs import BITS, pairs, rows_of, small, start
from ._product import decode, encode, parts, search
from ._training import finite


class MoPQ(Transform):
    r"""Learn the codewords of product quantization for matching, not for reconstruction.

    The matching-oriented product quantization of Xiao et al. (2021), over frozen vectors. A part :math:`z^i` of a
    document takes the codeword :math:`j` with probability :math:`p(j) \propto \exp(-\lVert z^i - C_{ij} \rVert^2)`; the
    most probable ones make the coded document :math:`\hat z`, through whose choice the gradient goes straight to the
    probabilities. The codewords minimise the multinoulli contrastive loss

    .. math:: - \log \frac{\exp(\langle q, \hat z \rangle / \tau)}{\sum_{z'} \exp(\langle q, \hat z' \rangle / \tau)}

    of each query q with its own document z against others z': those of the batch, and `n_negatives` more, coded anew in
    each step, so that the gradient reaches what they are coded with.

    Use it in place of plain product quantization where there are queries with a document each to learn from, and few
    bytes for each vector; `Poeem` learns a rotation as well. Codes and search are those of product quantization.

    In the paper other devices bring the further negatives, here they are drawn from all rows; the encoders of queries
    and documents stay as they are; and codewords start at those of k-means rather than at random.

    Parameters
    ----------
    n_subvectors : parts of a vector, which is also bytes for each vector; divides the dimension.
    n_codewords : for each part, 2 to 256.
    n_negatives : documents, beside those of the batch, that each query is contrasted with; 0 or more.
    temperature : τ, above 0; 1 in the paper, whose vectors are not of length one.
    n_epochs : passes over the pairs; 0 leaves the codewords of k-means.
    batch_size : pairs in a step; at least 2.
    learning_rate : of AdamW.
    random_state : seed of k-means, of the order of pairs and of negatives.

    Attributes
    ----------
    codebooks_ : (n_subvectors, n_codewords, d / n_subvectors), the codewords.
    losses_ : mean loss of each epoch.

    References
    ----------
    Xiao, Liu, Shao, Lian, Xie (2021). Matching-oriented Embedding Quantization For Ad-hoc Retrieval. EMNLP.
    arXiv:2104.07858.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> documents = rng.normal(size=(200, 8)).astype(np.float32)
    >>> queries = documents + 0.1 * rng.normal(size=(200, 8)).astype(np.float32)
    >>> coder = MoPQ(n_subvectors=4, n_codewords=16, n_epochs=1).fit(documents, queries)
    >>> coder.transform(documents).shape
    (200, 4)
    """

    paper: ClassVar[str] = "xiao2021matching"
    requires: ClassVar[tuple[str, ...]] = ("nn", "quantize")

    codebooks_: FloatArray
    losses_: list[float]

    def __init__(
        self,
        n_subvectors: int = 8,
        n_codewords: int = 256,
        n_negatives: int = 1024,
        temperature: float = 0.05,
        n_epochs: int = 10,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.n_subvectors = n_subvectors
        self.n_codewords = n_codewords
        self.n_negatives = n_negatives
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield from small(cls)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn codewords for (n, d) documents `X` from (n, d) queries `y`; row i of y belongs to row i of X.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` or `y` is not numbers of shape (n, d), or their rows or columns do not go together.
        """
        check_numbers(self, at_least={"n_negatives": 0}, above={"temperature": 0})
        X, queries = pairs(self, X, y)
        torch = load("torch", extra="nn", purpose="MoPQ")
        from inlay.nn.product_quantization import contrast, matching_codes
        from inlay.nn.training import minimize

        cut = parts(X, self.n_subvectors)
        C = torch.from_numpy(start(cut, self.n_codewords, self.random_state)).requires_grad_()
        Z, Q, names = torch.tensor(cut), torch.tensor(queries), torch.from_numpy(rows_of(X))

        def loss(rows: Any) -> Any:
            met = torch.cat([rows, torch.randint(len(Z), (self.n_negatives,))])
            coded = matching_codes(Z[met], C)
            return contrast(Q[rows], coded.flatten(1), names[met], self.temperature)

        losses = minimize(
            [C],
            loss,
            len(Z),
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.losses_ = finite(losses, self.learning_rate)
        self.codebooks_ = np.array(C.detach().numpy())
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, n_subvectors) numbers of the nearest codewords.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another number of columns, or is not finite.
        """
        self._check_fitted()
        return encode(validated(self, X, fit=False), self.codebooks_, BITS)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn codes into (n, d) vectors, whose inner product with a query is the score of the code.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `C` is not codes as `transform` gives them.
        """
        self._check_fitted()
        return decode(C, self.codebooks_, BITS)

    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the `k` codes whose vectors have the largest inner product with each of the (n queries, d) queries.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has another number of columns, or `C` is not codes as `transform` gives them.
        """
        self._check_fitted()
        return search(Q, C, self.codebooks_, BITS, k, dim=self.n_features_in_)
