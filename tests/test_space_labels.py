"""Classes voted by a space's passages: who votes, and that rows are learned and unlearned at once."""

import datetime
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import inlay
from inlay._space.labels import Vote
from inlay.core.errors import ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.rankers.label import LabelVote
from inlay.space import Space

ENCODER = HashingEncoder(dim=64)
WORDS = ["bee", "wax", "hive", "stock", "fund", "bond", "river", "lake", "sea"]
TOPICS = ["insects", "money", "water"]
QUERIES = ["bee and wax", "a bond of the fund", "river", "number7", "unheard of"]


def rows(n: int) -> list[dict[str, Any]]:
    """Return rows of which every fifth has no topic."""
    made: list[dict[str, Any]] = []
    for i in range(n):
        text = f"{WORDS[i * 5 % 9]} {WORDS[i * 7 % 9]} number{i}"
        topic = {} if i % 5 == 4 else {"topic": TOPICS[i * 5 % 9 // 3]}
        made.append({"id": f"d{i}", "text": text, "n": i, **topic})
    return made


def filled(path: Path, records: list[dict[str, Any]]) -> Space:
    space = inlay.build([], path, encoder=ENCODER)
    space.add(records)
    return space


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    return filled(tmp_path_factory.mktemp("labels") / "s", rows(60))


@pytest.mark.parametrize("k", [1, 3, 20, 100])
def test_the_vote_equals_one_that_is_counted_by_loops(space: Space, k: int) -> None:
    labels = [row.get("topic") for row in rows(60)]
    X = space.vectors()
    for query, vote in zip(QUERIES, space.classify(QUERIES, "topic", k=k), strict=True):
        scores = X @ ENCODER.encode([query])[0]
        best = [i for i in np.argsort(-scores, kind="stable").tolist() if labels[i] is not None][:k]
        weights = dict.fromkeys([labels[i] for i in best], 0.0)
        for place, i in enumerate(best):
            weights[labels[i]] += 1 / (2 + place)
        total = sum(weights.values())
        order = sorted(weights, key=lambda label: -weights[label])
        assert vote.label == order[0]
        assert list(vote.shares) == order
        assert vote.shares == pytest.approx({label: weight / total for label, weight in weights.items()})
        voters = [f"d{i}" for label in order for i in best if labels[i] == label]
        assert [hit.id for hit in vote.evidence] == voters
        assert [hit.score for hit in vote.evidence] == pytest.approx([scores[int(i[1:])] for i in voters], abs=1e-6)
        assert vote == space.classify(query, "topic", k=k)


def test_vectors_are_queries_and_none_get_none(space: Space) -> None:
    assert space.classify(ENCODER.encode(QUERIES), "topic") == space.classify(QUERIES, "topic")
    assert space.classify([], "topic") == []


def test_what_is_deleted_is_as_if_it_had_never_been_there(tmp_path: Path) -> None:
    space = filled(tmp_path / "s", rows(60))
    before = space.classify(QUERIES, "topic", k=7)
    gone = {hit.id for vote in before for hit in vote.evidence[:2]}
    space.delete(f"id IN ({', '.join(map(repr, sorted(gone)))})")
    without = filled(tmp_path / "without", [row for row in rows(60) if row["id"] not in gone])
    assert space.classify(QUERIES, "topic", k=7) == without.classify(QUERIES, "topic", k=7) != before
    space.compact()
    assert space.classify(QUERIES, "topic", k=7) == without.classify(QUERIES, "topic", k=7)


def test_what_is_added_or_changed_votes_at_once(tmp_path: Path) -> None:
    space = filled(tmp_path / "s", rows(40))
    space.add([{"id": "new", "text": "bee and wax", "topic": "crafts"}])
    space.add(rows(60)[40:])
    whole = filled(tmp_path / "whole", [*rows(40), {"id": "new", "text": "bee and wax", "topic": "crafts"}])
    whole.add(rows(60)[40:])
    assert space.classify(QUERIES, "topic") == whole.classify(QUERIES, "topic")
    assert space.classify("bee and wax", "topic", k=1).label == "crafts"
    space.add([{"id": "new", "text": "bee and wax", "topic": "hobbies"}])
    assert space.classify("bee and wax", "topic", k=1).label == "hobbies"


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("n < 20", lambda row: row["n"] < 20),
        ("topic <> 'money'", lambda row: row["topic"] != "money"),
        ("topic IS NULL", lambda row: False),
        ("true) OR (true", lambda row: True),  # which may not let rows without a topic in
    ],
)
def test_only_rows_vote_for_which_the_condition_holds(space: Space, where: str, holds: Callable[..., bool]) -> None:
    vote = space.classify("bond", "topic", k=60, where=where)
    assert {hit.id for hit in vote.evidence} == {row["id"] for row in rows(60) if "topic" in row and holds(row)}


def test_where_nothing_votes_there_is_no_label(space: Space) -> None:
    assert space.classify("bond", "topic", where="n > 1000") == Vote(None, {}, [])
    assert space.classify(["bond", "bee"], "topic", where="n = 4") == [Vote(None, {}, [])] * 2


def test_another_vote_may_be_given_and_is_not_changed(space: Space) -> None:
    few = LabelVote("uniform", k=3)
    vote = space.classify("bond", "topic", ranker=few)
    assert len(vote.evidence) == 3
    assert [round(3 * share, 5) for share in vote.shares.values()] in ([3], [2, 1], [1, 1, 1])
    assert not hasattr(few, "labels_")


def test_labels_are_values_of_any_kind(tmp_path: Path) -> None:
    day = datetime.date(2020, 2, 1)
    kinds = {"yes": True, "number": 7, "half": 0.5, "day": day, 'it\'s "née" é': "é", "SELECT": "x", "select2": "y"}
    empty = {"yes": None, "number": "seven", "half": float("nan"), "select2": ["y"]}
    space = filled(
        tmp_path / "s",
        [{"id": "a", "text": "a bee", **kinds}, {"id": "b", "text": "bee", **empty}, {"id": "c", "text": "c"}],
    )
    for name, value in kinds.items():
        vote = space.classify("bee", name)
        assert (vote.label, vote.shares, [hit.id for hit in vote.evidence]) == (value, {value: 1.0}, ["a"])
        assert type(vote.label) is type(value)


def test_many_classes_are_no_matter_for_a_warning(space: Space) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(space.classify("bond", "n", k=40).shares) == 40


def test_what_is_wrong_is_named_before_anything_is_encoded(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        space.classify("bond", "topic", k=0)
    with pytest.raises(ParameterError, match="queries must be a text, texts, or"):
        space.classify([1], "topic")  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="cannot be understood"):
        space.classify("bond", "topic", where="topc = 'money'")
    monkeypatch.setattr(type(space.pipeline), "encode", None)
    with pytest.raises(ParameterError, match=r"no field 'topc'; the fields of the space are \['n', 'topic'\]"):
        space.classify("bond", "topc")
    with pytest.raises(ParameterError, match="no field 'text'"):
        space.classify("bond", "text")
    with pytest.raises(ParameterError, match="ranker must be a LabelVote, got ReciprocalRankFusion"):
        space.classify("bond", "topic", ranker=inlay.rankers.fuse.ReciprocalRankFusion())


def test_an_empty_space_has_no_fields(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"the fields of the space are \[\]"):
        filled(tmp_path / "s", []).classify("bond", "topic")
    space = filled(tmp_path / "gone", rows(3))
    space.delete("true")
    assert space.classify("bond", "topic") == Vote(None, {}, [])
