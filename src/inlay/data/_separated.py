"""Separated values: CSV and TSV, gone through once for the type of each column and once for the rows."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import NoReturn

from ._columns import Columns
from ._input import NOT_TEXT, NOT_UTF8, READ_ERRORS, SAMPLE, Input, Unreadable, detect
from .records import Problem, Record

Row = tuple[int, list[str]]
Rows = Callable[[Input, str], Iterator[Row]]
Type = Callable[[str], object]

# From narrow to wide. A leading zero or more digits than 64 bits hold make a label, not a number.
_TYPES: tuple[tuple[re.Pattern[str], Type], ...] = (
    (re.compile("true|false", re.IGNORECASE), lambda cell: cell.lower() == "true"),
    (re.compile("[+-]?(0|[1-9][0-9]{0,17})"), int),
    (
        re.compile(r"[+-]?((0|[1-9][0-9]{0,17})(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf)", re.IGNORECASE),
        float,
    ),
)


def read_csv(input: Input, columns: Columns) -> Iterator[Record]:
    """Yield a record for each row; the first row names the columns.

    The separator is a comma, or whichever of semicolon, tab and bar stands in the first row in its place.
    """
    # The limit of the csv module is one for the whole process, 128 kB at first; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), input.limit))
    return _read(input, columns, _csv_rows)


def read_tsv(input: Input, columns: Columns) -> Iterator[Record]:
    """Yield a record for each line; quotes count only around a whole value."""
    return _read(input, columns, _tsv_rows)


def _read(input: Input, columns: Columns, rows_of: Rows) -> Iterator[Record]:
    first_pass = Input(input.source, input.limit, lambda _: None)
    _check_text(first_pass)
    encoding = _encoding(first_pass)
    header = next(rows_of(Input(input.source, input.limit, _no_columns), encoding), None)
    if header is None:
        raise Unreadable("all of its lines are empty; the first row has to name the columns")
    names = [name.strip() or f"column {at}" for at, name in enumerate(header[1], 1)]
    if len(set(names)) < len(names):
        raise Unreadable(f"the first row names the columns, and {_twice(names)!r} is there twice", 1)
    text, id = columns.choose(tuple(names))
    types = _types(rows_of(first_pass, encoding), names, {*text, id})
    columns = columns.settle(names, [name for name, kind in zip(names, types, strict=True) if kind is str])
    rows = rows_of(input, encoding)
    next(rows, None)
    for number, (line, cells) in enumerate(rows, 1):
        if any(cell.strip() for cell in cells[len(names) :]):
            input.problem(f"this row has {len(cells)} values, and there are {len(names)} columns", line)
            continue
        filled = (cell if kind is str else cell.strip() for kind, cell in zip(types, cells, strict=False))
        values = (kind(cell) if cell.strip() else None for kind, cell in zip(types, filled, strict=False))
        row = dict.fromkeys(names) | dict(zip(names, values, strict=False))
        if (record := columns.record(input, row, number, line)) is not None:
            yield record


def _check_text(input: Input) -> None:
    """Refuse a file whose first line is not text, such as a spreadsheet under another name."""
    head = next(input.pieces(), b"")[:SAMPLE]
    first = head.partition(b"\n")[0]
    if b"\0" in first or (b"\0" in head and "\ufffd" in first.decode(errors="replace")):
        raise Unreadable(NOT_TEXT)


def _no_columns(problem: Problem) -> NoReturn:
    raise Unreadable(f"the first row, which names the columns, is lost: {problem.message}", problem.line)


def _types(rows: Iterator[Row], names: list[str], as_text: set[str]) -> list[Type]:
    """Find the narrowest type that fits every value of each column; a column without values is text."""
    next(rows, None)
    fitting = {at: range(len(_TYPES)) for at, name in enumerate(names) if name not in as_text}
    left: dict[int, Sequence[int]] = dict(fitting)
    filled: set[int] = set()
    with suppress(*READ_ERRORS):  # they are told when the rows are read
        for _, cells in rows:
            if not left:
                break
            for at in [at for at in left if at < len(cells) and cells[at].strip()]:
                filled.add(at)
                left[at] = [option for option in left[at] if _TYPES[option][0].fullmatch(cells[at].strip())]
                if not left[at]:
                    del left[at]
    return [_TYPES[left[at][0]][1] if at in left and at in filled else str for at in range(len(names))]


def _csv_rows(input: Input, encoding: str) -> Iterator[Row]:
    started: list[int] = []  # numbers of the lines that the row at hand has taken

    def lines() -> Iterator[str]:
        for number, line in _decoded(input, encoding):
            started.append(number)
            yield line + "\n"

    taken = lines()
    head = next(taken, "")
    reader = csv.reader(chain([head], taken), delimiter=_separator(head), strict=True)
    while True:
        try:
            cells = next(reader, None)
            if cells is None:
                return
            if cells:
                yield started[0], cells
        except csv.Error as error:
            input.problem(f"the row that starts here cannot be read ({error}); is a quote missing?", started[0])
        started.clear()


def _tsv_rows(input: Input, encoding: str) -> Iterator[Row]:
    for number, line in _decoded(input, encoding):
        if line.strip():
            yield number, [_unquoted(cell) for cell in line.split("\t")]


def _unquoted(cell: str) -> str:
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if whole else cell


def _separator(head: str) -> str:
    bare = re.sub('"[^"]*"', "", head)
    return "," if "," in bare else max(";\t|", key=bare.count) if re.search("[;\t|]", bare) else ","


def _decoded(input: Input, encoding: str) -> Iterator[tuple[int, str]]:
    for number, line in input.lines():
        try:
            yield number, line.decode(encoding)
        except UnicodeDecodeError:
            input.problem(NOT_UTF8 if encoding == "utf-8" else f"this line is not {encoding}, unlike others", number)


def _encoding(input: Input) -> str:
    """Return UTF-8 where every line is that, else what fits the lines that are not."""
    strange: list[bytes] = []
    with suppress(*READ_ERRORS):
        for _, line in input.lines():
            try:
                line.decode()
            except UnicodeDecodeError:
                strange.append(line)
                if sum(map(len, strange)) > SAMPLE:
                    break
    return (detect(strange) if strange else "") or "utf-8"


def _twice(names: list[str]) -> str:
    return next(name for name in names if names.count(name) > 1)
