"""Bitext mining by the nearest neighbour."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.core.vectors import normalize, product_top_k
from inlay.tasks._inputs import columns, pair_vectors


class BitextMining(Task):
    r"""Find the translation of each sentence among those of all others, by the cosine.

    Each source takes the nearest target,

    .. math:: \hat{\jmath}(i) = \arg\max_j \cos(x_i, y_j)

    and row i of the targets is the right one. The main score is ``f1`` as MTEB has it: the F1 of every target as a
    class of its own, averaged over them, with the sources that took it as its predictions, so that a target taken by
    many counts less even where it is right. Precision and recall are of the same kind, and the recall is the accuracy.
    Use `XSIM` to mine as large mining projects do, by margins, which punish targets that are near to everything, and
    `XSIMPlusPlus` where this one is close to perfect.

    Parameters
    ----------
    data : ``source`` and ``target``, the texts of two languages; row i of one translates row i of the other. Known
        are ``"tatoeba-deu"`` and 111 further languages, each with English as the target.

    References
    ----------
    Artetxe, Schwenk (2019). Massively Multilingual Sentence Embeddings for Zero-Shot Cross-Lingual Transfer and Beyond.
    TACL 7. arXiv:1812.10464

    Muennighoff, Tazi, Magne, Reimers (2023). MTEB: Massive Text Embedding Benchmark. EACL. arXiv:2210.07316

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "source": ["Tom wohnt in Boston", "Berlin ist alt", "Maria mag Tom"],
    ...     "target": ["Tom lives in Boston", "Berlin is old", "Maria likes Tom"],
    ... }
    >>> print(BitextMining(pairs).run(HashingEncoder())[0])
    f1 1 (n=3, higher is better)
    """

    paper: ClassVar[str] = "artetxe2019massively"

    def __init__(self, data: Any = "tatoeba-deu") -> None:
        self.data = data

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "source": ["ein Hund bellt", "die Katze schläft", "es regnet", "es regnet heute"],
                "target": ["a dog barks", "the cat sleeps", "it rains", "it rains today"],
            }
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``f1``."""
        found = columns(self.data, "source", "target", task="BitextMining")
        X, Y = pair_vectors(encoder, found["source"], found["target"])
        nearest = product_top_k(normalize(X), normalize(Y), 1).ids[:, 0]
        right = (nearest == np.arange(len(X))).astype(np.float64)
        taken = np.bincount(nearest, minlength=len(Y))
        scores = {
            "f1": 2 * right / (1 + taken),
            "accuracy": right,
            "precision": right / np.maximum(taken, 1),
            "recall": right,
        }
        return [Reading.of(name, Sample("mean", (score,))) for name, score in scores.items()]
