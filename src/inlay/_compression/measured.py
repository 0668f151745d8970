"""One way to store vectors, measured on a user's own."""

import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import get_tags

from inlay.core.contracts import Index
from inlay.core.errors import UnsupportedError
from inlay.core.fingerprint import fingerprint
from inlay.core.frozen import Frozen
from inlay.core.neighbourhoods import share_found
from inlay.core.resampling import with_interval
from inlay.core.sample import Sample
from inlay.core.values import FloatArray, Hits, IdArray, Reading
from inlay.core.vectors import pair_scores
from inlay.indexes import Coded, Exact, SparseCoded
from inlay.tasks.retrieval._measured import per_query

from .bound import Bound, bound

Known = dict[str, tuple[Coded | SparseCoded, float]]  # indexes by what codes for them, and the seconds it took
TIMED = 20  # single queries, of which the median is told
BOUNDED = 50  # queries on which the bound is computed
FEWEST_JUDGED = 40  # queries with judgments, of which half may be learned from
DEPTH = 5  # times k passages are found, where several may be of one document


@dataclass(frozen=True, slots=True)
class Trial:
    """On what everything is measured.

    Parameters
    ----------
    X : (n, d) stored vectors.
    Q : (n queries, d).
    k : places that count.
    exact : what exact search finds for `Q`.
    grades : of documents for each query, where there are judgments.
    documents : (n,) the number of the document that each row belongs to.
    pairs : (m, d) stored vectors and (m, d) queries to which they are the answers, of other queries than `Q`; None
        where nothing is to learn from them.
    """

    X: FloatArray
    Q: FloatArray
    k: int
    exact: Hits
    grades: Sequence[dict[int, int]] | None
    documents: IdArray
    pairs: tuple[FloatArray, FloatArray] | None = None

    def recall(self, hits: Hits) -> NDArray[np.float64]:
        """Return for each query the share of the exact hits that were found."""
        return share_found(self.Q, self.X, hits.ids[:, : self.k], self.exact.top(self.k))

    def ndcg(self, hits: Hits) -> NDArray[np.float64]:
        """Return the nDCG of each query."""
        best = _once(np.where(hits.ids >= 0, self.documents[hits.ids], -1), hits.scores)
        return per_query(best.top(self.k), self.grades or [], {"ndcg": f"nDCG@{self.k}"})["ndcg"]

    @property
    def depth(self) -> int:
        """How many rows have to be found, so that `k` documents are among them."""
        return depth_of(self.k, self.grades, self.documents)


def depth_of(k: int, grades: Sequence[dict[int, int]] | None, documents: IdArray) -> int:
    """Return how many rows have to be found, so that `k` documents are among them."""
    several = grades is not None and len(np.unique(documents)) < len(documents)
    return min(len(documents), k * DEPTH if several else k)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a way to store vectors costs, and what it keeps.

    Parameters
    ----------
    name : of the choice.
    index : that stores vectors so, not fitted.
    memory : bytes of a vector that have to be in memory.
    disk : bytes of a vector that are read from disk for the best candidates only.
    recall : the share of the exact hits that is found.
    ndcg : with the judgments, where there are some.
    kept : the share of the quality of exact search that is left: of the nDCG, or the recall itself.
    fit_s : seconds to learn.
    encode_us : microseconds to code a vector.
    search_ms : milliseconds that one query takes, the median.
    bound : how far rankings can have moved; None where scores are not products with what the codes stand for.
    """

    name: str
    index: Index
    memory: float
    disk: float
    recall: Reading
    ndcg: Reading | None
    kept: Reading
    fit_s: float
    encode_us: float
    search_ms: float
    bound: Bound | None


def measure(name: str, index: Index, trial: Trial, known: Known) -> Measured:
    """Fit a copy of `index` to the vectors of a trial, and measure it.

    What has been coded before is `known` by its codec, with the seconds that it took, and not coded again.
    """
    X, Q = trial.X, trial.Q
    fitted, seconds = _fitted(index, trial, known)
    if isinstance(index, Coded) and isinstance(fitted.codec_, Frozen):
        index = Coded(fitted.codec_, rescore=index.rescore, n_fit=index.n_fit)  # as it has to go into the space
    coding = 0.0
    if isinstance(fitted, Coded | SparseCoded):
        some = X[: min(len(X), 2000)]
        start = time.perf_counter()
        fitted.codec_.transform(some)
        coding = (time.perf_counter() - start) / len(some)
    hits = fitted.search(Q, trial.depth)
    found = Sample("mean", (trial.recall(hits),))
    recall = kept = with_interval(Reading.of(f"recall@{trial.k}", found))
    ndcg = None
    if trial.grades is not None:
        scores, exact = trial.ndcg(hits), trial.ndcg(trial.exact)
        ndcg = with_interval(Reading.of(f"ndcg@{trial.k}", Sample("mean", (scores,))))
        kept = with_interval(Reading.of(f"ndcg@{trial.k} kept", Sample("ratio", (scores, exact))))
    return Measured(
        name,
        index,
        memory=fitted.vectors_.itemsize * X.shape[1] if isinstance(fitted, Exact) else fitted.bytes_per_vector,
        disk=4.0 * X.shape[1] if getattr(fitted, "rescore", 0) else 0.0,
        recall=recall,
        ndcg=ndcg,
        kept=kept,
        fit_s=max(0.0, seconds - coding * len(X)),
        encode_us=1e6 * coding,
        search_ms=milliseconds(fitted, Q, trial.k),
        bound=_bound(fitted, trial) if isinstance(fitted, Coded) else None,
    )


def _fitted(index: Index, trial: Trial, known: Known) -> tuple[Any, float]:
    X, start = trial.X, time.perf_counter()
    if not isinstance(index, Coded | SparseCoded):
        return clone(index).fit(X), time.perf_counter() - start
    key = fingerprint(index.codec)
    if key not in known:
        coded = clone(index)
        if get_tags(index.codec).target_tags.required:
            if trial.pairs is None:
                raise UnsupportedError(f"it learns from queries with judgments, at least {FEWEST_JUDGED} of them")
            coded.codec = Frozen(clone(index.codec).fit(*trial.pairs))
        coded.fit(X)
        known[key] = coded, time.perf_counter() - start
    coded, seconds = known[key]
    again = copy(coded)  # the same codes, whether or not the best are compared again
    again.rescore, again.vectors_ = index.rescore, X if index.rescore else X[:0]
    return again, seconds


def _bound(index: Coded, trial: Trial) -> Bound | None:
    if not hasattr(index.codec_, "inverse_transform"):
        return None
    Q, exact = trial.Q[:BOUNDED], trial.exact.top(trial.k)
    exact = Hits(exact.ids[:BOUNDED], exact.scores[:BOUNDED])
    step = max(1, (16 << 20) // (4 * trial.X.shape[1]))
    parts = [index.codec_.inverse_transform(index.codes_[i : i + step]) for i in range(0, len(trial.X), step)]
    back = np.concatenate(parts)
    codes = copy(index)
    codes.rescore = 0  # what the codes alone say
    hits = codes.search(Q, trial.k)
    scale = float(np.abs(hits.scores[hits.ids >= 0]).max(initial=1e-12))
    if np.abs(pair_scores(Q, back, hits.ids) - hits.scores)[hits.ids >= 0].max(initial=0) > 1e-3 * scale:
        return None
    back -= trial.X
    return bound(Q, trial.X, np.linalg.norm(back, axis=1), exact, trial.k * max(1, index.rescore))


def milliseconds(index: Index, Q: FloatArray, k: int) -> float:
    """Return the median time of a search for one query."""
    index.search(Q[:1], k)  # what is made when first used is not a search
    times = []
    for q in Q[:TIMED]:
        start = time.perf_counter()
        index.search(q[None], k)
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def _once(ids: IdArray, scores: FloatArray) -> Hits:
    """Keep each document where it stands first."""
    order = np.argsort(ids, axis=1, kind="stable")
    ordered = np.take_along_axis(ids, order, 1)
    again = np.zeros_like(ids, bool)
    np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], 1)
    again |= ids < 0
    place = np.argsort(again, axis=1, kind="stable")
    return Hits(
        np.take_along_axis(np.where(again, -1, ids), place, 1),
        np.take_along_axis(np.where(again, -np.inf, scores), place, 1),
    )
