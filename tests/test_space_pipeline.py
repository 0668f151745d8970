"""What a pipeline has learned is stored in the same step as what the space says of it."""

from pathlib import Path

import numpy as np
import pytest

import inlay
from inlay._space.table import Table
from inlay.core.fingerprint import fingerprint
from inlay.core.values import Hits, Search
from inlay.encoders.text import HashingEncoder
from inlay.indexes import Coded, Exact
from inlay.pipeline import Pipeline
from inlay.rankers.calibrate import RelevanceProbability
from inlay.space import Space
from inlay.transforms.quantize import ScalarQuantizer

ENCODER = HashingEncoder(dim=32)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for i in range(5):
        (folder / f"{i}.txt").write_text(f"note {i} of bees")
    return folder


def fitted(seed: int) -> RelevanceProbability:
    rng = np.random.default_rng(seed)
    scores = -np.sort(-rng.random((20, 5)).astype(np.float32), axis=1)
    search = Search(Hits(np.tile(np.arange(5), (20, 1)), scores))
    return RelevanceProbability().fit(search, [{0: 1, int(rng.integers(5)): 1} for _ in range(20)])


def coded(seed: int) -> Coded:
    X = np.random.default_rng(seed).normal(size=(100, 32)).astype(np.float32)
    return Coded(ScalarQuantizer().fit(X))


def learned(space: Space) -> str:
    return fingerprint(space.pipeline.rankers[0])


@pytest.mark.parametrize("more", [False, True])
def test_a_build_stores_the_rankers_that_it_is_given(tmp_path: Path, corpus: Path, more: bool) -> None:
    inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    for seed in (0, 5):  # the first is new, the second has learned something else
        if more:
            (corpus / f"more{seed}.txt").write_text("one more")
        ranker = fitted(seed)
        given = Pipeline(ENCODER, rankers=[ranker])
        built = inlay.build(corpus, tmp_path / "s", encoder=given)
        opened = inlay.open(tmp_path / "s")
        assert learned(opened) == learned(built) == fingerprint(ranker)
        assert opened.search("note", k=2) == built.search("note", k=2)
    version = opened.info()["version"]
    assert inlay.build(corpus, tmp_path / "s", encoder=given).info()["version"] == version


@pytest.mark.parametrize("more", [False, True])
def test_a_build_with_the_encoder_alone_keeps_rankers_and_index(tmp_path: Path, corpus: Path, more: bool) -> None:
    ranker = fitted(0)
    inlay.build(corpus, tmp_path / "s", encoder=Pipeline(ENCODER, index=Exact(), rankers=[ranker]))
    if more:
        (corpus / "more.txt").write_text("one more")
    built = inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    for space in (built, inlay.open(tmp_path / "s")):
        assert learned(space) == fingerprint(ranker)
        assert isinstance(space.pipeline.index, Exact)


def test_an_index_that_a_build_is_given_is_stored(tmp_path: Path, corpus: Path) -> None:
    inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    built = inlay.build(corpus, tmp_path / "s", encoder=Pipeline(ENCODER, index=coded(0)))
    opened = inlay.open(tmp_path / "s")
    assert repr(opened.pipeline.index) == repr(built.pipeline.index)
    assert opened.info()["index"]["kind"] == built.info()["index"]["kind"] == "Coded"


def _scale(space: Space) -> bytes:
    index = space.pipeline.index
    assert isinstance(index, Coded)
    return b"".join(v.tobytes() for v in vars(index.codec).values() if isinstance(v, np.ndarray))


@pytest.mark.parametrize("old", [False, True])
def test_an_index_is_named_whole_or_not_at_all(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    space = inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    space.store_as(coded(0))
    if old:  # made before the versions of what was learned were named
        with space._keeper.changing() as table:
            meta = {name: value for name, value in table.meta.items() if name != "arrays"}
            table.commit([], np.empty(0, np.uint64), table.schema, meta)
        space = inlay.open(tmp_path / "s")
        space.store_as(coded(0))
    before, commit = _scale(space), Table.commit

    def killed(*_: object) -> Table:
        raise KeyboardInterrupt

    monkeypatch.setattr(Table, "commit", killed)
    with pytest.raises(KeyboardInterrupt):
        space.store_as(coded(1))
    assert _scale(space) == _scale(inlay.open(tmp_path / "s")) == before
    monkeypatch.setattr(Table, "commit", commit)
    space.store_as(coded(1))
    assert _scale(space) == _scale(inlay.open(tmp_path / "s")) != before


def test_a_writer_leaves_the_index_that_another_has_named(tmp_path: Path, corpus: Path) -> None:
    space = inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    inlay.open(tmp_path / "s").store_as(coded(0))
    assert space.add([{"id": "new", "text": "one more"}]).added == 1
    assert isinstance(inlay.open(tmp_path / "s").pipeline.index, Coded)


def test_a_space_that_moves_on_searches_by_what_another_process_has_named(tmp_path: Path, corpus: Path) -> None:
    space = inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    ranker = fitted(0)
    inlay.build(corpus, tmp_path / "s", encoder=Pipeline(ENCODER, rankers=[ranker]))
    inlay.open(tmp_path / "s").store_as(coded(0))
    assert space.refresh().info()["index"] == inlay.open(tmp_path / "s").info()["index"]
    assert isinstance(space.pipeline.index, Coded)
    assert learned(space) == fingerprint(ranker)
    space.store_as(Exact())
    assert learned(inlay.open(tmp_path / "s")) == fingerprint(ranker)
