"""What an index of FAISS is made of."""

from typing import Any

from inlay.core.extras import load


def lists_of(native: Any) -> int:
    """Return the number of lists of an index of FAISS; 0 where it has none."""
    lists = load("faiss", extra="quantize", purpose="Faiss").try_extract_index_ivf(native)
    return 0 if lists is None else int(lists.nlist)


def graph_of(native: Any) -> Any:
    """Return the graph of an index of FAISS; None where it has none."""
    faiss = load("faiss", extra="quantize", purpose="Faiss")
    inner = faiss.downcast_index(native.index) if isinstance(native, faiss.IndexPreTransform) else native
    return getattr(inner, "hnsw", None)
