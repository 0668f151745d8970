"""Texts scored by the match of their tokens, held against judgements."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError
from inlay.core.sample import Sample
from inlay.core.values import Ragged, Reading

from ._correlations import correlations, judged_pairs
from ._greedy import bert_scores, take
from ._tokens import Side, tokens


class BERTScore(Task):
    r"""Score texts by matching the vectors of their tokens with those of a reference, and compare with judgements.

    Each token takes the most similar one of the other text,

    .. math:: P = \frac{1}{|\hat{x}|} \sum_{\hat{x}_j \in \hat{x}} \max_{x_i \in x} x_i^\top \hat{x}_j \qquad
              R = \frac{1}{|x|} \sum_{x_i \in x} \max_{\hat{x}_j \in \hat{x}} x_i^\top \hat{x}_j \qquad
              F = 2 \frac{P R}{P + R}

    for a candidate :math:`\hat{x}` and its reference x, with vectors of length one. The readings are the correlations
    of F, P and R with the judgements, ``f1_pearson`` first, and the means ``f1``, ``precision`` and ``recall``, which
    say how good the candidates are and not how good the encoder is. Use it to see whether an encoder can judge
    generated texts word by word; `STS` compares whole texts, `SemanticAnswerSimilarity` short answers.

    The vectors of tokens are those of ``encode_tokens(texts)`` where the encoder has it. Where it has not, every word
    is encoded by itself: the same equations on vectors without context, and then a measure of the encoder's words.

    Parameters
    ----------
    data : ``candidate``, ``reference`` and ``score``, the judgement of each pair, larger for better; or the
        ``text1``, ``text2`` and ``score`` of STS.
    layer : whose vectors the tokens have, from 0; None takes the last. The paper finds the best one on judged data,
        about two thirds up. Only for encoders with ``encode_tokens``.
    idf : weigh each word by :math:`\log \frac{M + 1}{m + 1}` where m of the M references hold it; for words only.
    rescale : map the means from the baseline b to 0 and from 1 to 1, :math:`\hat{F} = (F - b) / (1 - b)`, and P and R
        in the same way; correlations stay. The paper takes b from a million pairs of Common Crawl, here b is the
        mean over the data with each candidate beside the reference of another.
    random_state : decides the pairs of the baseline.

    References
    ----------
    Zhang, Kishore, Wu, Weinberger, Artzi (2020). BERTScore: Evaluating Text Generation with BERT. ICLR.
    arXiv:1904.09675

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "candidate": ["the cat sat", "a cat was here", "stocks rose again"],
    ...     "reference": ["the cat sat", "the cat sat here", "rain fell"],
    ...     "score": [5, 3, 0],
    ... }
    >>> print(BERTScore(data).run(HashingEncoder())[0])
    f1_pearson 0.9934 (n=3, higher is better)
    """

    paper: ClassVar[str] = "zhang2020bertscore"

    def __init__(
        self,
        data: Any = "stsbenchmark",
        *,
        layer: int | None = None,
        idf: bool = False,
        rescale: bool = True,
        random_state: int = 0,
    ) -> None:
        self.data = data
        self.layer = layer
        self.idf = idf
        self.rescale = rescale
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        data = {
            "candidate": ["a cat sat", "a cat sat", "rain fell", "rain fell"],
            "reference": ["a cat sat down", "stocks rose", "a cat", "rain is falling"],
            "score": [5, 0, 1, 4],
        }
        yield cls(data)
        yield cls(data, idf=True, rescale=False)

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; ``f1_pearson`` first."""
        texts, references, judged = judged_pairs(self.data, "candidate", "reference", task="BERTScore")
        (C, w_c), (R, w_r) = tokens(encoder, texts, references, idf=self.idf, layer=self.layer)
        precision, recall, f1 = bert_scores(C, R, w_c, w_r)
        found = {"f1": f1, "precision": precision, "recall": recall}
        readings = [one for name, scores in found.items() for one in correlations(name, scores, judged)]
        if not readings:
            raise DataError("BERTScore finds the same score for every pair, which correlates with nothing.")
        if self.rescale:
            base_p, base_r, base_f = self._baseline((C, w_c), (R, w_r))
            found = {
                name: (scores - base) / (1 - base) if base < 1 else scores * 0
                for (name, scores), base in zip(found.items(), (base_f, base_p, base_r), strict=True)
            }
        means = (Reading.of(name, Sample("mean", (scores,)), better=None) for name, scores in found.items())
        return [*readings, *means]

    def _baseline(self, candidates: Side, references: Side) -> tuple[float, float, float]:
        """Score each candidate with the reference of another, all in one ring."""
        (C, w_c), (R, w_r) = candidates, references
        ring = np.random.default_rng(self.random_state).permutation(len(C))
        other = np.empty_like(ring)
        other[ring] = np.roll(ring, 1)
        rows = take(R, other)
        shuffled = Ragged(R.values[rows], np.append(0, np.cumsum(R.lengths[other])))
        scores: tuple[NDArray[np.float64], ...] = bert_scores(C, shuffled, w_c, None if w_r is None else w_r[rows])
        precision, recall, f1 = (float(one.mean()) for one in scores)
        return precision, recall, f1
