"""The word pairs have their numbers, and one that is not there is named."""

import pytest

from inlay.core.errors import MissingData
from inlay.data.datasets import known_sets, load

COUNTS = {
    "simlex999": 999,
    "wordsim353": 353,
    "wordsim353-similarity": 203,
    "wordsim353-relatedness": 252,
    "men": 3000,
    "rareword": 2034,
    "rg65": 65,
    "mc30": 30,
    "yp130": 130,
    "verb143": 144,
}


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    pairs = load(name)
    assert [len(pairs[column]) for column in ("word1", "word2", "score")] == [COUNTS[name]] * 3
    assert all(pairs["word1"] + pairs["word2"])


@pytest.mark.data
def test_known_pairs():
    pairs = load("wordsim353")  # whose lines end in \r\n
    assert (pairs["word1"][0], pairs["word2"][0], pairs["score"][0]) == ("love", "sex", 6.77)
    pairs = load("verb143")
    assert (pairs["word1"][-1], pairs["word2"][-1], pairs["score"][-1]) == ("employ", "using", 0.33)


def test_a_list_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingData, match=r"MTurk-771 are not on this machine: there is no file .*EN-MTurk-771\.txt"):
        known_sets()["mturk771"].read(tmp_path)
