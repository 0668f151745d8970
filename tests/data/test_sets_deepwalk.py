"""BlogCatalog and the karate club have the nodes, edges and groups that are known of them."""

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


def test_blogcatalog():
    found = load("blogcatalog")
    assert found["node"] == list(range(10_312))
    assert len(found["source"]) == 333_983
    assert all(a < b for a, b in zip(found["source"], found["target"], strict=True))
    assert {group for groups in found["label"] for group in groups} == set(range(39))
    assert min(map(len, found["label"])) == 1
    assert found["label"][0] == [20]


def test_karate():
    found = load("karate")
    edges = set(zip(found["source"], found["target"], strict=True))
    assert len(found["source"]) == len(edges) == 78
    assert {node for edge in edges for node in edge} == set(range(1, 35))
    assert (33, 34) in edges
