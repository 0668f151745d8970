"""Ranking of what people found alike among everything else."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import FloatArray, IdArray, Reading
from inlay.core.vectors import normalize
from inlay.data.datasets import load
from inlay.tasks._inputs import columns, numbers, vectors

_HELD = 1 << 22  # scores at a time


class EvalRank(Task):
    r"""Rank the partner of each text that people found alike among all other texts of the set.

    The pairs that were judged best are positive; each asks in both directions. The pool is every text of the set, and
    the rank of a partner is the place it takes in it,

    .. math:: \mathrm{rank}(x, y) = 1 + |\{z \in P \setminus \{x\} : \mathrm{sim}(x, z) > \mathrm{sim}(x, y)\}|
              \qquad \mathrm{MRR} = \frac{1}{m} \sum_{i=1}^{m} \frac{1}{\mathrm{rank}_i}

    ``mrr`` is the main score; ``hits_at_1`` and ``hits_at_3`` are how often the rank is at most that, ``mean_rank`` is
    their mean. Use it beside `STS`, where it counts how unlike pairs are ordered, which few uses ask for; the paper
    finds that ranks follow the scores of later tasks better than correlations do. For words, the data are judged pairs
    of words.

    Parameters
    ----------
    data : ``text1``, ``text2`` and ``score``, or ``word1``, ``word2`` and ``score``, larger for more alike. A column
        ``background``, of any length, adds texts to the pool. The paper takes all parts of STS-B together with STR,
        24,957 sentences; a smaller pool gives higher scores.
    share : the share of the pairs, best first, that are positive, above 0 and at most 1; pairs as good as the last of
        them are positive, too.
    similarity : ``"cosine"`` or ``"euclidean"``, the negative distance.
    center : take the mean of the pool from all vectors and scale them to length one, as the paper's code does.

    References
    ----------
    Wang, Kuo, Li (2022). Just Rank: Rethinking Evaluation with Word and Sentence Similarities. ACL. arXiv:2203.02679

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "text1": ["a cat sat", "a dog ran", "rain fell", "stocks rose"],
    ...     "text2": ["a cat sat down", "one dog ran", "it was dry", "a dog barked"],
    ...     "score": [5, 5, 1, 0],
    ... }
    >>> print(EvalRank(pairs, share=0.5).run(HashingEncoder())[0])
    mrr 1 (n=4, higher is better)
    """

    paper: ClassVar[str] = "wang2022just"

    def __init__(
        self, data: Any = "stsbenchmark", share: float = 0.25, *, similarity: str = "cosine", center: bool = True
    ) -> None:
        self.data = data
        self.share = share
        self.similarity = similarity
        self.center = center

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        pairs = {
            "text1": ["a cat sat", "a cat sat", "rain fell", "rain fell"],
            "text2": ["a cat sat down", "stocks rose", "a cat", "rain is falling"],
            "score": [5, 0, 1, 4],
        }
        yield cls(pairs, share=0.5)
        yield cls({**pairs, "background": ["snow"]}, similarity="euclidean", center=False)

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; ``mrr`` first."""
        if not 0 < self.share <= 1:
            raise ParameterError(f"share must be above 0 and at most 1, got {self.share}.")
        if self.similarity not in ("cosine", "euclidean"):
            raise ParameterError(f"similarity must be cosine or euclidean, got {self.similarity!r}.")
        loaded = load(self.data)
        kind = "word" if "word1" in loaded else "text"
        found = columns(loaded, f"{kind}1", f"{kind}2", "score", task="EvalRank")
        judged = numbers(found, "score", task="EvalRank")
        left, right = list(found[f"{kind}1"]), list(found[f"{kind}2"])
        row = {text: i for i, text in enumerate(dict.fromkeys([*left, *right, *found.get("background", ())]))}

        least = np.sort(judged)[::-1][max(1, round(self.share * len(judged))) - 1]
        good = [(left[i], right[i]) for i in np.flatnonzero(judged >= least) if left[i] != right[i]]
        if not good:
            raise DataError("EvalRank needs a positive pair of two different texts; all judged best are equal.")
        asked = dict.fromkeys([*good, *((b, a) for a, b in good)])
        pairs = np.array([(row[a], row[b]) for a, b in asked], np.int64)

        X = vectors(encoder, list(row))
        if self.center:
            X = normalize(X - X.mean(0, dtype=np.float64).astype(np.float32))
        elif self.similarity == "cosine":
            X = normalize(X)
        ranks = _ranks(X, pairs, euclidean=self.similarity == "euclidean")
        scores = {"mrr": 1 / ranks, "hits_at_1": ranks <= 1, "hits_at_3": ranks <= 3}
        return [
            *(Reading.of(name, Sample("mean", (score,))) for name, score in scores.items()),
            Reading.of("mean_rank", Sample("mean", (ranks,)), better="lower"),
        ]


def _ranks(X: FloatArray, pairs: IdArray, *, euclidean: bool) -> NDArray[np.float64]:
    """Return 1 and the number of rows that are nearer to the first of each pair than the second is, (m,)."""
    wide = X.astype(np.float64)
    lengths = np.einsum("ij,ij->i", wide, wide)
    # x is nearer to y than to z where xy - |y|²/2 is larger than xz - |z|²/2
    half = lengths / 2 if euclidean else np.zeros(len(X))
    slack = 1e-12 * lengths.max()  # far below what float32 tells apart, above what sums of float64 round away
    ranks = np.empty(len(pairs))
    step = max(1, _HELD // len(X))
    for start in range(0, len(pairs), step):
        asked, partner = pairs[start : start + step].T
        S = wide[asked] @ wide.T - half
        rows = np.arange(len(asked))
        better = S - S[rows, partner][:, None] > slack
        better[rows, asked] = False
        ranks[start : start + step] = 1 + better.sum(1)
    return ranks
