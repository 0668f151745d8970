"""The classic collections have the counts of their publishers, and say which file lacks."""

import pytest

from inlay.core.errors import DataError, MissingData
from inlay.data.datasets import known_sets, load


@pytest.mark.data
def test_cranfield_is_read_whole():
    found = load("cranfield")
    assert [len(found[name]) for name in ("documents", "queries", "relevant")] == [1400, 225, 225]
    grades = [grade for of in found["relevant"].values() for grade in of.values()]
    assert [grades.count(grade) for grade in (4, 3, 2, 1)] == [128, 387, 734, 363]  # and 225 without a meaning
    assert found["documents"]["1"].startswith(
        "experimental investigation of the aerodynamics of a wing in a slipstream"
    )
    assert found["documents"]["1"].count("aerodynamics of a wing in a slipstream") == 1  # the title is there once
    # the third query has the number 4 in its file, and 3 in the judgements
    assert found["queries"]["3"].startswith("what problems of heat conduction in composite slabs")
    assert found["relevant"]["1"]["184"] == 3
    assert "486" not in found["relevant"]["1"]


SMART = {
    "cisi/CISI.ALL": ".I 1\n.T\nEditions of\nDewey\n.A\nComaromi, J.P.\n.W\nThe study is a history.\n.X\n1\t5\t1\n"
    ".I 2\n.T\nUse\n.W\nAn analysis.\n",
    "cisi/CISI.QRY": ".I 1\n.W\nWhat problems?\n",
    "cisi/CISI.REL": "     1      2\t0\t0.000000\n",
    "med/med.all": ".I 1\n.W\ncorrelation between plasma levels\n.I 2\n.W\nthe lens\n",
    "med/MED.QRY": ".I 1\n.W\ncrystalline lens\n",
    "med/MED.REL": "1 0 2 1\n",
}


def test_cisi_and_medline_are_read_as_smart_lays_them_out(tmp_path):
    for name, text in SMART.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    cisi, medline = (known_sets()[name].read(tmp_path) for name in ("cisi", "medline"))
    assert cisi["documents"] == {"1": "Editions of Dewey The study is a history.", "2": "Use An analysis."}
    assert cisi["queries"] == {"1": "What problems?"}
    assert medline["documents"]["2"] == "the lens"
    assert cisi["relevant"] == medline["relevant"] == {"1": {"2": 1}}


def test_what_lacks_is_named(tmp_path):
    with pytest.raises(MissingData, match=r"no folder 'cisi'; put the files CISI.ALL"):
        known_sets()["cisi"].read(tmp_path)
    (tmp_path / "med").mkdir()
    (tmp_path / "med" / "MED.ALL").write_text("a line in no field\n")
    with pytest.raises(MissingData, match=r"lacks MED.QRY, MED.REL; it has med.all"):
        known_sets()["medline"].read(tmp_path)
    for name in ("MED.QRY", "MED.REL"):
        (tmp_path / "med" / name).write_text("")
    with pytest.raises(DataError, match="'a line in no field' stands in no field of a record"):
        known_sets()["medline"].read(tmp_path)
