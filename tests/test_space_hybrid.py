"""Hybrid searches of a space, and rankers that are given to a search."""

from pathlib import Path

import numpy as np
import pytest

import inlay
from inlay.core.errors import ParameterError
from inlay.core.values import Hits
from inlay.encoders.text import HashingEncoder
from inlay.rankers.feedback import HypotheticalDocuments, KNNEmbed
from inlay.rankers.fuse import ReciprocalRankFusion
from inlay.rankers.label import HierarchyRefinement, LabelVote
from inlay.space import Space


@pytest.fixture
def space(tmp_path: Path) -> Space:
    space = inlay.build([], tmp_path / "a.space", encoder=HashingEncoder(dim=64))
    rows = [
        {"id": f"t{i}", "text": f"the report on item{i} of group{i % 7} in year{i % 11}", "n": i} for i in range(300)
    ]
    space.add(rows)
    return space


class Backwards(ReciprocalRankFusion):
    """Turns the order around."""

    def rank(self, search):
        hits = search.hits
        order = np.where(hits.ids >= 0, -hits.scores, -np.inf).argsort(axis=1, kind="stable")[:, ::-1]
        ids = np.take_along_axis(hits.ids, order, 1)
        self.seen = search
        return search.found(Hits(ids, np.where(ids >= 0, -np.arange(hits.k), -np.inf)))


def test_words_find_what_vectors_miss(space: Space) -> None:
    query = "item123 group3 unheard"
    with pytest.raises(ParameterError, match=r"inlay index .* --words does that, or index_words"):
        space.search(query, hybrid=ReciprocalRankFusion())
    space.index_words()
    best = space.search(query, k=5, hybrid=ReciprocalRankFusion())[0]
    assert best.id == "t123"
    assert best.legs.keys() == {"vectors", "words"}
    assert best.legs["words"] > 5
    assert best.legs["vectors"] == pytest.approx(next(r.score for r in space.search(query, k=300) if r.id == "t123"))
    assert space.search(query, k=1)[0].legs == {}


def test_words_keep_up_with_the_space(space: Space, tmp_path: Path) -> None:
    space.index_words()
    space.add([{"id": "new", "text": "a zebra of group3", "n": 1000}])
    fuse = ReciprocalRankFusion()
    assert space.search("zebra", k=1, hybrid=fuse)[0].id == "new"
    space.delete("id = 'new'")
    assert "words" not in space.search("zebra", k=1, hybrid=fuse)[0].legs
    space.compact()
    assert space._table.dataset.stats.index_stats("words")["num_unindexed_rows"] == 0
    assert space.info()["words"] is True
    again = inlay.open(tmp_path / "a.space")
    assert again.search("item77", k=1, hybrid=fuse)[0].id == "t77"
    assert [r.id for r in again.search("item77", k=1, where="n < 50", hybrid=fuse)] != ["t77"]
    assert all(r.fields["n"] < 50 for r in again.search("group3 item77", k=20, where="n < 50", hybrid=fuse))


@pytest.mark.parametrize("query", ["", "zzz", 'a "quote" AND (x OR', "item5 -item6 *", "漢字 ü"])
def test_any_text_can_be_asked(space: Space, query: str) -> None:
    space.index_words()
    found = space.search(query, k=3, hybrid=ReciprocalRankFusion())
    assert len(found) == 3


def test_a_hybrid_search_needs_texts(space: Space) -> None:
    space.index_words()
    with pytest.raises(ParameterError, match="needs queries that are texts"):
        space.search(space.vectors()[:1], hybrid=ReciprocalRankFusion())


def test_rankers_choose_from_more_than_is_returned(space: Space) -> None:
    ranker = Backwards()
    plain = [r.id for r in space.search("group3 item5", k=40)]
    assert [r.id for r in space.search("group3 item5", k=3, rankers=[ranker], depth=40)] == plain[::-1][:3]
    assert ranker.seen.hits.k == 40
    assert len(ranker.seen.items) == len(ranker.seen.X) == 40
    assert ranker.seen.queries == ["group3 item5"]
    assert [r.id for r in space.search("group3 item5", k=40, rankers=[ranker], depth=3)] == plain[::-1]


def test_hits_do_not_depend_on_the_queries_beside(tmp_path):
    rng = np.random.default_rng(0)
    trees = ["oak", "elm", "ash", "fir", "yew", "fig", "gum", "haw", "ivy"]
    space = inlay.build([], tmp_path / "t.space", encoder=HashingEncoder(dim=64))
    space.add({"id": f"t{i}", "text": " ".join(rng.choice(trees, 5))} for i in range(200))
    table = {"oak elm": ["fig yew"], "fig yew": ["oak"]}
    space.index_words()
    for hybrid in (None, ReciprocalRankFusion()):
        how = {"k": 5, "depth": 10, "hybrid": hybrid}
        how["rankers"] = [HypotheticalDocuments(HashingEncoder(dim=64), table)]
        alone, together = space.search("oak elm", **how), space.search([*table], **how)
        assert together[0] == alone
        assert len(together[1]) == 5


def test_rankers_that_know_rows_by_number_are_refused(tmp_path):
    space = inlay.build([], tmp_path / "t.space", encoder=HashingEncoder(dim=64))
    space.add({"id": f"t{i}", "text": f"text {i}"} for i in range(20))
    for ranker in (LabelVote(), HierarchyRefinement([-1] * 20), KNNEmbed(2)):
        with pytest.raises(ParameterError, match="knows rows by their numbers"):
            space.search("text 3", rankers=[ranker])
