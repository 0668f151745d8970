"""Records that are handed to a space: fields that fit no column, ready-made vectors, bad ones, another encoder."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import inlay
from inlay.core.errors import DataError, FingerprintError
from inlay.encoders.text import HashingEncoder
from inlay.space import Space

ENCODER = HashingEncoder(dim=64)


@pytest.fixture
def space(tmp_path: Path) -> Space:
    space = inlay.build([], tmp_path / "s", encoder=ENCODER)
    space.add([{"id": f"d{i}", "text": f"bee number{i}", "year": 1900 + i} for i in range(30)])
    return space


def test_fields_that_do_not_fit_are_kept(tmp_path: Path) -> None:
    given = {
        "a": {"n": 1, "ok": True, "text_": "ü", "nested": {"x": [1, {"y": None}]}, "big": 2**70, "none": None},
        "b": {"n": "a text now", "ok": 3, "N": 5, "a.b": 1, "_hidden": 2, "": 3, "tokens": 9, "vector_": [1.5]},
        "c": {"n": 2.5, "real": 1.5, "when": "2020", "sur": "\ud800!", "blob": b"\x00\xff"},
    }
    space = inlay.build([], tmp_path / "s", encoder=ENCODER)
    space.add([{"id": name, "text": name, **fields} for name, fields in given.items()])
    found = {hit.id: hit.fields for hit in space.search("a b c", k=3)}
    assert found["a"] == {k: v for k, v in given["a"].items() if v is not None}
    assert found["b"] == given["b"]
    assert found["c"] == {**given["c"], "sur": "�!", "blob": "AP8="}
    assert [hit.id for hit in space.search("a", where="n = 1")] == ["a"]
    space.add([{"id": "d", "text": "d", "n": 3, "new column": 4}])
    assert [hit.id for hit in space.search("a", where="`new column` = 4")] == ["d"]


def test_too_many_fields_go_to_extra(tmp_path: Path) -> None:
    space = inlay.build([], tmp_path / "s", encoder=ENCODER)
    space.add([{"id": f"{i}", "text": "x", f"f{i}": i} for i in range(400)])
    assert len(space._table.fields) == 256
    assert {tuple(hit.fields.items()) for hit in space.search("x", k=400)} == {((f"f{i}", i),) for i in range(400)}


def test_ready_made_vectors_need_the_fingerprint(space: Space) -> None:
    fingerprint = space.info()["vectors"]["fingerprint"]
    vector = np.full(64, 0.125, np.float32)
    with pytest.raises(FingerprintError, match=rf"'v'.*None.*{fingerprint}"):
        space.add([{"id": "v", "vector": vector}])
    with pytest.raises(FingerprintError, match="abc"):
        space.add([{"id": "v", "vector": vector}], fingerprint="abc")
    assert space.add([{"id": "v", "vector": vector.tolist()}], fingerprint=fingerprint).added == 1
    assert space.search(vector[None], k=1)[0][0].id == "v"
    assert space.add([{"id": "v", "vector": vector}], fingerprint=fingerprint).unchanged == 1
    assert space.add([{"id": "v", "vector": -vector}], fingerprint=fingerprint).updated == 1


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"id": "v", "vector": [math.nan] * 64}, "'v' has a vector.*not finite"),
        ({"id": "v", "vector": [math.inf] * 64}, "'v' has a vector.*not finite"),
        ({"id": "v", "vector": [1.0] * 63}, "'v' has a vector.*64 columns, got 63"),
        ({"id": "v", "vector": "text"}, "'v' has a vector"),
        ({"text": "no id"}, "record 1 has the id None"),
        ({"id": "", "text": "x"}, "record 1 has the id ''"),
        ({"id": "v"}, "'v' has the text None"),
        ({"id": "v", "text": 5}, "'v' has the text 5"),
        ({"id": "v", "text": "x", "start": "a"}, "start='a'"),
        ("v", "record 1 is a str"),
    ],
)
def test_a_bad_record_stores_nothing(space: Space, record: Any, told: str) -> None:
    version = space.info()["version"]
    fingerprint = space.info()["vectors"]["fingerprint"]
    with pytest.raises(DataError, match=told):
        space.add([{"id": "good", "text": "good"}, record], fingerprint=fingerprint)
    assert (len(space), space.info()["version"]) == (30, version)
    assert not space.search("good", where="id = 'good'")


def test_another_encoder_is_refused(space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FingerprintError, match="install the very model"):
        inlay.build([], tmp_path / "s", encoder=HashingEncoder(dim=64, ngram=2))
    opened = inlay.open(tmp_path / "s")
    monkeypatch.setattr(HashingEncoder, "identity", lambda self: {"revision": "newer"}, raising=False)
    for use in (lambda: opened.search("bee"), lambda: opened.add([{"id": "a", "text": "b"}])):
        with pytest.raises(FingerprintError, match=opened.info()["vectors"]["fingerprint"]):
            use()
    assert len(opened.search(np.ones((1, 64), np.float32), k=3)[0]) == 3
