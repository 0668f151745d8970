"""What was measured of ways to store vectors, as cells of text."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inlay._compression.measured import Measured
    from inlay.compression import Compression


def table(found: "Compression") -> list[list[str]]:
    """Return the cells of the table, the head first."""
    head = ["", "way", "bytes", "on disk", found.measured[0].recall.name]
    head += [found.measured[0].ndcg.name, "kept"] if found.measured[0].ndcg else []
    head += ["of float32", "coding us", "query ms", "error", "95 % within place", "certain"]
    best = found.frontier
    return [head, *([("*" if one.name in best else ""), *_row(one, found.dim)] for one in found.measured)]


def _row(one: "Measured", dim: int) -> list[str]:
    cells = [one.name, f"{one.memory:g}", f"{one.disk:g}" if one.disk else "-"]
    readings = [one.recall] + ([one.ndcg, one.kept] if one.ndcg else [])
    for reading in readings:
        low, high = reading.interval or (reading.value, reading.value)
        cells.append(f"{reading.value:.3f} [{low:.3f}, {high:.3f}]")
    cells += [f"1/{4 * dim / one.memory:.3g}", f"{one.encode_us:.1f}" if one.encode_us else "-"]
    bound = [f"{one.bound.error:.2%}", f"{one.bound.place:,}", f"{one.bound.certain:.0%}"] if one.bound else ["-"] * 3
    return [*cells, f"{one.search_ms:.2f}", *bound]
