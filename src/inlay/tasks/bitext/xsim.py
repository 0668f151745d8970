"""The error rate of translations found by margins."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.tasks._inputs import columns, pair_vectors

from ._margin import nearest


class XSIM(Task):
    r"""Count the sentences for which the translation found is not the right one.

    Of the k nearest targets of a source, the one is taken that is nearer than is usual around both of them,

    .. math:: \mathrm{margin}(x, y) = \cos(x, y) \Big/ \Big( \sum_{z \in NN_k(x)} \frac{\cos(x, z)}{2k}
              + \sum_{z \in NN_k(y)} \frac{\cos(y, z)}{2k} \Big)

    which is the ratio; the distance is the difference of the same two, and absolute is the cosine alone. The main score
    is ``xsim``, where a target with the text of the right one is right as well, as LASER has it; ``xsim_by_row`` counts
    it as an error. Both are fractions, where LASER prints per cent. Use it where vectors shall be mined for
    translations, `BitextMining` to compare with MTEB, and `XSIMPlusPlus` where this one is close to zero.

    Parameters
    ----------
    data : ``source`` and ``target``, the texts of two languages; row i of one translates row i of the other.
    margin : ``"ratio"``, ``"distance"`` or ``"absolute"``.
    k : neighbours that a margin looks at on each side, at least 1.

    References
    ----------
    Heffernan, Çelebi, Schwenk (2022). Bitext Mining Using Distilled Sentence Representations for Low-Resource
    Languages. Findings of EMNLP. arXiv:2205.12654

    Artetxe, Schwenk (2019). Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings. ACL.
    arXiv:1811.01136

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "source": ["Tom wohnt in Boston", "Berlin ist alt", "es regnet"],
    ...     "target": ["Tom lives in Boston", "Berlin is old", "it rains"],
    ... }
    >>> print(XSIM(pairs).run(HashingEncoder())[0])
    xsim 0.3333 (n=3, lower is better)
    """

    paper: ClassVar[str] = "heffernan2022bitext"

    def __init__(self, data: Any = "tatoeba-deu", margin: str = "ratio", k: int = 4) -> None:
        self.data = data
        self.margin = margin
        self.k = k

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        pairs = {
            "source": ["ein Hund bellt", "die Katze schläft", "es regnet", "es regnet heute"],
            "target": ["a dog barks", "the cat sleeps", "it rains", "it rains today"],
        }
        yield cls(pairs, k=2)
        yield cls(pairs, margin="distance")

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; ``xsim`` first, a fraction, lower is better."""
        found = columns(self.data, "source", "target", task="XSIM")
        X, Y = pair_vectors(encoder, found["source"], found["target"])
        taken = nearest(X, Y, margin=self.margin, k=self.k)
        target = np.asarray(found["target"], object)
        wrong = {"xsim": target[taken] != target, "xsim_by_row": taken != np.arange(len(taken))}
        return [Reading.of(name, Sample("mean", (errors,)), better="lower") for name, errors in wrong.items()]
