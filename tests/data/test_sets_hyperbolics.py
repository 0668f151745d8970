"""Trees are trees, with parents where they say, and networks have the edges that are known of them."""

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


@pytest.mark.parametrize(("name", "nodes"), [("phylo-tree", 344), ("wordnet-tree", 74_374)])
def test_trees(name, nodes):
    found = load(name)
    assert len(found["parent"]) == len(found["child"]) == nodes - 1
    assert len(set(found["child"])) == nodes - 1  # one parent each
    assert len({*found["child"], *found["parent"]}) == nodes


@pytest.mark.parametrize(
    ("name", "columns", "nodes", "edges", "first"),
    [
        ("ca-csphd", ("parent", "child"), 1_025, 1_043, (0, 1)),
        ("ego-facebook", ("source", "target"), 4_039, 88_234, (0, 1)),
        ("ca-grqc", ("source", "target"), 4_158, 13_428, (0, 1)),
    ],
)
def test_networks(name, columns, nodes, edges, first):
    found = load(name)
    a, b = (found[column] for column in columns)
    assert len(a) == len(b) == edges
    assert len({*a, *b}) == nodes
    assert (a[0], b[0]) == first
