"""Classification without anything to learn from."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import IdArray, Reading
from inlay.core.vectors import normalize, product_top_k
from inlay.data.datasets import Columns
from inlay.tasks._inputs import columns, numbered, vectors


class ZeroShotClassification(Task):
    r"""Give each text the class whose description, in words, is nearest to it by the cosine.

    .. math:: \hat{c}(x) = \arg\max_c \cos(u(x), u(d_c))

    for the description :math:`d_c` of each class; of descriptions as near, the first in order of the labels is taken.
    The main score is ``accuracy``; ``f1`` is the mean over the labels. The descriptions make much of the score: write
    them as a text of that class would, and compare encoders on the same ones.

    Use it where no text has a label yet, or to see whether an encoder places a class where its name is; use
    `FewShotClassification` from one labelled text of each class on. The first classifiers of this kind compared
    counts of Wikipedia's concepts in place of vectors that were learned; MTEB compares as here.

    Parameters
    ----------
    data : ``text`` and ``label``, and ``description``: a mapping of labels to descriptions, or a column that holds the
        description of the label beside it. Without it, labels that are texts describe themselves, with spaces for
        underscores.
    template : what a description is put into, with one ``{}`` in its place.

    References
    ----------
    Chang, Ratinov, Roth, Srikumar (2008). Importance of Semantic Representation: Dataless Classification. AAAI.

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "text": ["the cat ran", "stocks rose", "a dog and a cat", "oil fell"],
    ...     "label": [0, 1, 0, 1],
    ...     "description": {0: "a cat, a dog", 1: "stocks and oil"},
    ... }
    >>> print(ZeroShotClassification(data).run(HashingEncoder())[0])
    accuracy 1 (n=4, higher is better)
    """

    paper: ClassVar[str] = "chang2008importance"

    def __init__(self, data: Any = "banking77", template: str = "{}") -> None:
        self.data = data
        self.template = template

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        data = {
            "text": ["the cat ran", "stocks rose", "a dog and a cat", "oil fell"],
            "label": ["pets", "money", "pets", "money"],
        }
        yield cls(data)
        yield cls({**data, "description": {"pets": "cats and dogs", "money": "stocks"}}, template="all about {}")

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``accuracy``."""
        if self.template.count("{}") != 1:
            raise ParameterError(f"template must hold one {{}}, where the description goes, got {self.template!r}.")
        found = columns(self.data, "text", "label", task="ZeroShotClassification")
        true, classes = numbered(found["label"], task="ZeroShotClassification")
        texts = [self.template.replace("{}", one) for one in _descriptions(found, true, classes)]
        D, X = normalize(vectors(encoder, texts)), normalize(vectors(encoder, found["text"]))
        predicted = product_top_k(X, D, 1).ids[:, 0]
        return [
            Reading.of("accuracy", Sample("mean", (predicted == true,))),
            Reading.of("f1", Sample("macro_f1", (true, predicted))),
        ]


def _descriptions(found: Columns, true: IdArray, classes: list[Any]) -> list[str]:
    """Return the description of each class, by a mapping, by the rows, or by the label itself."""
    given: Any = found.get("description")
    if given is None:
        given = {label: label.replace("_", " ") for label in classes if isinstance(label, str)}
    elif not isinstance(given, Mapping):
        given = columns(found, "label", "description", task="ZeroShotClassification")["description"]
        pairs = set(zip(true.tolist(), given, strict=True))
        if len(pairs) > len(classes):
            raise DataError("ZeroShotClassification needs one description for each label; a label here has several.")
        given = {classes[number]: text for number, text in pairs}
    # the keys of a mapping that comes from JSON are texts, whatever the labels are
    texts = [given.get(label, given.get(str(label))) for label in classes]
    missing = [label for label, text in zip(classes, texts, strict=True) if not isinstance(text, str)]
    if missing:
        raise DataError(f"ZeroShotClassification has no description, which is a text, for the label {missing[0]!r}.")
    return texts
