"""Input: an open source, read in bounded pieces, with the one place where its problems are told."""

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from .records import Problem
from .source import Source

_PIECE = 1 << 20
SAMPLE = 1 << 16
_MARKS = (  # the longer mark first: that of UTF-32 starts with that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST_MARK = 4
_DECLARED = re.compile(rb"""(?:charset|coding)[=:][ \t]*["']?([\w.-]+)""")
READ_ERRORS = (OSError, EOFError, zlib.error)


class Unreadable(Exception):
    """Nothing more can be had from this input; the message says why."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class Input:
    """One source being read.

    Parameters
    ----------
    source : what is read.
    limit : the most bytes that one record may take.
    on_problem : called with each `Problem`.
    """

    def __init__(self, source: Source, limit: int, on_problem: Callable[[Problem], object]) -> None:
        self.source = source
        self.limit = limit
        self.position = 0  # bytes of the file that have been read
        self.problems = 0
        self._on_problem = on_problem

    def problem(self, message: str, line: int = 0) -> None:
        """Tell of one piece that is passed over."""
        self.problems += 1
        self._on_problem(Problem(self.source.name, message, line))

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file, looking through gzip."""
        with self.source.path.open("rb") as file:
            if self.source.path.suffix.lower() == ".gz":
                with gzip.open(file) as content:
                    yield cast(BinaryIO, content)
            else:
                yield file

    def pieces(self) -> Iterator[bytes]:
        """Yield the content in pieces, without its byte order mark; UTF-16 and UTF-32 become UTF-8."""
        with self.source.path.open("rb") as raw, _telling_of_encoding():
            file = gzip.open(raw) if self.source.path.suffix.lower() == ".gz" else raw  # noqa: SIM115 - `raw` is closed
            head = file.read1(_PIECE)  # `read` drops what it has unpacked when it then meets the damage
            while len(head) < _LONGEST_MARK and (more := file.read1(_PIECE)):
                head += more
            mark, encoding = mark_of(head)
            decoder = codecs.getincrementaldecoder(encoding)() if encoding in ("utf-16", "utf-32") else None
            piece = head if decoder else head[len(mark) :]
            while piece:
                self.position = raw.tell()
                yield decoder.decode(piece).encode("utf-8", "replace") if decoder else piece
                piece = file.read1(_PIECE)
            if decoder:
                decoder.decode(b"", final=True)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line with its number from 1, without its end; a line beyond the limit is a problem.

        Memory is bounded by the limit, however long a line is.
        """
        rest: list[bytes] = []
        held, number = 0, 1
        for piece in self.pieces():
            first, *others = piece.split(b"\n")
            held += len(first)
            if held <= self.limit:
                rest.append(first)
            else:
                rest.clear()
            for line in others:
                if held <= self.limit:
                    yield number, b"".join(rest).removesuffix(b"\r")
                else:
                    self.problem(f"this line is longer than {megabytes(self.limit)}, the limit for one record", number)
                number += 1
                rest, held = [line], len(line)
        if held > self.limit:
            self.problem(f"this line is longer than {megabytes(self.limit)}, the limit for one record", number)
        elif held:
            yield number, b"".join(rest)

    def content(self, limit: int | None = None) -> bytes:
        """Return all bytes as they stand in the file, or refuse where they are more than `limit`."""
        allowed = self.limit if limit is None else limit
        with self.open() as file:
            content = file.read(allowed + 1)
        if len(content) > allowed:
            raise Unreadable(
                f"this file is one record of more than {megabytes(allowed)}, the limit for one record; "
                "split it, or give it as lines of JSON (.jsonl)"
            )
        return content

    def text(self) -> tuple[str, str]:
        r"""Return the whole text, with ``\n`` as the end of lines, and the encoding it was in."""
        text, encoding = decode(self.content())
        return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


@contextmanager
def _telling_of_encoding() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise Unreadable(f"this file is marked as {error.encoding} but is not: {error.reason}") from error


def mark_of(head: bytes) -> tuple[bytes, str]:
    """Return the byte order mark at the start of `head` and the encoding it stands for, or two empty values."""
    return next(((mark, encoding) for mark, encoding in _MARKS if head.startswith(mark)), (b"", ""))


def decode(content: bytes) -> tuple[str, str]:
    """Decode a whole text and name its encoding.

    A byte order mark decides; without one UTF-8 is tried, then what the text itself declares (HTML, Python), then what
    chardet finds in the lines that are not ASCII. Where a tenth is null bytes, as in UTF-16 without its mark, it is
    refused; a single one is left to who cleans the text.

    Raises
    ------
    Unreadable
        If the content is not text, or in no encoding that is known.

    Examples
    --------
    >>> decode("naïve".encode("utf-16"))
    ('naïve', 'utf-16')
    """
    marked = mark_of(content)[1]
    sample = content[:SAMPLE]
    if marked in ("", "utf-8-sig") and sample.count(0) > max(1, len(sample) // 10):  # these bytes are UTF-8 as well
        raise Unreadable(NOT_TEXT)
    try:
        return content.decode(marked or "utf-8"), marked.removesuffix("-sig") or "utf-8"
    except UnicodeDecodeError as error:
        if marked:
            raise Unreadable(f"this file is marked as {marked} but is not: {error.reason}") from error
        line = content.count(b"\n", 0, error.start) + 1
    if b"\0" in sample:
        raise Unreadable(NOT_TEXT)
    declared = _DECLARED.search(content, 0, 2048)
    for encoding in (declared[1].decode() if declared else "", _detected(content)):
        try:
            return content.decode(encoding or "ascii"), encoding.lower()
        except (UnicodeDecodeError, LookupError):
            continue
    raise Unreadable(NOT_UTF8, line)


def _detected(content: bytes) -> str:
    return detect([row for row in content[: 1 << 22].split(b"\n") if not row.isascii()])


NOT_TEXT = "this file is not text (it holds null bytes); UTF-16 needs a byte order mark"
NOT_UTF8 = "this is not UTF-8, and no other encoding fits; convert it: iconv -f ENCODING -t UTF-8 FILE"


def detect(lines: list[bytes]) -> str:
    """Return the most likely encoding of lines that are not UTF-8, ``""`` where none fits."""
    import chardet

    guesses = chardet.detect_all(
        b"\n".join(lines)[:SAMPLE],
        ignore_threshold=True,
        encoding_era=chardet.EncodingEra.MODERN_WEB,
        prefer_superset=True,
        compat_names=False,
    )
    best = max((guess["confidence"] for guess in guesses), default=0.0)
    # A few accents fit many code pages equally well; of those Windows-1252 is by far the most frequent.
    likely = [str(guess["encoding"] or "") for guess in guesses if guess["confidence"] >= 0.9 * best]
    return "cp1252" if "cp1252" in likely else next(iter(likely), "")


def megabytes(size: int) -> str:
    """Return a size for people.

    >>> megabytes(64 << 20), megabytes(1000)
    ('64 MB', '1000 bytes')
    """
    return f"{size >> 20} MB" if size >= 1 << 20 else f"{size} bytes"
