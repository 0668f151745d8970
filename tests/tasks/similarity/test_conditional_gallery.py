"""ConditionalGallery equals loops over the definition, and refuses a right item that is not in the gallery."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.similarity import ConditionalGallery


class Drawn:
    """Vectors at random, the same for the same text, of different lengths."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(list(item.encode())).standard_normal(4) for item in items])


RNG = np.random.default_rng(1)
LENGTHS = RNG.integers(3, 9, 50)
DATA = {
    "query": [f"q{i % 13}" for i in range(50)],
    "condition": [f"c{i % 5}" for i in range(50)],
    "gallery": [[f"x{j}" for j in RNG.integers(0, 60, n)] for n in LENGTHS],
    "target": [int(RNG.integers(n)) for n in LENGTHS],
}


def test_equals_loops_over_the_definition():
    def unit(text):
        x = Drawn().encode([text])[0]
        return x / np.linalg.norm(x)

    ranks = {"": [], "query_": [], "condition_": []}
    for query, condition, gallery, target in zip(*DATA.values(), strict=True):
        q, c = unit(query), unit(condition)
        for name, asked in (("", q + c), ("query_", q), ("condition_", c)):
            scores = [round(float(asked @ unit(item)), 6) for item in gallery]
            ranks[name].append(sorted(range(len(gallery)), key=lambda i: (-scores[i], i)).index(target))
    want = {f"{name}recall_at_{k}": np.mean(np.less(rank, k)) for name, rank in ranks.items() for k in (1, 2, 3)}
    got = {reading.name: reading.value for reading in ConditionalGallery(DATA).run(Drawn())}
    assert got == pytest.approx(want)
    assert next(iter(got)) == "recall_at_1"


def test_of_equal_items_the_first_counts():
    same = {"query": ["a"] * 2, "condition": ["b"] * 2, "gallery": [["x", "x"]] * 2, "target": [0, 1]}
    got = {reading.name: reading.value for reading in ConditionalGallery(same, ks=(1, 2)).run(Drawn())}
    assert (got["recall_at_1"], got["recall_at_2"]) == (0.5, 1.0)


def test_a_gallery_that_asks_for_both_is_solved_by_neither_alone():
    data = {
        "query": ["red car"],
        "condition": ["as bus"],
        "gallery": [["red car door", "bus", "red bus"]],
        "target": [2],
    }
    got = {reading.name: reading.value for reading in ConditionalGallery(data).run(HashingEncoder())}
    assert (got["recall_at_1"], got["query_recall_at_1"], got["condition_recall_at_1"]) == (1, 0, 0)


@pytest.mark.parametrize("target", [-1, 3, 1.5])
def test_the_right_item_has_to_be_in_the_gallery(target):
    data = {"query": ["a"], "condition": ["b"], "gallery": [["x", "y", "z"]], "target": [target]}
    with pytest.raises(DataError, match=f"a place in the gallery; row 0 has {target:g} of 3 items"):
        ConditionalGallery(data).run(Drawn())


def test_cut_offs_have_to_be_positive():
    with pytest.raises(ParameterError, match="ks must be cut-offs of at least 1"):
        ConditionalGallery(DATA, ks=()).run(Drawn())
