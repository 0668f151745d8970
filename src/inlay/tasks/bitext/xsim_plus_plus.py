"""The error rate of translations found among sentences made to mislead."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.data.datasets import Columns
from inlay.tasks._inputs import columns, vectors

from ._hard_examples import HardExample, hard_examples
from ._margin import nearest


class XSIMPlusPlus(Task):
    r"""Count the sentences whose translation is missed where look-alikes of another meaning stand beside it.

    The targets are the translations and, for each of them, sentences that differ from it in a few letters: with a
    negation or an opposite (``causality``), another name (``entity``) or another number (``number``). The search is
    that of `XSIM`, with the same margin; the main score ``xsim++`` is the share of sources for which it fails, a
    fraction. The errors are counted by kind, too, each as a share of all sources: ``causality``, ``entity`` and
    ``number`` where a look-alike of the right target was taken, ``misaligned`` where anything else was; ``xsim`` is the
    error without look-alikes. Use it where encoders of high quality are to be told apart, which `XSIM` and
    `BitextMining` see as nearly perfect.

    The look-alikes are made here by a few rules for English: about a hundred pairs of opposites, negations of auxiliary
    verbs, names of the texts themselves, numbers of as many digits. Those of the paper come from NLP tools, for FLORES;
    where the data brings look-alikes, they are taken as they are. Scores of different look-alikes do not compare.

    Parameters
    ----------
    data : ``source`` and ``target``, row i of one translates row i of the other, the targets in English; or with
        look-alikes of its own, in any language: ``hard``, their texts, ``hard_row``, the row of the target that each
        was made of, and ``hard_kind``, what was changed.
    n_examples : the most look-alikes of each kind made of one target, at least 1.
    margin : ``"ratio"``, ``"distance"`` or ``"absolute"``.
    k : neighbours that a margin looks at on each side, at least 1.
    random_state : decides which look-alikes are made.

    References
    ----------
    Chen, Heffernan, Çelebi, Mourachko, Schwenk (2023). xSIM++: An Improved Proxy to Bitext Mining Performance for
    Low-Resource Languages. ACL. arXiv:2306.12907

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "source": ["Tom hat 12 Katzen", "Maria wohnt in Boston", "es ist kalt"],
    ...     "target": ["Tom has 12 cats", "Maria lives in Boston", "it is cold"],
    ... }
    >>> for reading in XSIMPlusPlus(pairs).run(HashingEncoder())[:2]:
    ...     print(reading)
    xsim++ 0.3333 (n=3, lower is better)
    xsim 0.3333 (n=3, lower is better)
    """

    paper: ClassVar[str] = "chen2023xsim"

    def __init__(
        self,
        data: Any = "tatoeba-deu",
        n_examples: int = 4,
        *,
        margin: str = "ratio",
        k: int = 4,
        random_state: int = 0,
    ) -> None:
        self.data = data
        self.n_examples = n_examples
        self.margin = margin
        self.k = k
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        pairs = {
            "source": ["Tom hat 3 Hunde", "die Katze schläft nicht", "es regnet in Rom", "heute ist es kalt"],
            "target": ["Tom has 3 dogs", "the cat is not asleep", "it rains in Rome", "it is cold today"],
        }
        yield cls(pairs, 2)
        yield cls({**pairs, "hard": ["Tom has 4 dogs"], "hard_row": [0], "hard_kind": ["number"]}, margin="distance")

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; ``xsim++`` first, then ``xsim`` and the errors by kind; all fractions."""
        found = columns(self.data, "source", "target", task="XSIMPlusPlus")
        hard = self._hard(found)
        target = list(found["target"])
        n = len(target)
        everything = vectors(encoder, [*found["source"], *target, *(one.text for one in hard)])
        X, Y = everything[:n], everything[n:]
        texts = np.array([*target, *(one.text for one in hard)], object)
        plain, taken = (nearest(X, part, margin=self.margin, k=self.k) for part in (Y[:n], Y))
        wrong = texts[taken] != texts[:n]
        kinds = np.array([None] * n + [one.kind for one in hard], object)
        made_of = np.array([""] * n + [target[one.row] for one in hard], object)
        own = wrong & (made_of[taken] == texts[:n])
        errors = {"xsim++": wrong, "xsim": texts[plain] != texts[:n]}
        errors |= {kind: own & (kinds[taken] == kind) for kind in dict.fromkeys(one.kind for one in hard)}
        errors["misaligned"] = wrong & ~own
        return [Reading.of(name, Sample("mean", (rows,)), better="lower") for name, rows in errors.items()]

    def _hard(self, found: Columns) -> list[HardExample]:
        if self.n_examples < 1:
            raise ParameterError(f"n_examples must be at least 1, got {self.n_examples}.")
        if "hard" not in found:
            made = hard_examples(found["target"], self.n_examples, self.random_state)
            if not made:
                raise DataError(
                    "XSIMPlusPlus found nothing to change in the targets: they have to be English, with names, numbers "
                    "or words that have an opposite; or give hard, hard_row and hard_kind."
                )
            order = ("causality", "entity", "number")
            return sorted(made, key=lambda one: (order.index(one.kind), one.row))
        given = columns(found, "hard", "hard_row", "hard_kind", task="XSIMPlusPlus")
        n = len(found["target"])
        outside = next((row for row in given["hard_row"] if not 0 <= int(row) < n), None)
        if outside is not None:
            raise DataError(f"XSIMPlusPlus: hard_row names the row {outside}; the targets have the rows 0 to {n - 1}.")
        reserved = {"xsim++", "xsim", "misaligned"} & set(given["hard_kind"])
        if reserved:
            raise DataError(f"XSIMPlusPlus: hard_kind may not be {', '.join(sorted(reserved))}, which are readings.")
        rows = zip(given["hard"], given["hard_row"], given["hard_kind"], strict=True)
        return [HardExample(text, int(row), str(kind)) for text, row, kind in rows]
