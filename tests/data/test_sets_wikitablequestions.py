"""WikiTableQuestions has its tables, and every question has one of them."""

import tarfile
from io import BytesIO

import pytest

from inlay.core.errors import DataError, MissingData
from inlay.data.datasets import known_sets, load


@pytest.mark.data
def test_counts_a_known_question_and_its_table():
    found = load("wikitablequestions")
    assert {name: len(column) for name, column in found.items()} == {
        "documents": 2108,
        "train_queries": 14_152,
        "train_relevant": 14_152,
        "queries": 4344,
        "relevant": 4344,
        "tables": 2108,
    }
    assert found["documents"].keys() == found["tables"].keys()
    assert found["train_queries"]["nt-0"] == "what was the last year where this team was a part of the usl a-league?"
    [table] = found["train_relevant"]["nt-0"]
    assert found["tables"][table][0][:3] == ["Year", "Division", "League"]
    assert found["tables"][table][1] == ["2001", "2", "USL A-League", "4th, Western", "Quarterfinals", *_LAST]
    assert found["documents"][table].splitlines()[1] == "2001 2 USL A-League 4th, Western Quarterfinals " + " ".join(
        _LAST
    )
    asked, learned = ({table for of in found[name].values() for table in of} for name in ("relevant", "train_relevant"))
    assert (len(asked), len(learned)) == (421, 1679)
    assert not asked & learned


_LAST = ["Did not qualify", "7,169"]
_HEAD = "id\tutterance\tcontext\ttargetValue\n"
_WHOLE = {
    "csv/200-csv/0.csv": b'"Name","Sign"\n"quote","\\""\n"two\nlines","\\\\n, a"\n',
    "data/training.tsv": (_HEAD + "nt-0\twhich?\tcsv/200-csv/0.csv\tone\n").encode(),
    "data/pristine-unseen-tables.tsv": (_HEAD + "nu-0\twhere?\tcsv/200-csv/0.csv\there\n").encode(),
}


def _archive(folder, links=(), **files):
    with tarfile.open(folder / "wikitablequestions.tar.gz", "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)


def test_escapes_in_cells_and_lines_of_a_document(tmp_path):
    _archive(tmp_path, **_WHOLE)
    found = known_sets()["wikitablequestions"].read(tmp_path)
    assert found["tables"] == {"csv/200-csv/0.csv": [["Name", "Sign"], ["quote", '"'], ["two\nlines", "\\n, a"]]}
    assert found["documents"] == {"csv/200-csv/0.csv": 'Name Sign\nquote "\ntwo lines \\n, a'}
    assert (found["queries"], found["relevant"]) == ({"nu-0": "where?"}, {"nu-0": {"csv/200-csv/0.csv": 1}})
    assert found["train_queries"] == {"nt-0": "which?"}


def test_a_link_in_the_archive_is_not_followed(tmp_path):
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    within = ("csv/200-csv/2.csv", "0.csv")
    _archive(tmp_path, links=[("csv/200-csv/1.csv", str(tmp_path / "secret.csv")), within], **_WHOLE)
    assert list(known_sets()["wikitablequestions"].read(tmp_path)["tables"]) == ["csv/200-csv/0.csv"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("csv/200-csv/0.csv", b"a,b\n1,2\n3\n", r"0\.csv:3: this row has 1 cells, the first 2"),
        ("csv/200-csv/0.csv", b'a,b\n"1,2\n', r"0\.csv:2: this line cannot be read: unexpected end"),
        ("csv/200-csv/0.csv", b"", r"0\.csv holds no rows"),
        ("csv/200-csv/0.csv", b"\xff", r"0\.csv is not UTF-8"),
        ("data/training.tsv", (_HEAD + "nt-0\twhich?\n").encode(), r"training\.tsv:2: this line has 2 values"),
        ("data/training.tsv", b"nt-0\twhich?\n", r"training\.tsv:1: the first line names \['nt-0', 'which\?'\]"),
        (
            "data/training.tsv",
            (_HEAD + "nt-0\twhich?\t../0.csv\tone\n").encode(),
            r"training\.tsv:2: this is about the table '\.\./0\.csv', which is not there",
        ),
    ],
)
def test_what_is_broken_is_named(tmp_path, name, content, said):
    _archive(tmp_path, **{**_WHOLE, name: content})
    with pytest.raises(DataError, match=rf"wikitablequestions\.tar\.gz: .*{said}"):
        known_sets()["wikitablequestions"].read(tmp_path)


def test_a_part_or_the_archive_that_lacks_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "wikitablequestions"
    folder.mkdir()
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    with pytest.raises(MissingData, match=r"is not whole: .*wikitablequestions\.tar\.gz"):
        load("wikitablequestions")
    (folder / "wikitablequestions.tar.gz").write_bytes(b"version https://git-lfs")
    with pytest.raises(DataError, match="cannot be read: not a gzip file"):
        load("wikitablequestions")
    _archive(folder, **{"csv/200-csv/0.csv": _WHOLE["csv/200-csv/0.csv"]})
    with pytest.raises(DataError, match=r"lacks data/training\.tsv and data/pristine-unseen-tables\.tsv"):
        load("wikitablequestions")
