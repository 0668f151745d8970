import re
from collections import Counter

import pytest

from inlay._compression import choices
from inlay.core.errors import ParameterError
from inlay.indexes import Coded, Exact, SparseCoded, TurboVec


@pytest.mark.parametrize("dim", [8, 20, 64, 100, 384])
@pytest.mark.parametrize("thorough", [False, True])
def test_every_usual_name_stands_for_an_index(dim, thorough):
    found = [choices.index(name) for name in choices.names(dim, thorough=thorough)]
    assert isinstance(found[0], Exact)
    assert all(isinstance(index, Coded | SparseCoded | TurboVec) for index in found[2:])


def test_thorough_has_each_way_at_two_sizes_and_more():
    found = choices.names(384, thorough=True)
    assert len(set(found)) == len(found)
    sizes = Counter(re.match(r"[a-z]+", name)[0] for name in found if "rescore" not in name)
    named = re.findall(r"\b([a-z]+)N\b", choices.GRAMMAR)
    assert len(named) > 20
    assert not [word for word in named if word != "rescore" and sizes[word] < 2]


def test_names_are_read_from_left_to_right():
    index = choices.index("pca24+pq6+rescore3")
    assert index.rescore == 3
    first, second = index.codec.steps
    assert (first.dim, second.n_subvectors) == (24, 6)
    assert choices.index("binary").rescore == 0
    assert repr(choices.index("turbovec2+rescore4")) == "TurboVec(bits=2, rescore=4)"
    assert (choices.index("vq6").codec.n_codebooks, choices.index("auto8+int8").codec.steps[0].dim) == (6, 8)
    found = choices.index("sparse512+rescore4")
    assert (found.codec.dim, found.rescore) == (512, 4)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "int",
        "pca8",
        "pq",
        "rescore4",
        "int8+pca4",
        "int8+",
        "zip4",
        "binary3",
        "rabitq2",
        "turbovec5",
        "pca8+turbovec4",
        "sparse",
        "pca8+sparse64",
        "pca8+lsh64",
        "pca8+poeem4",
        "topk",
        "vq",
        "INT8",
    ],
)
def test_other_names_are_refused_with_what_there_is(name):
    with pytest.raises(ParameterError, match="there are float32, float16, int8"):
        choices.index(name)


@pytest.mark.parametrize(("size", "n"), [(64, 64), ("64", 64), ("64B", 64), ("1.5kB", 1500), (" 2 kb ", 2000)])
def test_bytes(size, n):
    assert choices.bytes_of(size) == n


@pytest.mark.parametrize("size", ["", "0", "-3", "64MB", "x", "1.2.3", 0])
def test_what_is_no_size_is_refused(size):
    with pytest.raises(ParameterError, match="such as 64B"):
        choices.bytes_of(size)


def test_float32_is_always_measured_and_nothing_twice():
    assert choices.checked(["int8", "int8", "float32"], 8) == ["float32", "int8"]
