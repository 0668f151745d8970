"""Analogies of words."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError
from inlay.core.sample import Sample
from inlay.core.values import IdArray, Reading
from inlay.core.vectors import normalize
from inlay.tasks._inputs import columns, vectors

from ._solved import solved


class Analogies(Task):
    r"""Answer "a is to b as c is to what?" by arithmetic on vectors of words.

    The main score is ``3cosadd_accuracy``, the share of questions for which the right word is

    .. math:: \arg\max_{d \in V \setminus \{a, b, c\}} \cos(d, b) - \cos(d, a) + \cos(d, c)

    which is the word nearest to :math:`b - a + c` for vectors of length one. ``3cosmul_accuracy`` stands beside it,
    which multiplies instead, so that no one of the three terms outweighs the others:

    .. math:: \arg\max_{d \in V \setminus \{a, b, c\}} \frac{\cos(d, b) \cos(d, c)}{\cos(d, a) + \varepsilon}

    with cosines moved to [0, 1] by :math:`(x + 1) / 2` and :math:`\varepsilon = 0.001`. Where the questions have
    sections, both follow for each section, such as ``3cosadd_accuracy_family``. Use it to see whether relations are
    directions of the space; `WordSimilarity` asks for distances alone.

    The larger the vocabulary, the harder the question, so scores compare only over the same one. The words of the
    questions alone, 905 for Google's set, are far fewer than the vocabularies of 30,000 words and more of the
    literature. Of equal words the first in the vocabulary is the answer.

    Parameters
    ----------
    data : ``a``, ``b``, ``c`` and ``d``, and ``section`` where there are sections. Words are given to the encoder as
        they are written.
    vocabulary : words to choose from, each counted once; None for all words of the questions. Questions with a word
        that is not among them are left out, as in the original program.

    References
    ----------
    Mikolov, Chen, Corrado, Dean (2013). Efficient Estimation of Word Representations in Vector Space. ICLR workshop.
    arXiv:1301.3781

    Levy, Goldberg (2014). Linguistic Regularities in Sparse and Explicit Word Representations. CoNLL.

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> questions = {
    ...     "a": ["red car", "car"], "b": ["red bus", "old car"], "c": ["old car", "bus"], "d": ["old bus", "old bus"],
    ... }
    >>> print(Analogies(questions).run(HashingEncoder())[0])
    3cosadd_accuracy 1 (n=2, higher is better)
    """

    paper: ClassVar[str] = "levy2014linguistic"

    def __init__(self, data: Any = "google_analogies", vocabulary: Sequence[str] | None = None) -> None:
        self.data = data
        self.vocabulary = vocabulary

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        questions = {
            "a": ["walk", "walk", "dog"],
            "b": ["walking", "walking", "dogs"],
            "c": ["talk", "jump", "bird"],
            "d": ["talking", "jumping", "birds"],
        }
        yield cls({**questions, "section": ["verbs", "verbs", "nouns"]})
        yield cls(questions, vocabulary=["walk", "walking", "talk", "talking", "sea"])

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; n counts the questions whose words are all in the vocabulary."""
        found = columns(self.data, "a", "b", "c", "d", task="Analogies")
        sections = columns(found, "a", "section", task="Analogies")["section"] if "section" in found else None
        asked = list(dict.fromkeys(word for name in "abcd" for word in found[name]))
        words = asked if self.vocabulary is None else list(dict.fromkeys(self.vocabulary))
        place = {word: i for i, word in enumerate(words)}
        rows: IdArray = np.array([[place.get(word, -1) for word in found[name]] for name in "abcd"], np.int64).T
        known = (rows >= 0).all(axis=1)
        if not known.any():
            raise DataError(f"Analogies has no question whose words are all in the vocabulary of {len(words)} words.")
        rows = rows[known]
        W = normalize(vectors(encoder, words))
        used, questions = np.unique(rows[:, :3], return_inverse=True)
        answers = solved(W[used], W, questions.reshape(-1, 3), rows[:, :3])
        right = {name: answer == rows[:, 3] for name, answer in answers.items()}
        readings = [_reading(name, hit) for name, hit in right.items()]
        if sections is not None:
            section = np.array(sections, dtype=object)[known]
            readings += [
                _reading(name, hit[section == one], f"_{one}")
                for name, hit in right.items()
                for one in dict.fromkeys(section)
            ]
        return readings


def _reading(name: str, hit: Any, section: str = "") -> Reading:
    return Reading.of(f"{name}_accuracy{section}", Sample("mean", (hit,)))
