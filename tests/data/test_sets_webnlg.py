"""WebNLG has its texts, and each has the triples that it says."""

import tarfile
from collections import Counter
from io import BytesIO

import pytest

from inlay.core.errors import DataError
from inlay.data.datasets import known_sets, load


@pytest.mark.data
def test_counts_and_a_known_text():
    found = load("webnlg")
    assert {len(column) for column in found.values()} == {25_292}
    assert Counter(found["split"]) == {"train": 18_102, "dev": 2262, "test": 4928}
    assert [found[name][0] for name in found] == [
        "The Aarhus is the airport of Aarhus, Denmark.",
        "Airport",
        1,
        "Aarhus_Airport",
        ["cityServed"],
        ['Aarhus_Airport | cityServed | "Aarhus, Denmark"'],
        "train",
    ]
    assert (
        len({category for category, split in zip(found["category"], found["split"], strict=True) if split == "train"})
        == 10
    )
    assert len(set(found["category"])) == 15
    for size, triples, properties, subject in zip(
        *(found[n] for n in ("size", "triples", "properties", "subject")), strict=True
    ):
        assert size == len(triples) == len(properties)
        assert triples[0].startswith(f"{subject} | {properties[0]} | ")
    assert all(text == text.strip() != "" for text in found["text"])


def _archive(folder, **files):
    with tarfile.open(folder / "webnlg_v1.6_en.tar.gz", "w:gz") as archive:
        for split, content in files.items():
            member = tarfile.TarInfo(f"data/v1.6/en/{split}/1triples/Airport.xml")
            member.size = len(content.encode())
            archive.addfile(member, BytesIO(content.encode()))


_ENTRY = (
    '<benchmark><entries><entry category="Airport" size="1"><modifiedtripleset><mtriple>{}</mtriple>'
    "</modifiedtripleset><lex><text> {} </text></lex><lex><text/></lex></entry></entries></benchmark>"
)


def test_empty_texts_are_left_out_and_splits_are_in_order(tmp_path):
    _archive(tmp_path, test=_ENTRY.format("a | b | c", "Two."), train=_ENTRY.format("a | b | c", "One."))
    found = known_sets()["webnlg"].read(tmp_path)
    assert (found["text"], found["split"]) == (["One.", "Two."], ["train", "test"])


@pytest.mark.parametrize(
    ("content", "said"),
    [("<benchmark>", "not XML"), ("<!DOCTYPE b><b/>", "document type"), (_ENTRY.format("a | b", "One."), "a | b")],
)
def test_broken_files_are_named(tmp_path, content, said):
    _archive(tmp_path, train=content)
    with pytest.raises(DataError, match=rf"train/1triples/Airport.xml.*{said}".replace("|", r"\|")):
        known_sets()["webnlg"].read(tmp_path)
