"""Retrieval of documents."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.values import Reading

from ._corpus import check_cut_offs, corpus, find
from ._measured import measured


class Retrieval(Task):
    r"""Find the documents that answer a query, among all of a corpus.

    The main score is ``ndcg_at_10``, with

    .. math:: \mathrm{nDCG@}k = \frac{1}{Z} \sum_{i=1}^{k} \frac{g_i}{\log_2 (i + 1)}

    for the grades :math:`g_i` of the documents in the order that was found, and Z the same sum in the best order; MAP,
    MRR, recall, precision and hit rate stand beside it, each at every k, computed by ir_measures. An encoder is
    searched by the cosine of all pairs; a pipeline stores the documents and is searched as it searches. Use `Reranking`
    where each query brings its own candidates, `MultiHopRetrieval` where an answer needs several documents together.

    Parameters
    ----------
    data : ``documents`` and ``queries``, which map ids to texts, and ``relevant``, which maps the id of a query to the
        grades of documents, ``{query: {document: grade}}``; a query without a document above zero is left out. A
        document may also be ``{"title": ..., "text": ...}``, and is encoded as title, space, text.
    ks : cut-offs, at least 1; the main score is nDCG at the first.
    ignore_identical_ids : leave out a document that has the query's own id, where queries are documents themselves;
        MTEB does so for ArguAna, Quora and FiQA, among others. One more is searched, so that `ks` are filled.

    References
    ----------
    Thakur, Reimers, Rücklé, Srivastava, Gurevych (2021). BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of
    Information Retrieval Models. NeurIPS Datasets and Benchmarks. arXiv:2104.08663

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "documents": {"d1": "the cat sat on a mat", "d2": "stocks fell on monday"},
    ...     "queries": {"q1": "where did the cat sit", "q2": "did stocks fall"},
    ...     "relevant": {"q1": {"d1": 1}, "q2": {"d2": 1}},
    ... }
    >>> print(Retrieval(data).run(HashingEncoder())[0])
    ndcg_at_10 1 (n=2, higher is better)
    """

    paper: ClassVar[str] = "thakur2021beir"
    requires: ClassVar[tuple[str, ...]] = ("eval",)

    def __init__(
        self,
        data: Any = "scifact",
        ks: Sequence[int] = (10, 1, 3, 5, 20, 100, 1000),
        ignore_identical_ids: bool = False,
    ) -> None:
        self.data = data
        self.ks = ks
        self.ignore_identical_ids = ignore_identical_ids

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "documents": {"a": "the cat sat", "b": "stocks fell", "c": "rain in spain", "d": "a dog and a cat"},
                "queries": {"1": "cat", "2": "stocks", "3": "spain"},
                "relevant": {"1": {"a": 1, "d": 2}, "2": {"b": 1}, "3": {"a": 1}},
            },
            ks=(2, 10),
        )
        yield cls(
            {
                "documents": {"a": {"title": "cat", "text": "it sat"}, "b": {"text": "cats sit"}, "c": "stocks fell"},
                "queries": {"a": "cat it sat", "b": "cats sit"},
                "relevant": {"a": {"b": 1}, "b": {"a": 1}},
            },
            ks=(1,),
            ignore_identical_ids=True,
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``ndcg_at_10``."""
        check_cut_offs(self.ks)
        known = corpus(self.data, task="Retrieval")
        hits = find(encoder, known, max(self.ks), ignore_identical_ids=self.ignore_identical_ids)
        return measured(hits, known, self.ks)
