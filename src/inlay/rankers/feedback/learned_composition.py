"""A reference, but different: what the two make together is learned."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from inlay.core.catalogue import methods
from inlay.core.contracts import Encoder, Grades, Ranker
from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.judgments import judgments, relevant_rows
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Search
from inlay.core.vectors import as_vectors, normalize

from ._again import again, looked_at


class LearnedComposition(Ranker):
    r"""Make one query of a reference and a wish by a small network, and search again.

    As for `ComposedQuery`, `Q` of the search holds the vectors of the references, and `queries` what should be
    different: an item that the encoder takes, mostly a text. With the vectors r and w of both, of length one, and
    layers :math:`h, g` with rectified units, the new query is a convex combination of them and a correction,

    .. math:: q \propto f(h(r, w)) + \sigma w + (1 - \sigma) r, \qquad \sigma = \mathrm{sigmoid}(g(r, w))

    which is the Combiner of Baldrati et al. It begins as the mean of both, and learns by a softmax at a temperature
    in which the row that is right has to win against the others of the batch. There are two ways to learn it:

    - from judgments, ``fit(search, y)``: `y` has for each reference with its wish the rows that are right; the first
      hits that are wrong, such as the reference itself, are learned against besides;
    - from captions, ``fit(search)``, as CoLLM does it, where nobody has judged anything: `X` has the vectors of items
      and `items` their captions. In each batch an item is to be found, its caption is the wish, and the reference is
      made: it lies the share alpha of the angle from the item to its nearest neighbour in the batch that has another
      caption. A caption that tells all there is in its item, such as the text of which `X` is made, teaches only to
      pass the wish on; one that tells what its item has before its neighbours teaches to take the rest from the
      reference.

    Use it where references and wishes like those to come are there by the hundred: on items of kinds that it did not
    learn from it gains nothing over `ComposedQuery`, which has nothing to learn and at a good share is not far behind.

    CoLLM learns the encoders of both, and a large language model over them, takes any neighbour and writes the wish
    from the captions of both by a template. Here vectors stay what they are, the wish is the caption of the item, and
    so the neighbour has to have another one, or the wish would say nothing new.

    Parameters
    ----------
    encoder : turns wishes into vectors of the dimension of the references, as queries.
    alpha : of learning from captions, from 0 (the reference is the item) to 1 (it is its neighbour).
    hidden : units of each layer, at least 1.
    dropout : share of the units that is left out in training, from 0 to below 1.
    n_negatives : hits of a query that are wrong, to learn against; of learning from judgments, at least 0.
    temperature : of the softmax, above 0.
    n_epochs : passes over the triplets, at least 0.
    batch_size : triplets in a step, at least 2.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    weight_decay : of AdamW, at least 0.
    random_state : seed of the first weights, of what is left out, and of the order of triplets.

    Attributes
    ----------
    weights_ : the weights of the network, by name.
    losses_ : (n_epochs,) the mean loss of each epoch.

    References
    ----------
    Huynh, Yang, Tawari, Shah, Tran, Hamid, Chilimbi, Shrivastava (2025). CoLLM: A Large Language Model for Composed
    Image Retrieval. CVPR. arXiv:2503.19910.

    Baldrati, Bertini, Uricchio, Del Bimbo (2022). Effective Conditioned and Composed Image Retrieval Combining
    CLIP-Based Features. CVPR.

    Examples
    --------
    Items are things in five colours each. Forty things are known with the colours of theirs as captions, ten others
    are asked for in tan, each by the red one; the mean of that and of the word finds none:

    >>> from inlay.core.vectors import product_top_k
    >>> from inlay.encoders.text import HashingEncoder
    >>> encoder, words = HashingEncoder(dim=16), ["red", "blue", "pink", "grey", "tan"]
    >>> rng = np.random.default_rng(0)
    >>> things, colours = rng.normal(size=(50, 1, 16)), 0.7 * rng.normal(size=(5, 16))
    >>> X = normalize((things + colours).reshape(250, 16))
    >>> known = Search(product_top_k(X[:1], X[:200], 1), X=X[:200], items=words * 40)
    >>> composer = LearnedComposition(
    ...     encoder, hidden=32, dropout=0.0, n_epochs=20, batch_size=64, learning_rate=0.04
    ... ).fit(known)
    >>> new, mean = composer.compose(X[200::5], ["tan"] * 10), X[200::5] + encoder.encode(["tan"])
    >>> [int((product_top_k(q, X, 1).ids[:, 0] == np.arange(204, 250, 5)).sum()) for q in (new, mean)]
    [10, 0]
    """

    paper: ClassVar[str] = "huynh2025collm"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: dict[str, NDArray[np.float32]]
    losses_: NDArray[np.float64]

    def __init__(
        self,
        encoder: Encoder,
        *,
        alpha: float = 0.65,
        hidden: int = 256,
        dropout: float = 0.5,
        n_negatives: int = 3,
        temperature: float = 0.05,
        n_epochs: int = 30,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.encoder = encoder
        self.alpha = alpha
        self.hidden = hidden
        self.dropout = dropout
        self.n_negatives = n_negatives
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for a ranker names no encoder.
        encoder = next(entry for entry in methods() if entry.name == "HashingEncoder").load()
        yield cls(encoder(dim=8), hidden=6, n_epochs=3, learning_rate=0.01)
        yield cls(encoder(dim=8), alpha=0.5, hidden=4, dropout=0.0, n_epochs=1, batch_size=4, random_state=1)

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn from judgments, or from the stored items and their captions where `y` is None.

        Parameters
        ----------
        search : with `Q`, `X` and `queries` where there are judgments, else with `X` and its captions as `items`.
        y : for each reference with its wish the grades of rows; those above 0 are right.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, the search lacks a member, or the network does not come to finite numbers.
        ShapeError
            If there is not one entry of `y` for each query or one caption for each row, or `y` names a row that `X`
            lacks.
        DataError
            If nothing is judged right, or all rows have one caption.
        """
        self._check_parameters()
        nn = load("inlay.nn.composition", extra="nn", purpose="LearnedComposition")
        if y is None:
            X, W = self._captioned(search)
            weights, losses = nn.learn_captioned(X, W, alpha=self.alpha, **self._training())
        else:
            weights, losses = nn.learn_judged(*self._judged(search, y), **self._training())
        if not all(np.isfinite(part).all() for part in weights.values()):
            raise ParameterError(
                "LearnedComposition did not come to finite numbers; lower learning_rate, which is "
                f"{self.learning_rate}."
            )
        self.weights_, self.losses_ = weights, np.array(losses)
        return self

    def compose(self, Q: FloatArray, queries: Sequence[Any]) -> FloatArray:
        """Return the new query of each reference, (n, d), with the wish at its place; of length one.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If a wish is a pair.
        ShapeError
            If references are not of the dimension of `fit`, or there is not one wish for each.
        """
        self._check_fitted()
        p = {name: np.asarray(value, np.float64) for name, value in self.weights_.items()}
        R = normalize(as_vectors(Q, "Q", dim=len(p["correction.bias"]))).astype(np.float64)
        if len(queries) != len(R):
            raise ShapeError(f"There must be one wish for each of {len(R)} references, got {len(queries)}.")
        W = self._wishes(queries, R.shape[1]).astype(np.float64)

        def layer(name: str, Z: NDArray[np.float64]) -> NDArray[np.float64]:
            out: NDArray[np.float64] = Z @ p[f"{name}.weight"].T + p[f"{name}.bias"]
            return out

        both = np.maximum(np.concatenate([layer("of_reference", R), layer("of_wish", W)], axis=1), 0)
        joint, gate = (np.maximum(layer(name, both), 0) for name in ("joint", "gate"))
        share = 1 / (1 + np.exp(-np.clip(layer("share", gate), -500, 500)))
        return normalize(layer("correction", joint) + share * W + (1 - share) * R)

    def rank(self, search: Search) -> Search:
        """Search all stored rows with the new queries; a query without hits stays as it was.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search has no `Q`, no `X` or no `queries`, or a wish is a pair.
        ShapeError
            If vectors have another dimension than in `fit`.
        """
        self._check_fitted()
        Q, _ = looked_at(search, "LearnedComposition")
        search.need("LearnedComposition", "queries")
        return again(search, self.compose(Q, cast(Sequence[Any], search.queries)))

    def _captioned(self, search: Search) -> tuple[FloatArray, FloatArray]:
        search.need("LearnedComposition", "X", "items")
        X, items = normalize(as_vectors(np.asarray(search.X))), cast(Sequence[Any], search.items)
        if len(items) != len(X):
            raise ShapeError(f"items must hold one caption for each of {len(X)} rows, got {len(items)}.")
        W = self._wishes(items, X.shape[1])
        if not np.ptp(W, axis=0).any():
            raise DataError("LearnedComposition needs items of two captions or more to learn from, and got one.")
        return X, W

    def _judged(
        self, search: Search, y: Grades
    ) -> tuple[FloatArray, FloatArray, FloatArray, IdArray, IdArray, IdArray]:
        Q, X = looked_at(search, "LearnedComposition")
        search.need("LearnedComposition", "queries")
        right = relevant_rows(judgments("LearnedComposition", len(Q), y, n_rows=len(X)))
        triplets = [(i, row) for i, rows in enumerate(right) for row in rows]
        if not triplets:
            raise DataError("LearnedComposition needs rows that are right to learn from, and y names none.")
        hits = [ids[ids >= 0].tolist() for ids in search.hits.ids]
        wrong = [[row for row in ids if row not in rows] for ids, rows in zip(hits, right, strict=True)]
        W = self._wishes(cast(Sequence[Any], search.queries), Q.shape[1])
        padded = _padded(right), _padded([rows[: self.n_negatives] for rows in wrong])
        return normalize(Q), W, normalize(as_vectors(X)), np.array(triplets), *padded

    def _wishes(self, items: Sequence[Any], dim: int) -> FloatArray:
        """Return the vectors of wishes, of length one."""
        if any(isinstance(item, tuple | list) for item in items):
            raise ParameterError(
                "A wish of LearnedComposition is one item; say in it what to take away, or use ComposedQuery for pairs."
            )
        if not len(items):
            return np.zeros((0, dim), np.float32)
        return normalize(as_vectors(self.encoder.encode(list(items), role="query"), "the encoder's vectors", dim=dim))

    def _training(self) -> dict[str, Any]:
        names = ("hidden", "dropout", "temperature", "n_epochs", "batch_size", "learning_rate", "weight_decay")
        return {name: getattr(self, name) for name in (*names, "random_state")}

    def _check_parameters(self) -> None:
        counts = {"hidden": 1, "n_negatives": 0, "n_epochs": 0, "batch_size": 2}
        check_numbers(
            self,
            at_least={"alpha": 0, "dropout": 0, "weight_decay": 0, **counts},
            above={"temperature": 0, "learning_rate": 0},
            at_most={"alpha": 1},
            below={"dropout": 1},
        )


def _padded(rows: list[list[int]]) -> IdArray:
    out = np.full((len(rows), max(1, *(len(some) for some in rows))), -1, np.int64)
    for i, some in enumerate(rows):
        out[i, : len(some)] = some
    return out
