"""The questions over several passages are read with the counts of their publisher."""

import pytest

from inlay.data.datasets import load


@pytest.mark.data
def test_musique_is_read_whole():
    found = load("musique")
    assert [len(found[name]) for name in ("documents", "queries", "relevant")] == [1890, 100, 100]
    hops = [len(of) for of in found["relevant"].values()]
    assert [hops.count(n) for n in (2, 3, 4)] == [68, 27, 5]
    assert all(int(id_[0]) == len(of) for id_, of in found["relevant"].items())  # the names say how many hops
    titles = {found["documents"][id_].partition("\n")[0] for id_ in found["relevant"]["2hop__150763_14904"]}
    assert "Journal of Psychotherapy Integration" in titles


@pytest.mark.data
def test_the_candidates_of_musique_are_those_of_its_corpus():
    corpus, found = load("musique"), load("musique-candidates")
    sides = list(zip(found["positive"], found["negative"], strict=True))
    assert {len(good) + len(bad) for good, bad in sides} == {20}
    assert sum(len(good) for good, _ in sides) == sum(map(len, corpus["relevant"].values())) == 237
    assert {text for good, bad in sides for text in [*good, *bad]} == set(corpus["documents"].values())


@pytest.mark.data
def test_hotpotqa_is_read_whole():
    found = load("hotpotqa")
    assert [len(found[name]) for name in ("documents", "queries", "relevant")] == [994, 100, 100]
    assert {len(of) for of in found["relevant"].values()} == {2}
    assert found["relevant"]["5a77ec115542992a6e59dff7"] == {"Alû": 1, "Lilu (mythology)": 1}
    assert found["documents"]["Demon Dice"].startswith("Demon Dice\nDemon Dice, originally published as Chaos")
