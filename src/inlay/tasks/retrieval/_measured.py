"""Scores of rankings, query by query, by ir_measures."""

from collections.abc import Mapping, Sequence

import numpy as np

from inlay.core.extras import load
from inlay.core.sample import Sample
from inlay.core.values import Hits, Reading

# the names of MTEB -> those of ir_measures
_NAMES = {"ndcg": "nDCG", "map": "AP", "mrr": "RR", "recall": "R", "precision": "P", "hit_rate": "Success"}

Relevant = Mapping[str, Mapping[str, float]]


def measured(
    hits: Hits, queries: Sequence[str], documents: Sequence[str], relevant: Relevant, ks: Sequence[int]
) -> list[Reading]:
    """Return nDCG, MAP, MRR, recall, precision and hit rate at each k; the order is that of MTEB's names.

    Equal scores are broken by the order of the hits.
    """
    library = load("ir_measures", extra="eval", purpose="Scoring rankings")
    wanted = {f"{name}_at_{k}": getattr(library, short) @ k for name, short in _NAMES.items() for k in ks}
    qrels = [library.Qrel(q, d, int(grade)) for q in queries for d, grade in relevant[q].items()]
    run = (
        library.ScoredDoc(query, documents[row], -float(place))
        for query, rows in zip(queries, hits.ids, strict=True)
        for place, row in enumerate(rows[rows >= 0])
    )
    place = {query: i for i, query in enumerate(queries)}
    scores = {str(measure): np.zeros(len(queries)) for measure in wanted.values()}
    for one in library.iter_calc(list(wanted.values()), qrels, run):
        scores[str(one.measure)][place[one.query_id]] = one.value
    return [Reading.of(name, Sample("mean", (scores[str(measure)],))) for name, measure in wanted.items()]
