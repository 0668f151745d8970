"""Reading a source: records one after another, in constant memory, and problems beside them."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from ..core.errors import InlayError, ParameterError
from ._columns import Columns
from ._input import READ_ERRORS, Input, Unreadable
from .records import Record
from .source import OnProblem, Source, why

# kind: module, function, and whether rows are chosen by columns
_READERS = {
    "jsonl": ("_json", "read_lines", True),
    "json": ("_json", "read_file", True),
    "csv": ("_separated", "read_csv", True),
    "tsv": ("_separated", "read_tsv", True),
    "parquet": ("_tables", "read_parquet", True),
    "arrow": ("_tables", "read_arrow", True),
    "xlsx": ("_office", "read_xlsx", True),
    "text": ("_texts", "read_text", False),
    "code": ("_texts", "read_code", False),
    "markdown": ("_markup", "read_markdown", False),
    "rst": ("_markup", "read_rst", False),
    "html": ("_markup", "read_html", False),
    "pdf": ("_office", "read_pdf", False),
    "docx": ("_office", "read_docx", False),
    "pptx": ("_office", "read_pptx", False),
    "docstrings": ("_docstrings", "read_docstrings", False),
}
_TOLD_EVERY = 64


def read(
    source: Source,
    *,
    text: Sequence[str] | None = None,
    id: str | None = None,
    on_problem: OnProblem,
    progress: Callable[[int], object] | None = None,
    max_record_bytes: int = 64 << 20,
) -> Iterator[Record]:
    r"""Yield the documents of one source, whole; `Splitter` makes passages of them.

    Memory is bounded by `max_record_bytes`, not by the size of the file; a ``.json`` file is the exception, which
    is parsed as a whole up to 256 MB. What cannot be read is told to `on_problem`, and the rest goes on.

    Parameters
    ----------
    source : one of those that `find` gives.
    text : columns that make up the text, for tables and JSON. Without it the first present of ``text``, ``content``,
        ``body``, ``passage``, ``document``, ``abstract`` and their like, after the ``title`` where there is one.
    id : column of the ids. Without it the first present of ``id``, ``_id``, ``doc_id`` and their like, else the name
        of the source and the number of the row.
    on_problem : called with each `Problem`.
    progress : called with the number of bytes of the source that were finished since the last call; in the end they
        add up to ``source.size``.
    max_record_bytes : the most bytes that one record (a line, a row, a text file) may take, at least 1.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from inlay.data.find import find
    >>> file = pathlib.Path(tempfile.mkdtemp(), "corpus.jsonl")
    >>> _ = file.write_text('{"_id": "d1", "title": "Bees", "text": "They dance.", "year": 1973}\n{"text": \n')
    >>> [source] = find([file], on_problem=print)
    >>> problems = []
    >>> [record] = read(source, on_problem=problems.append)
    >>> record.id, record.text, dict(record.fields)
    ('d1', 'Bees\nThey dance.', {'title': 'Bees', 'year': 1973})
    >>> problems[0].line, problems[0].message
    (2, 'this line is not JSON: expecting value at column 10')
    """
    if isinstance(text, str):
        raise ParameterError(f"text is a list of columns; {text!r} is a string. Write text=[{text!r}]")
    if max_record_bytes < 1:
        raise ParameterError(f"max_record_bytes is at least 1; {max_record_bytes} was given")
    return _read(Input(source, max_record_bytes, on_problem), Columns(text, id), progress or (lambda _: None))


def _read(input: Input, columns: Columns, progress: Callable[[int], object]) -> Iterator[Record]:
    module, function, has_columns = _READERS[input.source.kind]
    reader = getattr(import_module(f".{module}", __package__), function)
    told = count = 0
    try:
        for record in reader(input, columns) if has_columns else reader(input):
            if not record.text or record.text.isspace():
                input.problem(
                    "there is no text in it" if record.id == input.source.name else f"{record.id} has no text"
                )
                continue
            yield record
            count += 1
            if count % _TOLD_EVERY == 0 and told < input.position <= input.source.size:
                progress(input.position - told)
                told = input.position
    except Unreadable as error:
        input.problem(str(error), error.line)
    except InlayError as error:
        input.problem(str(error))
    except READ_ERRORS as error:
        input.problem(why(error))
    else:
        if not count and not input.problems:
            input.problem("there are no records in it")
    progress(input.source.size - told)
