"""Retrieval where all pairs of documents are answers."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.values import Reading

from ._corpus import check_cut_offs, corpus, find
from ._likes import likes
from ._measured import measured


class LIMIT(Task):
    r"""Find the two documents that answer a query, where any two documents answer one.

    Who likes quokkas? Two people do, and another two like the next thing, until every pair of documents is an answer.
    Vectors of dimension d can bring only so many pairs to the front, whatever the encoder; words alone would do it.
    The main score is ``recall_at_2``,

    .. math:: \mathrm{recall@}k = \frac{|R_q \cap \mathrm{top}_k(q)|}{|R_q|}

    Use it to see what one vector a document cannot hold, beside `Retrieval`, whose queries ask for few of the possible
    sets. ``inlay.tasks.retrieval._capacity.critical_n`` measures the same limit without text, on free vectors.

    Parameters
    ----------
    data : as for `Retrieval`: ``documents``, ``queries`` and ``relevant``.
    ks : cut-offs, at least 1; the main score is the recall at the first. With as many as there are documents all is
        found, so that 100 says something of larger data only.
    n_documents : from 3 to 63; with it, `data` is not read, and a data set of so many documents is made, all of whose
        pairs are answers. Its things are words made of two, such as Moonkites, where the paper has known ones.
    random_state : seed of that data set: names, things, and the order in which a document lists them.

    References
    ----------
    Weller, Boratko, Naim, Lee (2025). On the Theoretical Limitations of Embedding-Based Retrieval. arXiv:2508.21038

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> for dim in (8, 1024):
    ...     print(LIMIT(n_documents=12).run(HashingEncoder(dim=dim))[0])
    recall_at_2 0.3333 (n=66, higher is better)
    recall_at_2 0.9621 (n=66, higher is better)
    """

    paper: ClassVar[str] = "weller2025theoretical"
    requires: ClassVar[tuple[str, ...]] = ("eval",)

    def __init__(
        self,
        data: Any = "limit-small",
        ks: Sequence[int] = (2, 10, 20, 100),
        n_documents: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.data = data
        self.ks = ks
        self.n_documents = n_documents
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_documents=5, ks=(2, 3))
        yield cls(
            {
                "documents": {"a": "Ada likes kites.", "b": "Bo likes kites and owls.", "c": "Cy likes owls."},
                "queries": {"1": "Who likes kites?", "2": "Who likes owls?"},
                "relevant": {"1": {"a": 1, "b": 1}, "2": {"b": 1, "c": 1}},
            }
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``recall_at_2``."""
        check_cut_offs(self.ks)
        if self.n_documents is None:
            known = corpus(self.data, task="LIMIT")
        else:
            known = likes(self.n_documents, self.random_state)
        return measured(find(encoder, known, max(self.ks)), known, self.ks, only=("recall",))
