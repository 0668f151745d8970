"""Prediction of links in knowledge graphs."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError
from inlay.core.sample import Sample
from inlay.core.values import IdArray, Reading
from inlay.data.datasets import load
from inlay.tasks._inputs import columns
from inlay.tasks._plain import number

from ._scorer import ScoresTriples, Translation

_DATA = "KnowledgeLinkPrediction"
_BLOCK = 1 << 23  # scores held at once
_TRIPLE = ("head", "relation", "tail")
_Score = Callable[[slice], NDArray[Any]]  # the triples asked -> scores of all entities


class KnowledgeLinkPrediction(Task):
    r"""Complete facts: rank all entities as the tail of (h, r, ?), and as the head of (?, r, t).

    Entities that make another known fact are left out of a ranking (it is filtered), and equal scores share the mean of
    their best and their worst rank. The main score is ``mrr``, over both directions of all test triples T,

    .. math:: \mathrm{MRR} = \frac{1}{2 |T|} \sum_{(h, r, t) \in T}
              \frac{1}{\mathrm{rank}(h)} + \frac{1}{\mathrm{rank}(t)};

    ``hits_at_1``, ``hits_at_3``, ``hits_at_10`` and ``mean_rank`` stand beside it; ``adjusted_mean_rank_index``, which
    is 0 for chance and 1 where each rank is the first; the MRR of each direction; and that of a baseline which ranks by
    how often an entity was head or tail of the relation in the train part. Use `LinkPrediction` where all edges are of
    one kind.

    An encoder is asked for the vectors of entities (role "document") and of relations (role "query"), and scores by
    :math:`-\lVert h + r - t \rVert_2`, as TransE does. A model with a score of its own has two methods that are
    asked instead, ``score_tails(heads, relations, entities)`` and ``score_heads(relations, tails, entities)``; both
    return (n, entities), larger for more plausible.

    Parameters
    ----------
    data : ``head``, ``relation`` and ``tail`` of the test part; ``train_head``, ``train_relation`` and ``train_tail``,
        and where there are, ``valid_head``, ``valid_relation`` and ``valid_tail``, all of them known facts.

    References
    ----------
    Bordes, Usunier, Garcia-Duran, Weston, Yakhnenko (2013). Translating Embeddings for Modeling Multi-relational Data.
    NeurIPS.

    Berrendorf, Faerman, Vermue, Tresp (2020). On the Ambiguity of Rank-Based Evaluation of Entity Alignment or Link
    Prediction Methods. arXiv:2002.06914

    Examples
    --------
    >>> import numpy as np
    >>> class Line:  # places on a line, and steps along it
    ...     def encode(self, items, *, role="document"):
    ...         return np.array([[1.0 if item == "next" else int(item)] for item in items])
    >>> data = {
    ...     "train_head": ["1", "2", "4"], "train_relation": ["next"] * 3, "train_tail": ["2", "3", "5"],
    ...     "head": ["3"], "relation": ["next"], "tail": ["4"],
    ... }
    >>> print(KnowledgeLinkPrediction(data).run(Line())[0])
    mrr 1 (n=1, higher is better)
    """

    paper: ClassVar[str] = "bordes2013translating"

    def __init__(self, data: Any = "fb15k-237") -> None:
        self.data = data

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "train_head": ["ann", "bob", "cid", "ann"],
                "train_relation": ["likes", "likes", "knows", "knows"],
                "train_tail": ["bob", "cid", "dan", "eve"],
                "head": ["cid", "dan"],
                "relation": ["likes", "knows"],
                "tail": ["ann", "bob"],
            }
        )

    def run(self, encoder: Encodes | ScoresTriples) -> list[Reading]:
        """Score an encoder, a pipeline, or a model that scores triples; the first reading is ``mrr``."""
        test, train, known, entities, relations = self._triples()
        # a model that scores triples is asked for no vectors
        scorer = encoder if isinstance(encoder, ScoresTriples) else Translation(encoder, entities, relations)
        heads, tails = ([entities[i] for i in test[side]] for side in (0, 2))
        names = [relations[i] for i in test[1]]
        frequency = np.zeros((2, len(relations), len(entities)))
        for side in (0, 2):
            np.add.at(frequency[side // 2], (train[1], train[side]), 1)
        scores: dict[str, tuple[_Score, _Score]] = {
            "": (
                lambda part: scorer.score_heads(names[part], tails[part], entities),
                lambda part: scorer.score_tails(heads[part], names[part], entities),
            ),
            "baseline_frequency_": (lambda part: frequency[0, test[1, part]], lambda part: frequency[1, test[1, part]]),
        }
        ranks, candidates, baseline = np.empty((3, 2, test.shape[1]))
        for side, step in enumerate((-1, 1)):  # read backwards, a triple asks for its head
            asked, filtered = test[::step], known[::step]
            ranks[side], candidates[side] = _ranks(scores[""][side], asked, filtered, len(entities))
            baseline[side], _ = _ranks(scores["baseline_frequency_"][side], asked, filtered, len(entities))
        expected = (candidates + 1) / 2
        return [
            Reading.of("mrr", Sample("mean", ((1 / ranks).mean(0),))),
            *(Reading.of(f"hits_at_{k}", Sample("mean", ((ranks <= k).mean(0),))) for k in (1, 3, 10)),
            Reading.of("mean_rank", Sample("mean", (ranks.mean(0),)), better="lower"),
            Reading.of(
                "adjusted_mean_rank_index", Sample("ratio", ((expected - ranks).mean(0), (expected - 1).mean(0)))
            ),
            Reading.of("head_mrr", Sample("mean", (1 / ranks[0],))),
            Reading.of("tail_mrr", Sample("mean", (1 / ranks[1],))),
            Reading.of("baseline_frequency_mrr", Sample("mean", ((1 / baseline).mean(0),))),
        ]

    def _triples(self) -> tuple[IdArray, IdArray, IdArray, list[Any], list[Any]]:
        """Return the triples (3, n) of the test part, the train part and all together; entities; relations."""
        found = load(self.data)
        prefixes = ["", "train_", *(["valid_"] if "valid_head" in found else [])]
        names = [[prefix + name for name in _TRIPLE] for prefix in prefixes]
        for part in names:
            found = columns(found, *part, task=_DATA)
        entities, ends = number(*(found[part[side]] for part in names for side in (0, 2)))
        relations, kinds = number(*(found[part[1]] for part in names))
        if len(entities) < 2:
            raise DataError(f"{_DATA} needs two entities, got {entities}.")
        triples = [np.stack([ends[2 * i], kind, ends[2 * i + 1]]) for i, kind in enumerate(kinds)]
        return triples[0], triples[1], np.unique(np.hstack(triples), axis=1), entities, relations


def _ranks(score: _Score, asked: IdArray, known: IdArray, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rank the last row of the triples `asked` among the `n` entities that make no other `known` triple.

    Returns
    -------
    ranks : the mean of the best and the worst rank, where scores are equal.
    candidates : how many entities were ranked.
    """
    key, known_key = (triples[0] * (known[1].max() + 1) + triples[1] for triples in (asked, known))
    order = np.argsort(known_key, kind="stable")
    known_key, answers = known_key[order], known[2, order]
    first, last = (np.searchsorted(known_key, key, side=side) for side in ("left", "right"))
    ranks = np.empty(len(key))
    step = max(1, _BLOCK // n)
    for start in range(0, len(key), step):
        part = slice(start, start + step)
        counts = (last - first)[part]
        S = np.array(score(part), np.float64)
        if S.shape != (len(counts), n) or not np.isfinite(S).all():
            raise DataError(f"{_DATA} needs finite scores of shape {(len(counts), n)}, got the shape {S.shape}.")
        true = S[np.arange(len(counts)), asked[2, part]][:, None]
        others = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - first[part], counts)
        S[np.repeat(np.arange(len(counts)), counts), answers[others]] = -np.inf  # the true one, too
        ranks[part] = 1 + (true < S).sum(1) + (true == S).sum(1) / 2
    return ranks, n - (last - first) + 1
