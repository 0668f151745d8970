"""Robustness of similarity to wrong words."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import ParameterError
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.tasks._inputs import SIMILARITIES, columns, numbers, pair_vectors

from ._substitutions import Substitutions


class SubstitutionNoise(Task):
    r"""See how much of the score of `STS` remains when words are replaced by wrong ones, as in transcripts of speech.

    Each word of both texts is replaced with probability :math:`r`, the word error rate, and what is measured is

    .. math:: \rho_r = \mathrm{corr}(\mathrm{rank}(\cos(\tilde u_i, \tilde v_i)), \mathrm{rank}(y_i))

    of the texts with errors and the judgements of the texts without. The main score is ``cosine_spearman_at_0.3``,
    that at the first rate; ``cosine_spearman`` is the one without errors, and ``retained_at_0.3`` is the share
    :math:`\rho_r / \rho_0`, not a number where :math:`\rho_0` is not above zero. Pearson's correlation, which the
    reference plots, stands beside each. Use it beside `STS` where texts come from speech or scans. The reference found
    that an encoder of sentences keeps more than plain averages of word vectors; a weak encoder may keep a large share
    of a small score, so both are to be read.

    The reference replaces a word by one near in meaning, drawn by how near it is in pronunciation, at rates of 0.1 and
    0.3. Here a wrong word is any of the `k` words of the data set that share most runs of two and three letters with
    the right one: that needs neither word vectors nor a dictionary of pronunciations, and leaves less of the meaning.
    Wrong words are in lower case, and what is wrong at one rate is wrong at all higher ones.

    Parameters
    ----------
    data : ``text1``, ``text2`` and ``score``, as in `STS`.
    rates : word error rates, above 0 and at most 1, each once; the main score is that at the first. The default of
        the reference's simulator is 0.3.
    k : how many words like the right one a wrong one is drawn from, at least 1; a large number takes any word.
    random_state : seed of the errors.

    References
    ----------
    Voleti, Liss, Berisha (2019). Investigating the Effects of Word Substitution Errors on Sentence Embeddings. ICASSP.
    arXiv:1811.07021

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "text1": ["a cat sat on a mat", "a cat sat on a mat", "rain fell on the hat"],
    ...     "text2": ["the cat sat on the mat", "stocks fell", "a cat sat on a mat"],
    ...     "score": [5, 0, 1],
    ... }
    >>> readings = SubstitutionNoise(pairs, rates=(0.5,)).run(HashingEncoder())
    >>> print(readings[0], readings[2], readings[-1], sep="\n")
    cosine_spearman_at_0.5 0.5 (n=3, higher is better)
    cosine_spearman 1 (n=3, higher is better)
    retained_at_0.5 0.5 (n=3, higher is better)
    """

    paper: ClassVar[str] = "voleti2019investigating"

    def __init__(
        self,
        data: Any = "stsbenchmark",
        rates: Sequence[float] = (0.3, 0.1, 0.2, 0.4, 0.5),
        *,
        k: int = 10,
        random_state: int = 0,
    ) -> None:
        self.data = data
        self.rates = rates
        self.k = k
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        pairs = {
            "text1": ["a cat sat", "a cat sat", "rain fell", "rain fell"],
            "text2": ["a cat sat down", "stocks rose", "a cat", "rain is falling"],
            "score": [5, 0, 1, 4],
        }
        yield cls(pairs, rates=(0.5, 0.1))
        yield cls(pairs, rates=(1.0,), k=1, random_state=3)

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline at each rate, without errors, and as shares of that."""
        rates = list(self.rates)
        if not rates or len(set(rates)) < len(rates) or not all(0 < rate <= 1 for rate in rates):
            raise ParameterError(f"rates must be different word error rates above 0 and at most 1, got {self.rates}.")
        if self.k < 1:
            raise ParameterError(f"k must be at least 1, got {self.k}.")
        found = columns(self.data, "text1", "text2", "score", task="SubstitutionNoise")
        judged = numbers(found, "score", task="SubstitutionNoise")
        texts, n = [*found["text1"], *found["text2"]], len(judged)
        errors = Substitutions(texts, self.k, self.random_state)
        readings = []
        for rate in [*rates, None]:
            written = texts if rate is None else errors.at(rate)
            alike = SIMILARITIES["cosine"](*pair_vectors(encoder, written[:n], written[n:]))
            at = "" if rate is None else f"_at_{rate:g}"
            for statistic in ("spearman", "pearson"):
                readings.append(Reading.of(f"cosine_{statistic}{at}", Sample(statistic, (alike, judged))))
        *noisy, clean = (reading.value for reading in readings[::2])
        shares = (value / clean if clean > 0 else math.nan for value in noisy)
        return [*readings, *(Reading(f"retained_at_{r:g}", s, n) for r, s in zip(rates, shares, strict=True))]
