"""Codebooks between an encoder and a decoder that are trained with them."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.transforms._layers import forward

from ._codes import check_bits, checked, packed, unpacked
from ._principal import principal_rotation
from ._training import finite


class VectorQuantizer(Transform):
    r"""Code vectors by the codewords nearest to what an encoder makes of them, all learned together.

    Training of vector quantized networks after Huh et al. (2023). An encoder gives :math:`z = E(x)`, whose parts take
    the nearest codewords :math:`z_q` of their codebooks, and a decoder gives :math:`\hat x = D(z_q)`; the gradient of
    :math:`\lVert x - \hat x \rVert^2` goes straight through from :math:`z_q` to z. Alone, this leaves codewords behind
    that are nearest to nothing, as the encoder moves away from them. Against it stand

    - affine codewords, :math:`c_j = \mu + \sigma \odot \tilde c_j` with one mean and deviation for a codebook: what is
      learned for one of them moves all;
    - alternation: before each step of encoder and decoder, some steps bring the codewords to z;
    - the synchronized loss: :math:`z_q = z + \operatorname{sg}(z_q - z) + \nu (z_q - \operatorname{sg}(z_q))`, so that
      codewords move with the gradient by which the encoder moves, and not a step behind.

    Use it for few bytes for each vector where no queries are at hand to learn from, and some time for training;
    `MoPQ` and `Poeem` learn from queries, and search codes without decoding them. `RecurrentBinarizer` takes a bit and
    more for each dimension.

    The paper quantizes images within convolutional networks and transformers; here encoder and decoder have two layers,
    which start as a rotation of the principal directions and its transpose.

    Parameters
    ----------
    n_codebooks : each codes its part of z by one codeword.
    bits : of a codeword's number: 1, 2, 4 or 8; a codebook has 2 ** bits codewords.
    dim : of z; a multiple of `n_codebooks`.
    affine : whether the codewords of a codebook share a mean and a deviation.
    n_codebook_steps : alternation; 0 trains codewords together with encoder and decoder.
    synchronized : nu of the equation, from 0; 0 is plain straight-through estimation.
    commitment : weight of the loss that draws z and codewords to each other, from 0.
    n_epochs : passes over the rows.
    batch_size : rows in a step.
    learning_rate : of AdamW, for codewords as well.
    random_state : seed of the codewords, of the rotation and of the order of rows.

    Attributes
    ----------
    encoder_, decoder_ : hidden weights, hidden biases, output weights, output biases.
    codebooks_ : (n_codebooks, 2 ** bits, dim / n_codebooks), the codewords.
    mean_ : (d,), what is taken from vectors before they are encoded.
    losses_ : mean loss of each epoch.

    References
    ----------
    Huh, Cheung, Agrawal, Isola (2023). Straightening Out the Straight-Through Estimator: Overcoming Optimization
    Challenges in Vector Quantized Networks. ICML. arXiv:2305.08842.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    >>> coder = VectorQuantizer(n_codebooks=4, bits=4, dim=8, n_epochs=5).fit(X)
    >>> codes = coder.transform(X)
    >>> codes.shape, bool(((coder.inverse_transform(codes) - X) ** 2).mean() < 0.3)
    ((200, 2), True)
    """

    paper: ClassVar[str] = "huh2023straightening"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    encoder_: list[NDArray[Any]]
    decoder_: list[NDArray[Any]]
    codebooks_: NDArray[Any]
    mean_: NDArray[Any]
    losses_: list[float]

    def __init__(
        self,
        n_codebooks: int = 8,
        bits: int = 8,
        dim: int = 64,
        affine: bool = True,
        n_codebook_steps: int = 4,
        synchronized: float = 0.2,
        commitment: float = 1.0,
        n_epochs: int = 20,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.n_codebooks = n_codebooks
        self.bits = bits
        self.dim = dim
        self.affine = affine
        self.n_codebook_steps = n_codebook_steps
        self.synchronized = synchronized
        self.commitment = commitment
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_codebooks=4, bits=4, dim=8, n_epochs=2, batch_size=32)
        yield cls(n_codebooks=2, bits=8, dim=8, affine=False, n_codebook_steps=0, synchronized=0.0, n_epochs=2)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn encoder, codewords and decoder from (n, d) vectors.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_bits(self.bits, (1, 2, 4, 8))
        counts = {"n_codebooks": 1, "n_codebook_steps": 0, "n_epochs": 0, "batch_size": 1, "dim": 1}
        check_numbers(self, at_least={**counts, "synchronized": 0, "commitment": 0})
        if self.dim % self.n_codebooks:
            raise ParameterError(f"dim must be a multiple of n_codebooks, {self.n_codebooks}; got {self.dim}.")
        X = validated(self, X, fit=True)
        self.mean_ = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._train(X - self.mean_)
        return self

    def _train(self, X: FloatArray) -> None:
        torch = load("torch", extra="nn", purpose="VectorQuantizer")
        from inlay.nn.training import minimize, seeded
        from inlay.nn.vector_quantization import VectorQuantization

        start = principal_rotation(X.astype(np.float64), self.dim, self.random_state)
        # Coordinates of z start with deviation 1, as the codewords do.
        scale = float((X.astype(np.float64) @ start.T).std()) or 1.0
        spread = float(X.astype(np.float64).var(axis=0).sum()) or 1.0
        with seeded(self.random_state):
            net = VectorQuantization(torch.from_numpy(start), scale, self.n_codebooks, 2**self.bits, affine=self.affine)
        rows_of_data = torch.from_numpy(X)
        inner = torch.optim.AdamW(net.of_codebooks(), lr=self.learning_rate, weight_decay=0.0)
        alternate = self.n_codebook_steps > 0

        def loss(rows: Any) -> Any:
            x = rows_of_data[rows]
            z = net.encode(x)
            for _ in range(self.n_codebook_steps):
                inner.zero_grad()
                ((net.nearest(z.detach()) - z.detach()) ** 2).mean().backward()  # type: ignore[no-untyped-call]
                inner.step()
            c = net.nearest(z)
            back = ((net.decode(z, c, self.synchronized) - x) ** 2).sum(dim=1).mean() / spread
            drawn = ((z - c.detach()) ** 2).mean()
            if not alternate:
                drawn = drawn + ((z.detach() - c) ** 2).mean()
            return back + self.commitment * drawn

        learned = net.of_networks() + ([] if alternate and not self.synchronized else net.of_codebooks())
        losses = minimize(
            learned,
            loss,
            len(X),
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.losses_ = finite(losses, self.learning_rate)
        self.encoder_ = [np.array(p.detach().numpy()) for p in net.encoder.parameters()]
        self.decoder_ = [np.array(p.detach().numpy()) for p in net.decoder.parameters()]
        self.codebooks_ = np.array(net.codebooks.detach().numpy())

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, ceil(n_codebooks * bits / 8)) bytes.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another number of columns, or is not finite.
        """
        self._check_fitted()
        from ._lloyd import nearest

        Z = _network(self.encoder_, validated(self, X, fit=False) - self.mean_)
        return packed(nearest(Z.reshape(len(Z), self.n_codebooks, -1), self.codebooks_), self.bits)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn codes into the (n, d) vectors that they decode to.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `C` is not codes as `transform` gives them.
        """
        self._check_fitted()
        codes = checked(C, -(-self.n_codebooks * self.bits // 8))
        numbers = unpacked(codes, self.bits, self.n_codebooks)
        Z = self.codebooks_[np.arange(self.n_codebooks), numbers].reshape(len(codes), -1)
        return np.asarray(_network(self.decoder_, Z) + self.mean_, np.float32)


def _network(layers: list[NDArray[Any]], X: FloatArray) -> FloatArray:
    """Apply two layers, in float64 so that rounding does not depend on the rows beside a row."""
    hidden, bias, out, offset = (layer.astype(np.float64) for layer in layers)
    return forward(np.ascontiguousarray(X, np.float64), [hidden, out], [bias, offset])
