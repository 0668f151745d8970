"""Compressing a space: what is measured, what is chosen, and that the space keeps it."""

import json

import numpy as np
import pytest

import inlay
from inlay.core.errors import DataError, MissingExtra, ParameterError, UnsupportedError
from inlay.encoders.text import HashingEncoder
from inlay.indexes import Coded, Exact

WORDS = [a + b for a in ("ba", "ko", "mi", "ru", "te", "zo") for b in ("lan", "mer", "pit", "dos", "fug", "wex")]
_rng = np.random.default_rng(0)
TEXTS = {f"t{i}": " ".join(_rng.choice(WORDS, 7)) for i in range(512)}


@pytest.fixture
def space(tmp_path):
    space = inlay.build([], tmp_path / "a.space", encoder=HashingEncoder(dim=256))
    space.add([{"id": name, "text": text} for name, text in TEXTS.items()])
    return space


def test_measuring_changes_nothing(space):
    version = space.info()["version"]
    found = inlay.compress(space, only=["int8", "int4"])
    assert [one.name for one in found.measured] == ["float32", "int8", "int4"]
    assert found.choice is None
    assert not found.applied
    assert space.info()["version"] == version
    assert space.info()["compression"] is None


def test_what_is_chosen_is_used_and_stays(space, tmp_path):
    before = [hit.id for hit in space.search(TEXTS["t7"], k=1)]
    found = inlay.compress(space, choose="int8+rescore4")
    assert found.applied
    assert space.info()["index"]["kind"] == "Coded"
    again = inlay.open(tmp_path / "a.space")
    assert [hit.id for hit in again.search(TEXTS["t7"], k=1)] == before
    assert isinstance(again.pipeline.index, Coded)
    told = again.info()["compression"]
    assert (told["choice"], told["bytes"], told["disk_bytes"]) == ("int8+rescore4", 256, 1024)
    assert told["interval"][0] <= told["kept"] <= told["interval"][1]
    json.dumps(told)


def test_new_rows_and_another_build_keep_the_choice(space, tmp_path):
    found = inlay.compress(space, choose="int4", only=["int8"])
    assert [measured.name for measured in found.measured] == ["float32", "int8", "int4"]
    space.add([{"id": "new", "text": "a heron by the lake"}])
    assert space.search("heron lake", k=1)[0].id == "new"
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("granite and basalt")
    again = inlay.build(folder, tmp_path / "a.space", encoder=HashingEncoder(dim=256))
    assert again.info()["compression"]["choice"] == "int4"
    assert again.info()["index"]["kind"] == "Coded"
    assert again.search("basalt", k=1)[0].text == "granite and basalt"


def test_a_choice_can_be_taken_back(space):
    inlay.compress(space, choose="int4")
    inlay.compress(space, choose="float32")
    assert isinstance(space.pipeline.index, Exact)
    assert space.search(TEXTS["t3"], k=1)[0].score == pytest.approx(1.0, abs=1e-5)


def test_a_dry_run_chooses_and_changes_nothing(space):
    found = inlay.compress(space, keep=0.5, only=["int8"], apply=False)
    assert found.choice.name == "int8"
    assert not found.applied
    assert space.info()["compression"] is None


def test_the_smallest_that_keeps_enough_is_chosen(space):
    found = inlay.compress(space, keep=0.9, only=["float16", "int8", "int8+rescore4", "binary"], apply=False)
    kept = {one.name: one.kept.value for one in found.measured}
    memory = {one.name: one.memory for one in found.measured}
    assert memory[found.choice.name] == min(memory[name] for name in kept if kept[name] >= 0.95)
    assert [kept[name] for name in found.frontier] == sorted({kept[name] for name in found.frontier})
    assert kept[found.choice.name] >= 0.85
    smaller = [one for one in found.measured if one.memory < 256]
    assert all(kept[one.name] < 0.95 for one in smaller)


def test_nothing_is_sure_enough_then_float32(space):
    found = inlay.compress(space, keep=1.0, only=["binary"], apply=False)
    assert found.choice.name == "float32"
    assert "nothing smaller" in found.choice.why


def test_a_budget_takes_what_keeps_most_within_it(space):
    found = inlay.compress(space, budget="130B", only=["int8", "int4", "binary"], apply=False)
    assert found.choice.name == "int4"
    with pytest.raises(
        ParameterError, match=r"Nothing that was tried fits into 4 bytes; the smallest is binary with 32"
    ):
        inlay.compress(space, budget=4, only=["binary"])


def test_queries_and_judgments_of_the_user(space):
    pytest.importorskip("ir_measures", reason="needs pip install 'inlay[eval]'")
    found = inlay.compress(space, queries=["kolan mimer", "balan"], only=["int8"])
    assert found.queries == "2 queries"
    assert found.measured[1].recall.n == 2
    relevant = {f"q{i}": {name: 1, "not-here": 1} for i, name in enumerate(list(TEXTS)[:20])}
    queries = {f"q{i}": text for i, text in enumerate(list(TEXTS.values())[:20])}
    found = inlay.compress(space, judgments={"queries": queries, "relevant": relevant}, only=["int8"])
    assert found.queries == "20 queries with judgments"
    assert found.measured[1].kept.name == "ndcg@10 kept"
    assert found.measured[0].ndcg.value > 0.5


def test_a_sample_of_many_rows_holds_the_judged_ones(space):
    pytest.importorskip("ir_measures", reason="needs pip install 'inlay[eval]'")
    judged = {"queries": {"a": TEXTS["t500"]}, "relevant": {"a": {"t500": 1}}}
    found = inlay.compress(space, judgments=judged, only=["int8"], max_rows=100)
    assert found.vectors == 100
    assert found.measured[0].ndcg.value == 1.0


def test_the_same_every_time(space):
    first, second = (inlay.compress(space, only=["int8", "binary"]).measured for _ in range(2))
    assert [one.kept for one in first] == [one.kept for one in second]
    assert [one.bound for one in first] == [one.bound for one in second]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"budget": "64B", "keep": 0.9}, "Give one of budget, keep and choose; got budget and keep"),
        ({"keep": 1.5}, "keep must be above 0"),
        ({"choose": "zip"}, "no way 'zip'"),
        ({"k": 0}, "k must be at least 1"),
        ({"queries": []}, "at least two texts"),
        ({"queries": "abc"}, "at least two texts"),
        ({"queries": ["a"], "judgments": "scifact"}, "not both"),
    ],
)
def test_wrong_arguments_are_refused(space, arguments, says):
    with pytest.raises(ParameterError, match=says):
        inlay.compress(space, **arguments)


def test_judgments_of_other_documents_are_refused(space):
    with pytest.raises(DataError, match="whose ids are such as 't0'"):
        inlay.compress(space, judgments={"queries": {"a": "x"}, "relevant": {"a": {"zzz": 1}}})
    with pytest.raises(DataError, match="relevant is not there"):
        inlay.compress(space, judgments={"queries": {"a": "x"}})


def test_few_vectors_are_refused(tmp_path):
    space = inlay.build([], tmp_path / "b.space", encoder="hashing")
    space.add([{"id": "a", "text": "b"}])
    with pytest.raises(DataError, match="fewer than 100 tell nothing"):
        inlay.compress(space)


def test_a_process_that_dies_leaves_an_index_that_is_not_mistaken(space, monkeypatch):
    """The choice is committed, and the index of before still lies there."""
    inlay.compress(space, choose="int8")
    monkeypatch.setattr("inlay._space.view.View.prepare", lambda self, progress: None)
    inlay.compress(space, choose="int4")
    again = inlay.open(space.path)
    assert again.info()["index"]["missing"]
    assert again.search(TEXTS["t9"], k=1)[0].score > 0.99
    assert np.isfinite(again.vectors()).all()


def test_a_way_whose_library_is_not_there_is_passed_over_unless_it_was_named(space, monkeypatch):
    def gone(*arguments):
        raise MissingExtra("it needs a library; pip install it")

    monkeypatch.setattr("inlay.transforms.quantize.BinaryQuantizer.fit", gone)
    monkeypatch.setattr("inlay._compression.choices.names", lambda dim, thorough: ["int8", "binary"])
    found = inlay.compress(space)
    assert [one.name for one in found.measured] == ["float32", "int8"]
    assert found.skipped == (("binary", "it needs a library; pip install it"),)
    with pytest.raises(MissingExtra):
        inlay.compress(space, only=["binary"])


def _judgments(n):
    """Return questions of three words of a text, whose answer it is."""
    names = list(TEXTS)[:n]
    return {
        "documents": TEXTS,
        "queries": {f"q{name}": " ".join(TEXTS[name].split()[:3]) for name in names},
        "relevant": {f"q{name}": {name: 1} for name in names},
    }


def test_what_learns_from_judgments_is_measured_on_other_queries_and_stays_learned(space, tmp_path):
    pytest.importorskip("ir_measures", reason="needs pip install 'inlay[eval]'")
    pytest.importorskip("torch", reason="needs pip install 'inlay[nn]'")
    found = inlay.compress(space, judgments=_judgments(60), choose="mopq16+rescore4")
    assert "30 of which some ways learned from" in found.queries
    assert found.measured[0].kept.n == 30
    assert found.choice.name == "mopq16+rescore4"
    kept = inlay.open(tmp_path / "a.space")
    codec = kept.pipeline.index.codec.codec
    assert codec.codebooks_.shape == (16, 256, 16)
    kept.add([{"id": "new", "text": "a heron by the lake"}])
    assert kept.search("heron lake", k=1)[0].id == "new"
    again = inlay.open(tmp_path / "a.space").pipeline.index.codec.codec
    assert np.array_equal(again.codebooks_, codec.codebooks_)
    inlay.compress(kept, choose="float32")
    assert inlay.open(tmp_path / "a.space").info()["index"]["kind"] != "Coded"


def test_what_learns_from_judgments_says_what_it_lacks(space):
    with pytest.raises(UnsupportedError, match="at least 40 of them"):
        inlay.compress(space, choose="poeem16")
    with pytest.raises(UnsupportedError, match="at least 40 of them"):
        inlay.compress(space, judgments=_judgments(30), only=["poeem16"])
    with pytest.raises(ParameterError, match="before all but poeem, mopq"):
        inlay.compress(space, only=["pca16+poeem8"])


def test_ways_that_a_space_is_too_small_for_are_told_and_passed_over(tmp_path):
    small = inlay.build([], tmp_path / "small.space", encoder=HashingEncoder(dim=512))
    small.add([{"id": str(i), "text": f"heron {i} by lake {i % 9}"} for i in range(120)])
    found = inlay.compress(small)
    skipped = dict(found.skipped)
    assert "pca256+int8" in skipped
    assert "number of rows" in skipped["pca256+int8"]
    assert {"int8", "binary"} <= {measured.name for measured in found.measured}
    with pytest.raises(ParameterError, match="number of rows"):
        inlay.compress(small, only=["pca256+int8"])
