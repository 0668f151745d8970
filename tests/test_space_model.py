"""After any mix of adds, upserts and deletes a space is what a dictionary would be."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import ArrayLike

import inlay
from inlay._space import table
from inlay.core.contracts import Index, Where
from inlay.core.values import Hits
from inlay.core.vectors import product_top_k
from inlay.encoders.text import HashingEncoder
from inlay.pipeline import Pipeline


class Plain(Index):
    """The index of two lines that a saved one is tried with."""

    paper = ""

    @classmethod
    def examples(cls) -> Iterator[Self]:
        yield cls()

    def fit(self, X: ArrayLike) -> Self:
        self.X_ = np.asarray(X, np.float32)
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        assert where is None or np.asarray(where).dtype == np.int64
        return product_top_k(np.asarray(Q), self.X_, k, rows=where)  # type: ignore[arg-type]


ENCODER = HashingEncoder(dim=32)
IDS = st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True)


class SpaceIsADictionary(RuleBasedStateMachine):
    """Records are texts with a year; `self.model` is what has to be in the space."""

    index: Plain | None = None

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.space = inlay.build([], self.folder / "s", encoder=Pipeline(ENCODER, index=self.index))
        self.model: dict[str, tuple[str, int]] = {}
        self.add([0], 0, 0)
        self.reader = inlay.open(self.folder / "s")
        self.refresh_the_reader()

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(ids=IDS, text=st.integers(0, 5), year=st.integers(0, 3))
    def add(self, ids: list[int], text: int, year: int) -> None:
        new = {f"d{i}": (f"word{text} {i}", year) for i in ids}
        report = self.space.add([{"id": name, "text": t, "year": y} for name, (t, y) in new.items()])
        old = new.keys() & self.model.keys()
        assert report.added == len(new) - len(old)
        assert report.updated == sum(self.model[name] != new[name] for name in old)
        assert report.unchanged == len(old) - report.updated
        self.model.update(new)

    @rule(year=st.integers(0, 3))
    def delete_a_year(self, year: int) -> None:
        dead = [name for name, (_, y) in self.model.items() if y == year]
        assert self.space.delete(f"year = {year}") == len(dead)
        for name in dead:
            del self.model[name]

    @rule(ids=IDS)
    def delete_some(self, ids: list[int]) -> None:
        names = [f"'d{i}'" for i in ids]
        self.space.delete(f"id IN ({', '.join(names)})")
        for i in ids:
            self.model.pop(f"d{i}", None)

    @rule()
    def compact(self) -> None:
        self.space.compact()

    @rule()
    def reopen(self) -> None:
        self.space = inlay.open(self.folder / "s")

    @rule()
    def refresh_the_reader(self) -> None:
        self.reader.refresh()
        self.seen_by_reader = dict(self.model)

    @rule(year=st.integers(0, 3), k=st.integers(1, 12))
    def search_a_year(self, year: int, k: int) -> None:
        hits = self.space.search("word1 7", k=k, where=f"year = {year}")
        assert len(hits) == min(k, sum(y == year for _, y in self.model.values()))
        assert all(hit.fields == {"year": year} for hit in hits)

    @invariant()
    def every_live_record_is_found_and_no_dead_one(self) -> None:
        hits = self.space.search("word1 word2 5", k=40)
        assert {hit.id: (hit.text, hit.fields["year"]) for hit in hits} == self.model
        names = self.space.ids()
        assert len(names) == len(set(names)) == len(self.model) == len(self.space)
        if names:
            X = self.space.vectors()
            np.testing.assert_array_equal(X, ENCODER.encode([self.model[name][0] for name in names]))
            few = self.space.search("word1 word2 5", k=5)
            best = product_top_k(ENCODER.encode(["word1 word2 5"]), X, 5)
            np.testing.assert_allclose([hit.score for hit in few], best.scores[0][: len(names)], atol=1e-6)

    @invariant()
    def a_reader_sees_its_version(self) -> None:
        assert {hit.id: (hit.text, hit.fields["year"]) for hit in self.reader.search("a", k=40)} == self.seen_by_reader


SETTINGS = settings(max_examples=12, stateful_step_count=20, deadline=None)


class TestExact(SpaceIsADictionary.TestCase):  # type: ignore[misc, valid-type, name-defined]
    """The table alone."""

    settings = SETTINGS


class WithIndex(SpaceIsADictionary):
    """An index beside the table."""

    index = Plain()


class TestSavedIndex(WithIndex.TestCase):  # type: ignore[misc, valid-type, name-defined]
    """And compaction after every third file."""

    settings = SETTINGS

    @pytest.fixture(autouse=True)
    def _compact_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(table, "SMALL", 3)


def test_a_saved_index_is_used_until_a_fifth_of_it_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fits: list[int] = []
    fit = Plain.fit
    monkeypatch.setattr(Plain, "fit", lambda self, X: fits.append(len(X)) or fit(self, X))
    space = inlay.build([], tmp_path / "s", encoder=Pipeline(HashingEncoder(dim=2048), index=Plain()))
    space.add([{"id": f"{i}", "text": f"word{i}"} for i in range(100)])
    assert fits == [100]
    space.add([{"id": f"{i}", "text": f"new{i}"} for i in range(10)])
    assert fits == [100]
    space.compact()
    space = inlay.open(tmp_path / "s")
    assert [hit.id for hit in space.search("word50", k=1)] == ["50"]
    assert len(space.search("word5", k=3)) == 3  # the best in the index is dead
    assert sorted(hit.id for hit in space.search("new", k=110)) == sorted(str(i) for i in range(100))
    assert fits == [100]
    space.add([{"id": f"{i}", "text": f"newer{i}"} for i in range(10, 25)])
    assert fits == [100, 100]


def test_a_search_never_makes_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fits: list[int] = []
    fit = Plain.fit
    monkeypatch.setattr(Plain, "fit", lambda self, X: fits.append(len(X)) or fit(self, X))
    space = inlay.build([], tmp_path / "s", encoder=Pipeline(HashingEncoder(dim=2048), index=Plain()))
    space.add([{"id": f"{i}", "text": f"word{i}"} for i in range(100)])
    whole = space.search("word20 word7", k=5)
    assert (fits, caplog.text) == ([100], "")
    assert space.info()["index"]["missing"] is False
    changes = {
        "build": lambda: inlay.build([], tmp_path / "s"),
        "add": lambda: space.add([{"id": "0", "text": "word0"}]),
        "delete": lambda: space.delete("id = '99'"),
        "compact": space.compact,
    }
    for n, (name, change) in enumerate(changes.items()):
        shutil.rmtree(tmp_path / "s" / "index")
        caplog.clear()
        reader = inlay.open(tmp_path / "s")
        for _ in range(2):
            assert reader.search("word20 word7", k=5) == whole
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "the index is missing" in caplog.text
        facts = reader.info()["index"]
        assert (facts["missing"], facts["kind"]) == (True, "Exact")
        assert "the next build" in facts["why"]
        assert len(fits) == n + 1, name
        change()
        assert len(fits) == n + 2, name
        assert inlay.open(tmp_path / "s").info()["index"]["missing"] is False
