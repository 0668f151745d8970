"""Words in context."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.values import Reading
from inlay.data.datasets import Columns
from inlay.tasks._inputs import SIMILARITIES, columns, pair_vectors, zeros_and_ones
from inlay.tasks._templates import filled

from ._judged import Pairs, judged


class WordInContext(Task):
    r"""Say whether a word means the same in two texts, by how alike its two uses are.

    A pair counts as the same where :math:`\cos(u_1, u_2) \ge \theta`. The threshold :math:`\theta` is the one that is
    best on the training part, and the main score is the ``accuracy`` with it; without a training part it is
    ``best_accuracy``, for the threshold that is best on the data itself, which is never lower. Average precision, which
    needs no threshold, stands beside it as ``ap``. Half of WiC's pairs are the same, so the same answer for all
    reaches 0.5; people reach 0.80. Use `WordSimilarity` for words by themselves, `PhraseInContext` where two
    phrases stand in one context, and `PairClassification` where whole texts are judged.

    The methods of the reference compare the vectors of the word itself. An encoder of texts gives one vector for what
    it is shown, and that is decided by `template`. By default it is the text alone, the baseline of whole sentences of
    the reference; a model that follows instructions may do better with the word named in the template.

    Parameters
    ----------
    data : ``word``, ``text1``, ``text2`` and ``label``, 1 where the word means the same in both; and for the threshold
        the same four with ``train_`` before their names.
    template : what is encoded, of ``{text}`` and ``{word}``.

    References
    ----------
    Pilehvar, Camacho-Collados (2019). WiC: the Word-in-Context Dataset for Evaluating Context-Sensitive Meaning
    Representations. NAACL. arXiv:1808.09121

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> uses = {
    ...     "word": ["bank", "bank", "bank"],
    ...     "text1": ["the bank lends money", "the bank lends money", "the river bank"],
    ...     "text2": ["the bank lost money", "sit on a river bank", "sit on a river bank"],
    ...     "label": [1, 0, 1],
    ... }
    >>> print(WordInContext(uses).run(HashingEncoder())[0])
    best_accuracy 1 (n=3, higher is better)
    """

    paper: ClassVar[str] = "pilehvar2019wic"

    def __init__(self, data: Any = "wic-dev", template: str = "{text}") -> None:
        self.data = data
        self.template = template

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        uses = {
            "word": ["bank", "bank", "play", "play"],
            "text1": ["a bank of sand", "a bank of sand", "play a game", "play a tune"],
            "text2": ["a bank of mud", "money in the bank", "watch the play", "play a song"],
            "label": [1, 0, 0, 1],
        }
        yield cls(uses)
        yield cls({**uses, **{f"train_{name}": column for name, column in uses.items()}}, template="{word}: {text}")

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline: ``accuracy`` where there is a training part, ``best_accuracy`` and ``ap``."""
        found = columns(self.data, "word", "text1", "text2", "label", task="WordInContext")
        train = any(str(name).startswith("train_") for name in found)
        return judged(self._pairs(encoder, found), self._pairs(encoder, found, "train_") if train else None)

    def _pairs(self, encoder: Encodes, found: Columns, part: str = "") -> Pairs:
        names = [part + name for name in ("word", "text1", "text2", "label")]
        word, text1, text2, _ = (columns(found, *names, task="WordInContext")[name] for name in names)
        label = zeros_and_ones(found, names[3], task="WordInContext")
        uses = [filled(self.template, {"text": text, "word": word}, task="WordInContext") for text in (text1, text2)]
        return SIMILARITIES["cosine"](*pair_vectors(encoder, *uses)), label
