"""A cutoff for the searches of a space that keeps what is relevant as often as was asked for."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._compression.trial import judged
from .core.contracts import Ranker
from .core.errors import DataError, ParameterError
from .core.values import Hits, Search
from .pipeline import DEPTH
from .rankers.calibrate import ConformalThreshold
from .space import Space


def threshold(
    space: Space,
    judgments: Any,
    coverage: float,
    *,
    k: int = 10,
    where: str | None = None,
    hybrid: Ranker | None = None,
    rankers: Sequence[Ranker] = (),
    depth: int | None = None,
) -> ConformalThreshold:
    """Fit a cutoff on queries with judgments: a search that ends with it keeps a relevant hit as often as `coverage`.

    Parameters
    ----------
    space : that is searched.
    judgments : a data set with ``queries`` and ``relevant``, by name, file or columns; its documents go by the ids of
        the space.
    coverage : the share of queries like these that keep a relevant hit, above 0 and below 1.
    k, where, hybrid, rankers, depth : as the searches have them that it is for, see `Space.search`. What is not among
        the best `k` no cutoff can keep, so let `k` be the most that anyone would look at. Queries without a relevant
        document where `where` holds do not count.

    Returns
    -------
    ConformalThreshold
        To be the last of the rankers. It warns where no cutoff can promise that, and then keeps everything.

    Raises
    ------
    ParameterError
        If `coverage` or `k` is out of its range.
    DataError
        If the judgments name no document of the space where `where` holds.

    Examples
    --------
    >>> import tempfile
    >>> from inlay.building import build
    >>> space = build([], tempfile.mkdtemp(), encoder="hashing")
    >>> rows = [{"id": f"t{i}", "text": f"report {i} on case {i % 9}"} for i in range(60)]
    >>> _ = space.add(rows)
    >>> asked = {f"q{i}": f"report {i}" for i in range(40)}
    >>> judgments = {"documents": {}, "queries": asked, "relevant": {f"q{i}": {f"t{i}": 1} for i in range(40)}}
    >>> cutoff = threshold(space, judgments, 0.9, k=20)
    >>> 0.9 <= cutoff.coverage_ < 0.95, len(space.search("report 50", k=20, rankers=[cutoff])) < 20
    (True, True)
    """
    if not 0 < coverage < 1:
        raise ParameterError(f"coverage must be above 0 and below 1, such as 0.95, got {coverage}.")
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    with space._keeper.reading:
        rows = space._table.read(["id", "document"], where)
    if where is not None and not len(rows):
        raise DataError(f"No cutoff can be fitted where {where}: that holds for no row of {space.path}.")
    named = rows["id"].to_pylist()
    homes = [document or name for name, document in zip(named, rows["document"].to_pylist(), strict=True)]
    asked, relevant = judged(judgments, np.array(named), np.array(homes))
    deep = max(k, DEPTH if depth is None else depth)  # as where a ranker, such as the cutoff, comes last
    found = [one[:k] for one in space.search(asked, k=deep, where=where, hybrid=hybrid, rankers=rankers, depth=deep)]
    numbers: dict[str, int] = {}
    ids = np.full((len(found), max(map(len, found), default=0)), -1, np.int64)
    scores = np.full(ids.shape, -np.inf, np.float32)
    grades: list[dict[int, float]] = []
    for i, (results, good) in enumerate(zip(found, relevant, strict=True)):
        for place, result in enumerate(results):
            ids[i, place], scores[i, place] = numbers.setdefault(result.id, len(numbers)), result.score
        kept = {numbers[r.id]: float(good[r.document]) for r in results if good.get(r.document, 0) > 0}
        # A query of which nothing relevant was found counts as one that no cutoff can keep.
        grades.append(kept or {len(space) + i: 1.0})
    cutoff = ConformalThreshold(alpha=round(1 - coverage, 12))  # 1 - 0.9 is not quite 0.1
    fitted: ConformalThreshold = cutoff.fit(Search(Hits(ids, scores)), grades)
    return fitted
