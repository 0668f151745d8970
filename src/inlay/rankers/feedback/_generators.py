"""Where texts come from that are not in the data: a table of ready-made ones, or whatever generates them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from inlay.core.contracts import Generates
from inlay.core.errors import DataError, ParameterError
from inlay.core.method import Method

Generator = Generates | Mapping[str, Sequence[str]]


def generated(generator: Generator, texts: Sequence[Any], n: int, name: str) -> list[list[str]]:
    """Return up to `n` texts for each of `texts`, from a generator or from a table of ready-made ones.

    Raises
    ------
    DataError
        If one of `texts`, which are the `name` of the search, is none, the table lacks one, or what comes back is not
        a list of texts for each.
    """
    texts = list(texts)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"{name} must be texts, but {name}[{i}] is of type {type(text).__name__}.")
    if isinstance(generator, Mapping):
        missing = next((i for i, text in enumerate(texts) if text not in generator), None)
        if missing is not None:
            raise DataError(
                f"The table of texts has {len(generator)} entries, "
                f"and none for {name}[{missing}], {texts[missing]!r:.60}."
            )
        given = [generator[text] for text in texts]
    elif hasattr(generator, "generate"):
        given = list(generator.generate(texts, n))
    else:
        raise ParameterError(f"generator must have generate(texts, n) or be a mapping, got {generator!r:.60}.")
    # A text is a sequence of texts as well: its letters.
    lists = all(not isinstance(some, str) and all(isinstance(text, str) for text in some) for some in given)
    if len(given) != len(texts) or not lists:
        raise DataError(
            f"generator must give a list of texts for each of {len(texts)} texts, such as [text], got {given!r:.80}."
        )
    return [list(some)[:n] for some in given]


class TurnedWords(Method):
    """Write the words of a text again, begun at another word each time: a stand-in that needs no model.

    References
    ----------
    Gao, Ma, Lin, Callan (2023). Precise Zero-Shot Dense Retrieval without Relevance Labels. ACL. arXiv:2212.10496.
    """

    paper: ClassVar[str] = "gao2023precise"

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()

    def generate(self, texts: Sequence[str], n: int) -> list[list[str]]:
        """Return `n` texts for each, the i-th without the first i words."""
        return [[" ".join(text.split()[i + 1 :]) for i in range(n)] for text in texts]
