"""PDF and Office documents, through the libraries of the extra ``office``."""

import zlib
from collections.abc import Iterator
from typing import Any
from zipfile import BadZipFile, ZipFile

from ..core.extras import load
from ._columns import Columns, clean
from ._input import Input, Unreadable, megabytes
from ._texts import document
from .records import Record

# What zipfile and the libraries raise on broken files; a file that cannot be opened is told before they see it.
_DAMAGED = (
    *(BadZipFile, zlib.error, OSError, EOFError, RuntimeError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, AssertionError),
)


def read_pdf(input: Input) -> Iterator[Record]:
    """Yield the pages of a PDF file that have text."""
    pdfium = load("pypdfium2", extra="office", purpose="reading PDF files")
    found = False
    try:
        with pdfium.PdfDocument(input.source.path) as file:
            title = file.get_metadata_value("Title")
            for number, page in enumerate(file, 1):
                text = page.get_textpage().get_text_bounded().replace("\r\n", "\n")
                input.position = input.source.size * number // len(file)
                if text.strip():
                    found = True
                    yield _part(input, number, text, {"title": title, "page": number})
    except pdfium.PdfiumError as error:
        raise Unreadable(f"this PDF is damaged or locked by a password: {error}") from error
    if not found:
        raise Unreadable("no page of this PDF has text; scanned pages need text recognition (OCR) first")


def read_docx(input: Input) -> Iterator[Record]:
    """Yield a Word document: its paragraphs and the rows of its tables, in order."""
    docx = load("docx", extra="office", purpose="reading Word documents")
    _check_size(input)
    try:
        file = docx.Document(str(input.source.path))
        text = "\n\n".join(filter(str.strip, map(_block, file.iter_inner_content())))
        title = file.core_properties.title
    except _damages() as error:
        raise Unreadable(f"this is not a Word document that can be read: {_brief(error)}") from error
    yield document(input, text, {"title": title})


def read_pptx(input: Input) -> Iterator[Record]:
    """Yield the slides of a presentation that have text, with their notes."""
    pptx = load("pptx", extra="office", purpose="reading presentations")
    _check_size(input)
    try:
        slides = [_slide(slide) for slide in pptx.Presentation(str(input.source.path)).slides]
    except _damages() as error:
        raise Unreadable(f"this is not a presentation that can be read: {_brief(error)}") from error
    for number, (title, text) in enumerate(slides, 1):
        if text:
            yield _part(input, number, text, {"title": title, "slide": number})


def read_xlsx(input: Input, columns: Columns) -> Iterator[Record]:
    """Yield the rows of each sheet; the first row that is not empty names the columns."""
    openpyxl = load("openpyxl", extra="office", purpose="reading spreadsheets")
    _check_size(input)
    try:
        book = openpyxl.load_workbook(input.source.path, read_only=True, data_only=True)
        for sheet in book.worksheets:
            yield from _sheet(input, sheet, columns)
        book.close()
    except _damages() as error:
        raise Unreadable(f"this is not a spreadsheet that can be read: {_brief(error)}") from error


def _sheet(input: Input, sheet: Any, columns: Columns) -> Iterator[Record]:
    names: list[str] = []
    settled = columns
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        if all(cell is None for cell in cells):
            continue
        if not names:
            names = [str(cell) if cell is not None else f"column {at}" for at, cell in enumerate(cells, 1)]
            continue
        row = dict.fromkeys(names) | dict(zip(names, cells, strict=False))
        if settled is columns:
            try:
                settled = columns.settle(names, [name for name, value in row.items() if isinstance(value, str)])
            except Unreadable as error:
                input.problem(f"sheet {sheet.title!r}: {error}")
                return
        record = settled.record(input, {"sheet": sheet.title, **row}, number, number)
        if record is not None:
            named = record.id != f"{input.source.name}:{number}"
            id = record.id if named else f"{input.source.name}:{sheet.title}:{number}"
            yield Record(id, record.text, f"{input.source.name}:{sheet.title}:{number}", 0, record.end, record.fields)


def _part(input: Input, number: int, text: str, fields: dict[str, Any]) -> Record:
    whole = document(input, text, fields)
    name = f"{input.source.name}:{number}"
    return Record(id=name, text=whole.text, source=name, end=whole.end, fields=whole.fields)


def _block(block: Any) -> str:
    if not hasattr(block, "rows"):
        return str(block.text)
    return "\n".join("\t".join(cell.text.strip() for cell in row.cells) for row in block.rows)


def _slide(slide: Any) -> tuple[str, str]:
    title = slide.shapes.title
    texts = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    tables = [_block(shape.table) for shape in slide.shapes if shape.has_table]
    notes = [slide.notes_slide.notes_text_frame.text] if slide.has_notes_slide else []
    text = "\n\n".join(part.strip() for part in (*texts, *tables, *notes) if part and part.strip())
    return clean(title.text_frame.text.strip()) if title is not None else "", text


def _check_size(input: Input) -> None:
    """Refuse an archive that would unpack to more than one record may hold, several times over."""
    try:
        with ZipFile(input.source.path) as archive:
            size = sum(part.file_size for part in archive.infolist() if part.filename.endswith((".xml", ".rels")))
    except (BadZipFile, RuntimeError, ValueError) as error:
        raise Unreadable("this file is damaged, encrypted or in an old format; save it anew") from error
    if size > 8 * input.limit:
        raise Unreadable(f"this file unpacks to {megabytes(size)}; the limit is {megabytes(8 * input.limit)}")


def _damages() -> tuple[type[Exception], ...]:
    """Return what the libraries raise on broken files; those of lxml only where it is installed."""
    try:
        from lxml.etree import LxmlError
    except ImportError:
        return _DAMAGED
    return (*_DAMAGED, LxmlError)


def _brief(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
