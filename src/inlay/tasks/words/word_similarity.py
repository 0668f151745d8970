"""Word similarity."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.tasks._inputs import SIMILARITIES, columns, numbers, pair_vectors


class WordSimilarity(Task):
    r"""Correlate the similarity of two words with what people judged.

    The main score is ``cosine_spearman``, Spearman's rank correlation

    .. math:: \rho = \mathrm{corr}(\mathrm{rank}(\cos(w_i, v_i)), \mathrm{rank}(y_i))

    over all pairs; Pearson's correlation stands beside it. Sets differ in what they ask for: in SimLex-999 *coast* and
    *shore* are alike and *clothes* and *closet* are not, in WordSim-353 and MEN both pairs are, since they are related.
    Use it for vectors of single words, `Analogies` for the directions between them, and `STS` for sentences.

    Every pair counts. A text encoder makes a vector of any word; an encoder of a fixed vocabulary answers for what it
    returns for a word that it lacks, while evaluations of word vectors often leave such pairs out.

    Parameters
    ----------
    data : ``word1``, ``word2`` and ``score``, one number for each pair, larger for more alike. Words are given to the
        encoder as they are written, "Jerusalem" with its capital.

    References
    ----------
    Faruqui, Dyer (2014). Community Evaluation and Exchange of Word Vectors at wordvectors.org. ACL.

    Hill, Reichart, Korhonen (2015). SimLex-999: Evaluating Semantic Models With (Genuine) Similarity Estimation.
    Computational Linguistics 41(4). arXiv:1408.3456

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "word1": ["night train", "night train", "night train"],
    ...     "word2": ["train", "night bus to town", "harbour"],
    ...     "score": [8, 4, 1],
    ... }
    >>> print(WordSimilarity(pairs).run(HashingEncoder())[0])
    cosine_spearman 1 (n=3, higher is better)
    """

    paper: ClassVar[str] = "faruqui2014community"

    def __init__(self, data: Any = "simlex999") -> None:
        self.data = data

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "word1": ["walk", "walk", "walk", "harbour"],
                "word2": ["walking", "talk", "sea", "harbor"],
                "score": [8, 3, 1, 9.5],
            }
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline: ``cosine_spearman`` and ``cosine_pearson``."""
        found = columns(self.data, "word1", "word2", "score", task="WordSimilarity")
        judged = numbers(found, "score", task="WordSimilarity")
        alike = SIMILARITIES["cosine"](*pair_vectors(encoder, found["word1"], found["word2"]))
        return [
            Reading.of(f"cosine_{statistic}", Sample(statistic, (alike, judged)))
            for statistic in ("spearman", "pearson")
        ]
