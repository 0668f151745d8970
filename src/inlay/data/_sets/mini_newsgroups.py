"""Mini-newsgroups: 100 messages of each of 20 newsgroups, a sample of the 20,000 of 20 Newsgroups.

``mini-newsgroups`` is what follows the headers, which name the group, with quotes and signatures as they are; it can be
empty. ``mini-newsgroups-subjects`` is the subject alone, without the "Re:" of an answer, as MTEB clusters subjects
of the whole set.
"""

import re
import tarfile
from functools import partial
from pathlib import Path

from ..datasets import Columns, DataSet

_SUBJECT = re.compile(r"^subject:[ \t]*(.*)$", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(r"^(re:\s*)+", re.IGNORECASE)


def _read(folder: Path, subjects: bool) -> Columns:
    columns: dict[str, list[str]] = {"text": [], "label": []}
    with tarfile.open(folder / "mini_newsgroups.tar.gz") as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            content = archive.extractfile(member)
            if content is not None and not member.name.endswith(".DS_Store"):
                headers, body = _parts(content.read())
                columns["text"].append(_subject(headers) if subjects else body)
                columns["label"].append(member.name.split("/")[-2])
    return columns


def _parts(message: bytes) -> tuple[str, str]:
    try:
        text = message.decode("utf-8")
    except UnicodeDecodeError:
        text = message.decode("latin-1")
    headers, _, body = text.replace("\r\n", "\n").partition("\n\n")
    return headers, body.strip()


def _subject(headers: str) -> str:
    found = _SUBJECT.search(headers)
    return _ANSWER.sub("", found[1].strip()) if found else ""


_LANG = "Lang (1995), NewsWeeder: Learning to Filter Netnews, ICML"

SETS = (
    DataSet("mini-newsgroups", "mini_newsgroups", partial(_read, subjects=False), _LANG),
    DataSet("mini-newsgroups-subjects", "mini_newsgroups", partial(_read, subjects=True), _LANG),
)
