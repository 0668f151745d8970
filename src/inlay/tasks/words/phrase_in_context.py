"""Phrases in context."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.values import Reading
from inlay.data.datasets import Columns
from inlay.tasks._inputs import SIMILARITIES, columns, pair_vectors, zeros_and_ones
from inlay.tasks._templates import filled

from ._judged import Pairs, judged


class PhraseInContext(Task):
    r"""Say whether two phrases mean the same in one context, by how alike they are there.

    This is the phrase similarity of the reference. A pair counts as the same where :math:`\cos(u_1, u_2) \ge \theta`.
    The threshold :math:`\theta` is the one that is best on the training part, and the main score is the ``accuracy``
    with it; without a training part it is ``best_accuracy``, for the threshold that is best on the data itself. Average
    precision, which needs no threshold, stands beside it as ``ap``. The same readings of the phrases alone, whose names
    begin with ``phrase_``, say what the context adds. Use `WordInContext` where one word stands in two contexts.

    The reference takes the vector of the phrase inside of its sentence. An encoder of texts gives one vector for what
    it is shown, which is decided by `template`; by default it is the sentence.

    Parameters
    ----------
    data : ``phrase1``, ``phrase2``, ``text1`` with the first phrase, ``text2`` with the second in its place, and
        ``label``, 1 where they mean the same; and for the threshold the same five with ``train_`` before their names.
    template : what is encoded, of ``{text}`` and ``{phrase}``.

    References
    ----------
    Pham, Yoon, Bui, Nguyen (2023). PiC: A Phrase-in-Context Dataset for Phrase Understanding and Semantic Search. EACL.
    arXiv:2207.09068

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "phrase1": ["massive figure", "open position"],
    ...     "phrase2": ["huge figure", "vacant job"],
    ...     "text1": ["the massive figure of the statue", "he applied for the open position"],
    ...     "text2": ["the huge figure of the statue", "he took the vacant job"],
    ...     "label": [1, 0],
    ... }
    >>> print(PhraseInContext(pairs).run(HashingEncoder())[0])
    best_accuracy 1 (n=2, higher is better)
    """

    paper: ClassVar[str] = "pham2023pic"

    def __init__(self, data: Any, template: str = "{text}") -> None:
        self.data = data
        self.template = template

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        pairs = {
            "phrase1": ["massive figure", "massive figure", "open position"],
            "phrase2": ["huge figure", "large number", "vacant job"],
            "text1": ["a massive figure of stone", "a massive figure of stone", "an open position in a firm"],
            "text2": ["a huge figure of stone", "a large number of stone", "a vacant job in a firm"],
            "label": [1, 0, 1],
        }
        yield cls(pairs)
        yield cls({**pairs, **{f"train_{name}": column for name, column in pairs.items()}}, template="{phrase}: {text}")

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline: the phrases in their context, then alone."""
        found = columns(self.data, "phrase1", "phrase2", "text1", "text2", "label", task="PhraseInContext")
        here, alone = self._pairs(encoder, found)
        if not any(str(name).startswith("train_") for name in found):
            return [*judged(here, None), *judged(alone, None, "phrase_")]
        train_here, train_alone = self._pairs(encoder, found, "train_")
        return [*judged(here, train_here), *judged(alone, train_alone, "phrase_")]

    def _pairs(self, encoder: Encodes, found: Columns, part: str = "") -> tuple[Pairs, Pairs]:
        names = [part + name for name in ("phrase1", "phrase2", "text1", "text2", "label")]
        phrase1, phrase2, text1, text2, _ = (columns(found, *names, task="PhraseInContext")[name] for name in names)
        label = zeros_and_ones(found, names[4], task="PhraseInContext")
        uses = [
            filled(self.template, {"text": text, "phrase": phrase}, task="PhraseInContext")
            for text, phrase in ((text1, phrase1), (text2, phrase2))
        ]
        cosine = SIMILARITIES["cosine"]
        return (cosine(*pair_vectors(encoder, *uses)), label), (cosine(*pair_vectors(encoder, phrase1, phrase2)), label)
