"""Data comes from the hub where it is nowhere else, allowed and reached; else the reason is told."""

import sys

import pytest

from inlay.core.errors import MissingData
from inlay.data.datasets import load


class FakeHub:
    """What the library ``datasets`` answers, for one table of pairs."""

    def __init__(self):
        self.asked = []

    def load_dataset(self, repo, config, *, split, revision):
        self.asked.append((repo, config, split, revision))
        return FakeTable()


class FakeTable(dict):
    column_names = ("sentence1", "sentence2", "score")

    def __init__(self):
        super().__init__(sentence1=["a"], sentence2=["b"], score=[1.5])


def test_what_is_not_here_comes_from_the_hub_where_that_is_allowed(monkeypatch, tmp_path, caplog):
    hub = FakeHub()
    monkeypatch.setitem(sys.modules, "datasets", hub)
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(MissingData, match=r"not on this machine.*mteb/sts12-sts.*HF_HUB_OFFLINE is set"):
        load("sts12")
    assert not hub.asked
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("inlay.data._hub._is_reached", lambda: True)
    assert load("sts12") == {"text1": ["a"], "text2": ["b"], "score": [1.5]}
    assert "'sts12' is taken from the hub: mteb/sts12-sts at a0d554" in caplog.text
    assert hub.asked == [("mteb/sts12-sts", None, "test", "a0d554a64d88156834ff5ae9920b964011b16384")]


def test_without_a_network_the_reason_is_told(monkeypatch, tmp_path):
    class Gone(FakeHub):
        def load_dataset(self, repo, config, *, split, revision):
            raise ConnectionError("no route to the host")

    monkeypatch.setitem(sys.modules, "datasets", Gone())
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("inlay.data._hub._is_reached", lambda: True)
    with pytest.raises(MissingData, match="no route to the host"):
        load("sts12")
    monkeypatch.setattr("inlay.data._hub._is_reached", lambda: False)
    with pytest.raises(MissingData, match="there is no way to it"):
        load("sts12")


def test_a_corpus_of_the_hub_is_laid_out_as_ours():
    from inlay.data._hub import corpus

    tables = {
        "corpus": {"_id": ["d1", "d2"], "title": ["On cats", ""], "text": ["They sit.", "It rains."]},
        "queries": {"_id": ["q1", "q2"], "text": ["cats?", "never judged"]},
        "default": {"query-id": ["q1"], "corpus-id": ["d1"], "score": [1.0]},
    }
    assert corpus(lambda config, split: tables[config]) == {
        "documents": {"d1": "On cats They sit.", "d2": "It rains."},
        "queries": {"q1": "cats?"},
        "relevant": {"q1": {"d1": 1}},
    }
