"""Tuning a space: what is tried, what is chosen, and that the space keeps it."""

import numpy as np
import pytest

import inlay
from inlay import tuning
from inlay._compression.trial import trial
from inlay._space import saved
from inlay.core.errors import DataError, FingerprintError, ParameterError
from inlay.core.vectors import product_top_k
from inlay.encoders.text import HashingEncoder
from inlay.indexes import Exact

WORDS = [a + b for a in ("ba", "ko", "mi", "ru", "te", "zo") for b in ("lan", "mer", "pit", "dos", "fug", "wex")]


@pytest.fixture
def space(tmp_path):
    rng = np.random.default_rng(0)
    space = inlay.build([], tmp_path / "a.space", encoder=HashingEncoder(dim=128))
    space.add([{"id": f"t{i}", "text": " ".join(rng.choice(WORDS, 7))} for i in range(600)])
    return space


def test_settings_rise_until_one_finds_enough_and_the_fastest_is_taken(space, tmp_path, monkeypatch):
    # The clock is not asked in a test: what reads fewer bytes is the faster one.
    monkeypatch.setattr(tuning, "milliseconds", lambda index, Q, k: tuning._bytes(index)[0])
    found = inlay.tune(space, recall=0.9, only=["int8", "binary"])
    names = [one.name for one in found.tried]
    assert names[:2] == ["exact", "int8 rescore=1"]
    binary = [one for one in found.tried if one.name.startswith("binary")]
    assert [one.name for one in binary] == [f"binary rescore={n}" for n in (10, 20, 40, 80)[: len(binary)]]
    assert all(not one.reaches(0.9) for one in binary[:-1])
    fit = [one for one in found.tried if one.reaches(0.9)]
    assert found.choice is min(fit, key=lambda one: one.memory)
    again = inlay.open(tmp_path / "a.space")
    assert again.info()["compression"]["choice"] == found.choice.name
    assert again.info()["index"]["kind"] == type(found.choice.index).__name__
    queries = [" ".join(WORDS[i : i + 3]) for i in range(30)]
    Q = again.pipeline.encode(queries, role="query")
    exact = product_top_k(Q, again.vectors(), 10).ids
    ids = np.array(again.ids())
    got = [{hit.id for hit in hits} for hits in again.search(queries, k=10)]
    assert np.mean([len(hits & set(ids[row])) / 10 for hits, row in zip(got, exact, strict=True)]) > 0.85


def test_recall_is_that_of_loops(space, monkeypatch):
    monkeypatch.setattr(tuning, "milliseconds", lambda index, Q, k: 1.0)  # of equals the first is taken
    found = inlay.tune(space, recall=1.0, only=["binary"], apply=False, queries=["balan komer", "rudos", "zofug mipit"])
    assert found.queries.startswith("3 queries")
    assert found.choice.name == "exact"
    assert not found.applied
    assert space.info()["compression"] is None
    index = found.tried[1].index.fit(space.vectors())
    Q = space.pipeline.encode(["balan komer", "rudos", "zofug mipit"], role="query")
    exact = Exact().fit(space.vectors()).search(Q, 10).ids
    want = [len({*a} & {*b}) / 10 for a, b in zip(exact.tolist(), index.search(Q, 10).ids.tolist(), strict=True)]
    assert found.tried[1].recall.value == pytest.approx(np.mean(want))


@pytest.mark.parametrize("queries", [None, ["balan komer", "rudos zofug"]])
def test_vectors_too_large_for_memory_are_mapped_and_the_same(space, monkeypatch, queries):
    space.delete("id IN ('t3', 't77', 't599')")
    held, told = trial(space, queries, None, 5, 200, 0)
    monkeypatch.setattr(saved, "HELD", 1000)
    mapped, same = trial(space, queries, None, 5, 200, 0)
    assert isinstance(mapped.X, np.memmap)
    assert told == same
    for name in ("X", "Q", "documents"):
        assert np.array_equal(getattr(held, name), getattr(mapped, name))
    found = inlay.tune(space, recall=0.5, only=["hnsw", "int8"], queries=queries)
    assert {one.name.split()[0] for one in found.tried} == {"exact", "hnsw", "int8"}
    assert inlay.open(space.path).info()["index"]["missing"] is False


def test_queries_of_another_encoder_are_refused(space, monkeypatch):
    opened = inlay.open(space.path)
    monkeypatch.setattr(HashingEncoder, "identity", lambda self: {"revision": "newer"}, raising=False)
    with pytest.raises(FingerprintError, match="do not compare"):
        inlay.tune(opened, queries=["balan", "komer"])


def test_every_way_has_settings_that_can_be_built(space):
    found = inlay.tune(space, recall=0.5, apply=False)
    built = {one.name.split()[0] for one in found.tried} | {name for name, _ in found.skipped}
    assert built == set(tuning.WAYS)
    assert all(one.memory > 0 and one.search_ms > 0 for one in found.tried)
    assert found.as_dict()["choice"] == found.choice.name


def test_what_is_refused(space, tmp_path):
    for wrong in ({"recall": 0}, {"recall": 1.2}, {"k": 0}):
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            inlay.tune(space, **wrong)
    with pytest.raises(ParameterError, match="no index 'hsnw' to try; there are exact, hnsw"):
        inlay.tune(space, only=["hsnw"])
    small = inlay.build([], tmp_path / "b.space", encoder="hashing")
    with pytest.raises(DataError, match="fewer than 100"):
        inlay.tune(small)
