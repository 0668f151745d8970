"""Filtered: search among some of the rows, in the way that suits how many are allowed."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from inlay.core.contracts import Index, Where
from inlay.core.errors import ParameterError
from inlay.core.neighbourhoods import share_found
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import product_top_k, rescore

from ._plans import NAMES, cost, effort
from ._plans import Plan as Plan
from ._stored import allowed, queries, stored

K = 10
HELD_OUT = 50  # rows that measure recall
SHARES = (0.001, 0.01, 0.1, 0.5)


class Filtered(Index):
    r"""Search any index with a filter before, in or after it, whichever is the cheapest that finds enough.

    With a part s of the rows allowed there are three plans:

    - "pre" compares all :math:`sn` allowed rows, exactly;
    - "in" gives the filter to the index, which meets :math:`1/s` times as many rows;
    - "post" asks the index for :math:`k / s` rows, times `slack`, and leaves out what is not allowed.

    No plan is best everywhere (Iff et al. 2025). `fit` measures the recall of the last two with random filters that
    let 0.1 %, 1 %, 10 % and 50 % of the rows through, and a search takes the cheapest plan whose recall there, with
    the next smaller part, is at least `recall`. Costs are counted in rows, never timed, so that the same rows give the
    same plan on every machine; `plan` shows the choice. What the plan finds is scored by the full vectors, and a query
    with fewer than k hits is answered exactly, so that a filter never costs hits.

    Conditions are masks, which numpy combines: ``where=(year >= 2020) & (year < 2024) & np.isin(kind, ["a", "b"])``.
    A filter that goes with the vectors, such as a topic far from the query, may find less than was measured with
    random ones.

    Use it around `HNSW`, `Faiss` or `Coded` where filters differ much in what they let through. `Exact` needs no plan.

    Parameters
    ----------
    index : the index; a copy of it is fitted. It stores vectors.
    recall : above 0 and at most 1.
    slack : how many times as many rows "post" asks for than k / s, at least 1.
    plans : those to choose from, of "pre", "in" and "post".
    random_state : seed of the rows and filters that measure recall.

    Attributes
    ----------
    index_ : the index, fitted.
    vectors_ : (n, d) float32, the stored vectors; shared with the index in memory where that stores the same.
    readings_ : ``{"selectivity": s, "in": recall@10, "post": recall@10}``, where at least 10 rows are let through.

    References
    ----------
    Iff, Brügger, Chrapek, Kochergin, Besta, Hoefler (2025). Benchmarking Filtered Approximate Nearest Neighbor
    Search Algorithms on Transformer-based Embedding Vectors. arXiv:2507.21989.

    Examples
    --------
    >>> from inlay.indexes import Exact
    >>> X, year = np.eye(4), np.array([2019, 2021, 2022, 2023])
    >>> index = Filtered(Exact()).fit(X)
    >>> index.search(X[:1], k=2, where=(year > 2020) & (year < 2023)).ids
    array([[1, 2]])
    >>> plan = index.plan((year > 2020) & (year < 2023), k=2)
    >>> plan.name, plan.selectivity
    ('pre', 0.5)
    """

    paper: ClassVar[str] = "iff2025benchmarking"

    index_: Any
    vectors_: FloatArray
    readings_: list[dict[str, float]]

    def __init__(
        self,
        index: Index,
        *,
        recall: float = 0.95,
        slack: float = 2.0,
        plans: Sequence[str] = NAMES,
        random_state: int = 0,
    ) -> None:
        self.index = index
        self.recall = recall
        self.slack = slack
        self.plans = plans
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        from .exact import Exact

        yield cls(Exact())
        yield cls(Exact("float16"), plans=("in", "post"), slack=1.0, recall=0.9, random_state=1)

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors in the index, and measure how much of the exact hits the plans find.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `index` does not store vectors.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        self._check_parameters()
        X = stored(X, "float32")
        X = X.view()
        X.flags.writeable = False  # so that the index keeps it rather than copy it
        self.vectors_, self.index_, self.readings_ = X, clone(self.index).fit(X), []
        rng = np.random.default_rng(self.random_state)
        Q = np.asarray(X[rng.permutation(len(X))[:HELD_OUT]])
        for share in SHARES:
            rows = np.flatnonzero(rng.random(len(X)) < share)
            if len(rows) < K:
                continue
            exact = product_top_k(Q, X, K, rows=rows)
            reading = {"selectivity": share}
            for name in NAMES[1:]:
                found = self._ask(name, Q, K, rows).ids
                reading[name] = float(share_found(Q, X, found, exact).mean())
            self.readings_.append(reading)
        return self

    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are, in the index as well; the readings stay.

        Raises
        ------
        ParameterError
            If the index cannot grow.
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        if not hasattr(self.index_, "add"):
            raise ParameterError(f"{type(self.index_).__name__} has no add; fit the index again with all rows.")
        more = stored(X, "float32", dim=self.vectors_.shape[1])
        self.index_.add(more)
        # Most indexes hold the vectors themselves; those are shared then.
        held: Any = getattr(self.index_, "vectors_", None)
        shape = len(self.vectors_) + len(more), more.shape[1]
        shared = held is not None and held.shape == shape and held.dtype == more.dtype
        self.vectors_ = held if shared else np.concatenate([self.vectors_, more])
        return self

    def plan(self, where: Where | None, k: int) -> Plan:
        """Return how a search among the rows that `where` allows would be made.

        Raises
        ------
        ShapeError
            If `where` names rows that there are not.
        """
        self._check_fitted()
        self._check_parameters()
        n, rows = len(self.vectors_), allowed(where, len(self.vectors_))
        if rows is None:
            return Plan(
                "all", 1.0, effort(self.index_, n, k), 1.0, "every row is allowed: the index is asked without a filter"
            )
        share = len(rows) / max(n, 1)
        known = [reading for reading in self.readings_ if reading["selectivity"] <= share]
        made = {}
        for name in self.plans:
            recall = 1.0 if name == "pre" else known[-1][name] if known else 0.0
            price = cost(name, self.index_, n, share, k, self._depth(k, len(rows)))
            made[name] = Plan(name, share, price, recall, "")
        enough = [plan for plan in made.values() if plan.recall >= self.recall]
        best = min(enough, key=lambda plan: plan.cost) if enough else max(made.values(), key=lambda plan: plan.recall)
        others = [
            f"{p.name} costs {p.cost:,.0f} at a recall of {p.recall:.3f}" for p in made.values() if p.name != best.name
        ]
        why = f"{len(rows):,} of {n:,} rows are allowed; {best.name} costs about {best.cost:,.0f} rows at a recall of "
        why = "; ".join([f"{why}{best.recall:.3f}", *others])
        return Plan(best.name, share, best.cost, best.recall, why)

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` allowed rows for each query by the plan that `plan` shows.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has another dimension or is not finite, or `where` names rows that there are not.
        """
        self._check_fitted()
        Q, k = queries(Q, k, self.vectors_.shape[1])
        rows = allowed(where, len(self.vectors_))
        if rows is None:
            return rescore(Q, self.vectors_, self.index_.search(Q, k).ids, k)
        return self._ask(self.plan(rows, k).name if len(rows) else "pre", Q, k, rows)

    def _ask(self, name: str, Q: FloatArray, k: int, rows: IdArray) -> Hits:
        X = self.vectors_
        if name == "pre":
            return product_top_k(Q, X, k, rows=rows)
        if name == "in":
            ids = self.index_.search(Q, k, where=rows).ids
        else:
            mask = np.isin(np.arange(len(X)), rows, assume_unique=True)
            ids = self.index_.search(Q, self._depth(k, len(rows))).ids
            ids = np.where((ids >= 0) & mask[ids], ids, -1)
            ids = np.take_along_axis(ids, np.argsort(ids < 0, axis=1, kind="stable")[:, : int(self.slack * k)], 1)
        hits = rescore(Q, X, ids, k)
        short = np.flatnonzero(hits.counts < min(k, len(rows)))
        if not len(short):
            return hits
        best, scores = hits.ids.copy(), hits.scores.copy()
        rest = product_top_k(Q[short], X, k, rows=rows)
        best[short], scores[short] = rest.ids, rest.scores
        return Hits(best, scores)

    def _depth(self, k: int, n_allowed: int) -> int:
        n = len(self.vectors_)
        return max(1, min(n, int(np.ceil(self.slack * k * n / max(n_allowed, 1)))))

    def _check_parameters(self) -> None:
        if getattr(self.index, "stores", None) != "vectors":
            raise ParameterError(f"index must be one that stores vectors, got {self.index!r}.")
        if not 0 < self.recall <= 1 or not 1 <= self.slack < np.inf:
            raise ParameterError(
                f"recall must be above 0 and at most 1, slack finite and at least 1, got {self.recall}, {self.slack}."
            )
        if not self.plans or not set(self.plans) <= set(NAMES):
            raise ParameterError(f"plans must be some of {', '.join(NAMES)}, got {self.plans!r}.")
