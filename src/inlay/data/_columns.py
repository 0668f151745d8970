"""Columns: which columns of a row become the text, the id and the fields of a record."""

import datetime
import decimal
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._input import Input, Unreadable
from .records import Record

TEXT_NAMES = (
    *("text", "content", "contents", "body", "passage", "document", "page_content", "chunk", "doc"),
    *("abstract", "description", "summary", "question", "query", "sentence", "answer", "comment", "review", "message"),
)
ID_NAMES = ("id", "_id", "doc_id", "docid", "document_id", "passage_id", "pid", "uid", "uuid", "guid")
_BIGGEST = 2**63
_REMEMBERED = 1000


class Columns:
    """Turn rows into records.

    Without `text` it is the first column of `TEXT_NAMES` that a row has, whatever its case, with the title before
    it where there is one; failing that, the only column that holds text. Without `id` it is the first of `ID_NAMES`,
    else the name of the source and the number of the row. What is not text or id becomes a field.

    Parameters
    ----------
    text : columns that make up the text, joined by line breaks.
    id : column of the ids.
    """

    def __init__(self, text: Sequence[str] | None = None, id: str | None = None) -> None:
        self.text = text
        self.id = id
        self._chosen: dict[tuple[str, ...], tuple[tuple[str, ...], str]] = {}
        self._refused: set[tuple[str, ...]] = set()

    def choose(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        """Return the columns of the text, none where no name tells, and that of the id or ``""``.

        >>> Columns().choose(("_id", "Title", "text", "year"))
        (('Title', 'text'), '_id')
        """
        if names not in self._chosen:
            lower = {name.lower(): name for name in reversed(names)}
            text = tuple(self.text or ())
            if self.text is None and (found := [lower[name] for name in TEXT_NAMES if name in lower][:1]):
                text = (lower["title"], *found) if "title" in lower else tuple(found)
            id = self.id if self.id is not None else next((lower[name] for name in ID_NAMES if name in lower), "")
            if len(self._chosen) >= _REMEMBERED:  # rows whose keys are data
                self._chosen.clear()
            self._chosen[names] = text, id
        return self._chosen[names]

    def settle(self, names: Sequence[str], textual: Iterable[str]) -> "Columns":
        """Return the choice for a table whose columns are the same in every row, or refuse the table.

        Parameters
        ----------
        names : all columns.
        textual : those that hold text.
        """
        return Columns(*self._pick(tuple(names), textual))

    def _pick(self, names: tuple[str, ...], textual: Iterable[str]) -> tuple[tuple[str, ...], str]:
        text, id = self.choose(names)
        if missing := [name for name in (*text, *([id] if id else [])) if name not in names]:
            raise Unreadable(f"there is no column {missing[0]!r}; there are {_listed(names)}")
        if not text:
            text = tuple(name for name in textual if name != id)
            if len(text) != 1:
                raise Unreadable(
                    f"no column is known to be the text; name it with text=[...]; there are {_listed(names)}"
                )
        return text, id

    def record(self, input: Input, row: Mapping[str, Any], number: int, line: int = 0) -> Record | None:
        """Return the record of one row, or tell the problem.

        Parameters
        ----------
        input : where the row comes from.
        row : values by column; None is no value.
        number : which row it is, counted from 1.
        line : where it stands in the file, counted from 1; 0 where there is no such thing.
        """
        names = tuple(row)
        where = "" if line else f"row {number}: "
        try:
            columns, id_column = self._pick(names, (n for n, v in row.items() if isinstance(v, str) and v))
        except Unreadable as error:
            kind = names if self.text else ()  # rows without known text are all alike
            if kind not in self._refused:
                input.problem(f"{where}{error} (told once for all such rows)", line)
            if len(self._refused) < _REMEMBERED:
                self._refused.add(kind)
            return None
        text = clean("\n".join(filter(None, (_text(row[name]).strip() for name in columns))))
        if not text:
            input.problem(f"{where}the text is empty ({', '.join(columns)})", line)
            return None
        id, name = row.get(id_column), input.source.name
        taken = {column for column in columns if column.lower() != "title"} | {id_column}
        values = ((clean(column), plain(value)) for column, value in row.items() if column not in taken)
        return Record(
            id=clean(str(id)) if id not in (None, "") else f"{name}:{number}",
            text=text,
            source=f"{name}:{line or number}",
            end=len(text),
            fields={column: value for column, value in values if value is not None},
        )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(map(_text, value))
    return "" if value is None else str(value)


def plain(value: Any) -> Any:
    """Return a value as a field holds it: str, int, float, bool, or None for no value.

    Numbers that are not finite are no value, whole numbers beyond 64 bits become floats, dates and times ISO 8601
    strings, lists and objects JSON, and bytes are left out.

    Examples
    --------
    >>> import datetime
    >>> [plain(v) for v in (3, float("nan"), 2**70, datetime.date(2024, 5, 1), ["a", 1], b"x", {})]
    [3, None, 1.1805916207174113e+21, '2024-05-01', '["a", 1]', None, None]
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int):
        return value if -_BIGGEST <= value < _BIGGEST else _finite(value)
    if isinstance(value, (float, decimal.Decimal)):
        return _finite(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (list, dict)) and value:
        return clean(json.dumps(value, ensure_ascii=False, default=str))
    return None


def _finite(value: float | decimal.Decimal) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def clean(text: str) -> str:
    r"""Return text that can be stored as UTF-8: null characters and halves of surrogate pairs become U+FFFD.

    >>> clean("a\x00b\ud800") == "a\ufffdb\ufffd"
    True
    """
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "\ufffd")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name if len(name) < 40 else f"{name[:36]}...") for name in names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown or "none"
