"""How much memory a build may take."""

from collections.abc import Iterable

from inlay.data.source import Source

LIBRARIES = 450 << 20
READ = 192 << 20
GROUP_TEXT = 256 << 20
KEYS = 256
TOLD = 200_000  # rows that a ceiling is told for, where there are not more already
_RECORD, _WHOLE = 64 << 20, 256 << 20
_PARSED = {"json": 2, "html": 5}


def ceiling(rows: int, dim: int, largest: int, links: int = 16) -> int:
    """Return the most bytes that a build takes beside the model, for a space of `rows` passages in the end.

    The terms are upper bounds of what can be there at once:

    - `LIBRARIES`: Python, NumPy, Arrow and Lance, with the memory that they do not give back.
    - `READ`: what Lance reads ahead and compacts, and the blocks of vectors and scores that are multiplied.
    - `KEYS` for each row: its id, document, hash and address, while they are sorted.
    - A group of up to 4,096 passages of up to 4,096 characters, each taking 16 bytes (as text, as a row, as a file that
      is written), with its vectors four times. What was taken for it in small pieces may stay with the process.
    - Whatever is more of eight times `largest` (as bytes, as text, parsed, cut and written), and the index, which is
      made when all is read: for each row a float32 vector in a mapped file, and twice its node in the graph, built
      and saved, which is a bfloat16 vector and about three times `links` neighbours of 4 bytes.

    Parameters
    ----------
    rows : passages.
    dim : columns of their vectors.
    largest : bytes of the largest record; see `largest_record`.
    links : the parameter `M` of the graph.
    """
    group = GROUP_TEXT + 4 * 4096 * 4 * dim
    index = rows * (4 * dim + 2 * (2 * dim + 12 * links + 16))
    return LIBRARIES + READ + KEYS * rows + group + max(8 * largest, index)


def largest_record(sources: Iterable[Source]) -> int:
    """Bound the bytes of the largest record as `ceiling` counts them: readers refuse more than 64 MB.

    A ``.json`` file is parsed as one value, and its objects take twice what the text of a record does; the tree of an
    HTML file takes five times that, as was measured. What is inside of PDF and Office files cannot be told beforehand.
    """
    sizes = (_PARSED.get(s.kind, 1) * min(s.size, _WHOLE if s.kind == "json" else _RECORD) for s in sources)
    return max(sizes, default=0)


def sentence(rows: int, dim: int, largest: int, links: int = 16) -> str:
    """Say the ceiling for people, and how it grows."""
    most, more = (ceiling(n, dim, largest, links) / 1e9 for n in (rows, rows + 1_000_000))
    return (
        f"Memory: at most {most + 0.05:.1f} GB beside the model for up to {rows:,} passages in the space; "
        f"each further million takes up to {more - most + 0.05:.1f} GB."
    )
