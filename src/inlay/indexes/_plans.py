"""How a search in which only some rows are allowed can be made, and what each way costs."""

from dataclasses import dataclass

from inlay.core.contracts import Index

from .faiss import Faiss
from .hnsw import GATHERED_ROW_COST, HNSW, ROW_COST

NAMES = ("pre", "in", "post")
# What it costs to fetch a row on its own, in rows read one after another: benchmarks/speed/index.py.
GATHERED = GATHERED_ROW_COST / ROW_COST


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to search among some rows.

    Parameters
    ----------
    name : "pre" compares the allowed rows one by one; "in" gives the filter to the index; "post" asks the index for
        more rows and leaves out what is not allowed; "all" where every row is allowed.
    selectivity : the part of the rows that is allowed.
    cost : what a query is expected to cost, in rows read one after another.
    recall : the part of the exact hits that it is expected to find, as measured with random filters.
    why : a sentence.
    """

    name: str
    selectivity: float
    cost: float
    recall: float
    why: str


def effort(index: Index, n: int, places: int) -> float:
    """Return what a search for so many places without a filter costs, in rows read one after another."""
    walk = index.ef_search if isinstance(index, HNSW) else index.ef_search_ if isinstance(index, Faiss) else 0
    if walk:
        return min(n, max(walk, places) / ROW_COST)  # the walk keeps as many rows as it is asked for
    if isinstance(index, Faiss) and index.n_probe_:
        n_lists = index.n_lists
        return n_lists + n * index.n_probe_ / n_lists
    return n


def cost(name: str, index: Index, n: int, share: float, k: int, depth: int) -> float:
    """Return the expected cost of a plan for `k` hits; `depth` is how many rows the plan "post" asks for."""
    if name == "pre":
        return n * share * GATHERED if share < 1 else n
    if name == "in":  # as many allowed rows have to be met as without a filter
        return min(effort(index, n, k) / max(share, 1 / n), n * GATHERED)
    return max(effort(index, n, depth), depth * GATHERED)
