"""The next query of a question over several passages, made of vectors alone."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.judgments import judgments, relevant_rows
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import normalize, product_top_k

from ._again import looked_at
from ._branches import in_order, pruned


class TreeHop(Ranker):
    r"""Search for the next passage with a query made of the last query and the passage that it found (Li et al. 2025).

    A question over several passages names only the first. A small network makes the next query of the vectors of a
    query q and of a passage d that it found,

    .. math:: q' = q - d + \mathrm{UpdateGate}(q, d), \qquad
              \mathrm{UpdateGate} = \mathrm{softmax}\!\Bigl(\frac{W_q q \odot W_k d}{\sqrt h}\Bigr) \odot W_v d

    with residual layers behind it: what both share is taken away, and the gate lets in what d brings anew. Each of the
    first hits makes a query of its own. Of all that these find, what was found before is dropped (redundancy pruning),
    and the best `n_passages` are kept, to go on from (layer-wise top pruning). The hits are those of the first hop,
    then those of the second, and so on; the rest of the first search fills the places behind. A score is the inner
    product with the query that found the hit, and at most that of the place before.

    Use it where answers need several passages and a language model between two searches is too slow; `Rocchio` stays
    with what the question names. It has to be trained on vectors of the encoder that it will be used with, and on some
    hundreds of questions whose passages are all known; they may be made, from passages that name one another.

    Parameters
    ----------
    n_hops : searches, the first one counted, at least 2.
    n_passages : passages that a hop adds, at least 1; None divides the places of the search by `n_hops`.
    dim_hidden : width of a head, at least 1; None for the dimension of the vectors.
    n_heads, n_layers : heads, and residual layers in each, at least 1.
    n_negatives : hits of a query that are irrelevant, to learn against, at least 0.
    temperature : of the loss, above 0.
    n_epochs, batch_size, learning_rate : of the training by AdamW; without an epoch, a next query is that of the start.
    weight_decay : of AdamW towards the start, at least 0: a weight goes at most about ``1 / weight_decay`` of its size
        away from it. Take less where there are many thousands of questions, or where all follow a simple rule.
    random_state : seed of the start and of the training.

    Attributes
    ----------
    weights_ : the weights of the network, by name.
    losses_ : the mean loss of each epoch.

    Notes
    -----
    The equations, the residual layers, the single head, InfoNCE and its five negatives are those of the paper's
    program; the temperature of the loss and the sizes are lower. It starts at random and learns from 2WikiMultihopQA's
    167,000 questions. A thousand would be learned by heart, and so the gate starts at twice d here, the next query at
    q + d, which is near the vector of question and passage read together, and is held near by weight decay. The order
    in which a question needs its passages is not known here: a relevant passage among the first hits leads to those
    that the first hits lack, or to the other relevant ones where they lack none.

    References
    ----------
    Li, Zhang, Ou, Liu, Hu (2025). TreeHop: Generate and Filter Next Query Embeddings Efficiently for Multi-hop
    Question Answering. arXiv:2504.20114.

    Examples
    --------
    A fact is of two halves: whom it is about, and what it says. A question names a person and what is asked of the
    person's town; one fact says which town that is, and the next has the answer. All questions follow the same rule, so
    that weights may go far. On those that are new, the next query is nearer to that fact than the question is:

    >>> rng = np.random.default_rng(0)
    >>> people, towns, answers = (normalize(rng.normal(size=(300, 6))) for _ in range(3))
    >>> X = normalize(np.concatenate([np.hstack([people, towns]), np.hstack([towns, answers])]))
    >>> Q = normalize(np.hstack([people, answers]))
    >>> known = Search(product_top_k(Q[:250], X, 4), Q=Q[:250], X=X)
    >>> hops = TreeHop(learning_rate=0.05, weight_decay=0.1).fit(known, [{i: 1, 300 + i: 1} for i in range(250)])
    >>> fresh = hops.next_queries(Q[250:], X[250:300])
    >>> [round(float((queries * X[550:]).sum(axis=1).mean()), 1) for queries in (Q[250:], fresh)]
    [0.4, 0.8]
    """

    paper: ClassVar[str] = "li2025treehop"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: dict[str, NDArray[Any]]
    losses_: list[float]

    def __init__(
        self,
        n_hops: int = 2,
        *,
        n_passages: int | None = None,
        dim_hidden: int | None = None,
        n_heads: int = 1,
        n_layers: int = 3,
        n_negatives: int = 5,
        temperature: float = 0.05,
        n_epochs: int = 10,
        batch_size: int = 64,
        learning_rate: float = 5e-3,
        weight_decay: float = 10.0,
        random_state: int = 0,
    ) -> None:
        self.n_hops = n_hops
        self.n_passages = n_passages
        self.dim_hidden = dim_hidden
        self.n_heads = n_heads
        self.n_layers = n_layers
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
        yield cls(dim_hidden=4, n_heads=2, n_layers=1, n_epochs=2)
        yield cls(3, n_passages=2, dim_hidden=4, n_heads=1, n_layers=2, n_negatives=2, n_epochs=2, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn from questions whose passages are known.

        Parameters
        ----------
        search : a first search, with `Q` and `X`.
        y : for each question the grades of rows; those above 0 are the passages of all its hops.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `y` or a member of the search is missing.
        ShapeError
            If there is not one entry of `y` for each question, or it names a row that `X` lacks.
        DataError
            If no question has two relevant passages.
        """
        self._check()
        Q, X = looked_at(search, "TreeHop")
        relevant = relevant_rows(judgments("TreeHop", len(Q), y, n_rows=len(X)))
        hops = [hop for i, rows in enumerate(relevant) for hop in self._hops(i, rows, search.hits)]
        if not hops:
            raise DataError("TreeHop needs questions with two relevant passages or more to learn from, and got none.")
        wrong = [[row for row in search.hits.ids[i] if row >= 0 and row not in rows] for i, rows in enumerate(relevant)]
        load("torch", extra="nn", purpose="TreeHop")
        from inlay.nn.tree_hop import train_tree_hop

        weights, losses = train_tree_hop(
            normalize(Q),
            normalize(X),
            np.array(hops),
            _padded(relevant),
            _padded([rows[: self.n_negatives] for rows in wrong]),
            dim_hidden=X.shape[1] if self.dim_hidden is None else self.dim_hidden,
            n_heads=self.n_heads,
            n_layers=self.n_layers,
            temperature=self.temperature,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            random_state=self.random_state,
        )
        if not all(np.isfinite(np.asarray(part)).all() for part in (losses, *weights.values())):
            raise ParameterError(
                f"learning_rate={self.learning_rate} is too high: what was learned is not finite. Lower it."
            )
        self.weights_, self.losses_ = weights, losses
        self.__dict__.pop("_gate", None)
        return self

    def next_queries(self, Q: FloatArray, D: FloatArray) -> FloatArray:
        """Return the next query of each query with the passage beside it, both (n, d), at length one."""
        self._check_fitted()
        torch = load("torch", extra="nn", purpose="TreeHop")
        if not hasattr(self, "_gate"):
            from inlay.nn.tree_hop import tree_hop_gate

            self._gate = tree_hop_gate(self.weights_)
        dim = self.weights_["back.weight"].shape[0]
        if Q.shape != D.shape or Q.shape[1] != dim:
            raise ShapeError(f"TreeHop was fitted on vectors of {dim} dimensions, got {Q.shape} and {D.shape}.")
        with torch.inference_mode():
            out = self._gate(*(torch.from_numpy(normalize(V).astype(np.float64)) for V in (Q, D)))
        return normalize(out.numpy())

    def rank(self, search: Search) -> Search:
        """Return the hits of all hops; `Q` stays what it was, for each hit has a query of its own.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If a parameter is out of its range, or the search lacks `Q` or `X`.
        ShapeError
            If the vectors have another dimension than those of `fit`.
        """
        self._check_fitted()
        self._check()
        Q, X = looked_at(search, "TreeHop")
        n, k, dim = len(Q), search.hits.k, Q.shape[1]
        if not n or not k or not len(X):
            return search.found(search.hits)
        width = self._width(k)
        ids, scores = search.hits.ids[:, :width], search.hits.scores[:, :width]
        asked = np.repeat(Q[:, None], ids.shape[1], axis=1)
        found, worth = [ids], [scores]
        for _ in range(1, self.n_hops):
            m = ids.shape[1]
            real = np.flatnonzero(ids.ravel() >= 0)
            D = np.asarray(X[ids.ravel()[real]], np.float32)
            fresh = np.zeros((n * m, dim), np.float32)
            fresh[real] = self.next_queries(asked.reshape(-1, dim)[real], D)
            hits = product_top_k(fresh[real], X, width, rows=search.rows)
            branch_ids, branch_scores = np.full((n * m, width), -1), np.full((n * m, width), -np.inf, np.float32)
            branch_ids[real], branch_scores[real] = hits.ids, hits.scores
            seen = np.concatenate(found, axis=1)
            ids, scores, place = pruned(branch_ids.reshape(n, -1), branch_scores.reshape(n, -1), seen, width)
            asked = np.take_along_axis(fresh.reshape(n, m, dim), (place // width)[:, :, None], axis=1)
            found.append(ids)
            worth.append(scores)
        found.append(search.hits.ids[:, width:])
        worth.append(search.hits.scores[:, width:])
        return search.found(in_order(np.concatenate(found, axis=1), np.concatenate(worth, axis=1), k))

    def _check(self) -> None:
        counts = {"n_hops": 2, "n_heads": 1, "n_layers": 1, "n_negatives": 0, "n_epochs": 0, "batch_size": 2}
        given = {name: 1 for name in ("n_passages", "dim_hidden") if getattr(self, name) is not None}
        check_numbers(
            self,
            at_least=counts | given | {"weight_decay": 0},
            above={"temperature": 0, "learning_rate": 0},
        )

    def _width(self, k: int) -> int:
        return min(k, -(-k // self.n_hops) if self.n_passages is None else self.n_passages)

    def _hops(self, i: int, relevant: list[int], hits: Hits) -> list[tuple[int, int, int]]:
        """Return which passage of a question leads to which."""
        row = hits.ids[i].tolist()
        first = set(row[: self._width(hits.k)])
        found = [one for one in relevant if one in first]
        missed = [one for one in relevant if one not in first]
        if not found:  # the one that is nearest to being found
            found = sorted(relevant, key=lambda one: row.index(one) if one in row else len(row))[:1]
        return [(i, a, b) for a in found for b in (missed or relevant) if b != a]


def _padded(rows: list[list[int]]) -> IdArray:
    out = np.full((len(rows), max(1, *(len(some) for some in rows))), -1, np.int64)
    for i, some in enumerate(rows):
        out[i, : len(some)] = some
    return out
