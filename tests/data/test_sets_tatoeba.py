"""The sentences of Tatoeba are all there, and translate each other."""

import pytest

from inlay.data.datasets import known_sets, load


@pytest.mark.data
def test_rows_and_a_known_pair():
    names = [name for name in known_sets() if name.startswith("tatoeba-")]
    assert len(names) == 112
    german, small = load("tatoeba-deu"), load("tatoeba-max")
    assert len(german["source"]) == len(german["target"]) == 1000
    known = "Mary said she didn't know where Tom was."
    assert german["source"][german["target"].index(known)] == "Maria sagte, sie wisse nicht, wo Tom sei."
    assert len(small["source"]) == 284


@pytest.mark.data
def test_all_languages_have_as_many_pairs_as_published():
    sets = [load(name) for name in known_sets() if name.startswith("tatoeba-")]
    assert sum(len(one["target"]) for one in sets) == 88_877
    assert all(len(one["source"]) == len(one["target"]) for one in sets)
    assert all(line.strip() and "\r" not in line for one in sets for side in one.values() for line in side)
