"""Scores of rankings, query by query, by ir_measures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.extras import load
from inlay.core.sample import Sample
from inlay.core.values import Hits, Reading

from ._corpus import Corpus

# the names of MTEB -> those of ir_measures
_NAMES = {"ndcg": "nDCG", "map": "AP", "mrr": "RR", "recall": "R", "precision": "P", "hit_rate": "Success"}


def measured(hits: Hits, known: Corpus, ks: Sequence[int], only: Sequence[str] = tuple(_NAMES)) -> list[Reading]:
    """Return nDCG, MAP, MRR, recall, precision and hit rate at each k, or `only` some; they are named as in MTEB."""
    wanted = {f"{name}_at_{k}": f"{_NAMES[name]}@{k}" for name in only for k in ks}
    return [Reading.of(name, Sample("mean", (x,))) for name, x in per_query(hits, row_grades(known), wanted).items()]


def row_grades(known: Corpus) -> list[dict[int, int]]:
    """Return the grades of each query by row number."""
    rows = {document: row for row, document in enumerate(known.documents)}
    return [{rows[document]: grade for document, grade in known.relevant[query].items()} for query in known.queries]


def per_query(
    hits: Hits, grades: Sequence[Mapping[int, int]], wanted: Mapping[str, str]
) -> dict[str, NDArray[np.float64]]:
    """Score the hits of each query, (n queries,) for each name.

    Equal scores are broken by the order of the hits.

    Parameters
    ----------
    hits : what was found, best first.
    grades : those of the ids, for each query.
    wanted : name -> measure, as ir_measures writes it.
    """
    library = load("ir_measures", extra="eval", purpose="Scoring rankings")
    measures = {name: library.parse_measure(measure) for name, measure in wanted.items()}
    # Mappings are what its scorers take in the end; from tuples they are made twice, which is the slowest part.
    places = [-float(place) for place in range(hits.k)]
    run: dict[str, Any] = {
        str(query): dict(zip(map(str, ids[ids >= 0].tolist()), places, strict=False))
        for query, ids in enumerate(hits.ids)
    }
    judged = {str(query): {str(id_): grade for id_, grade in of.items()} for query, of in enumerate(grades)}
    scores = {measure: np.zeros(len(hits)) for measure in measures.values()}
    for one in library.iter_calc(list(scores), judged, run):
        scores[one.measure][int(one.query_id)] = one.value
    return {name: scores[measure] for name, measure in measures.items()}
