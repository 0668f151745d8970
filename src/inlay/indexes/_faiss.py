"""How an index of FAISS is made, and what it is made of."""

from typing import Any

import numpy as np

from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray

EF_CONSTRUCTION = 200  # rows that a graph is built with; FAISS takes 40 by itself


def lists_of(native: Any) -> int:
    """Return the number of lists of an index of FAISS; 0 where it has none."""
    lists = load("faiss", extra="quantize", purpose="Faiss").try_extract_index_ivf(native)
    return 0 if lists is None else int(lists.nlist)


def graph_of(native: Any) -> Any:
    """Return the graph of an index of FAISS; None where it has none."""
    faiss = load("faiss", extra="quantize", purpose="Faiss")
    inner = faiss.downcast_index(native.index) if isinstance(native, faiss.IndexPreTransform) else native
    return getattr(inner, "hnsw", None)


def built(factory: str, X: FloatArray, sample: FloatArray, random_state: int) -> Any:
    """Return what a factory string stands for, trained on a sample, with all rows in it.

    Raises
    ------
    ParameterError
        If FAISS does not take it.
    """
    faiss = load("faiss", extra="quantize", purpose="Faiss")
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # so that k-means rounds alike on every machine
    try:
        made = faiss.index_factory(X.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        if isinstance(faiss.downcast_index(made), faiss.IndexRefine):
            raise ParameterError(f"factory={factory!r} compares twice; leave out its last part: `rescore` does that.")
        lists = faiss.try_extract_index_ivf(made)
        for part in (lists, getattr(lists and faiss.downcast_index(lists), "pq", None)):
            if part is not None:
                part.cp.seed, part.cp.min_points_per_centroid = random_state, 1
        if graph := graph_of(made):
            graph.efConstruction = EF_CONSTRUCTION
        made.train(sample)
        made.add(np.ascontiguousarray(X))
    except RuntimeError as error:
        raise ParameterError(f"FAISS does not take factory={factory!r} for {X.shape} vectors: {error}.") from error
    finally:
        faiss.omp_set_num_threads(threads)
    return made


def others(hits: Hits, rows: IdArray) -> Hits:
    """Leave the row that asked out of its own hits."""
    ids = np.where(hits.ids == rows[:, None], -1, hits.ids)
    order = np.argsort(ids < 0, axis=1, kind="stable")
    return Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(hits.scores, order, 1))
