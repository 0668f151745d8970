"""What is taken apart comes back the same, its digest is the same everywhere, and no foreign class is let in."""

import enum
import json
import math
from collections import OrderedDict, namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from inlay.core.description import Description, describe, find_class, restore
from inlay.core.errors import DataError, ParameterError
from inlay.core.method import Method


class Holder(Method):
    paper = "somebody2001"

    def __init__(self, value=None):
        self.value = value

    @classmethod
    def examples(cls):
        yield cls()


def round_trip(value):
    description = describe(value)
    tree = json.loads(json.dumps(description.tree, allow_nan=False))
    return restore(Description(tree, description.arrays), Method, where="here")


def same(a, b):
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and (a.dtype, a.shape) == (b.dtype, b.shape) and a.tolist() == b.tolist()
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return type(b) is dict and all(map(same, a, b)) and all(map(same, a.values(), b.values())) and len(a) == len(b)
    return type(a) is type(b) and (a == b or (a != a and b != b))


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(max_size=5).map(Path)
arrays = hnp.arrays(
    st.sampled_from([np.dtype(c) for c in "?bBhHiIqQefd"]), hnp.array_shapes(min_dims=0, min_side=0), elements={}
).filter(lambda a: not np.isnan(a.astype(float)).any()) | st.lists(st.text(max_size=3)).map(lambda v: np.array(v, "U3"))
values = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.booleans(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_everything_that_is_taken_comes_back(value):
    assert same(value, round_trip(value))


@pytest.mark.parametrize(
    "value",
    [
        {1: np.zeros(1), "1": np.ones(1), "a.b": np.zeros(2), "a": {"b": np.ones(2)}},
        {"$array": "X", "x": {"$tuple": [1]}},
        [math.inf, -math.inf, math.nan, -0.0, 2**70, -(2**63)],
        np.array(["a", "b\0c"], object),
        (np.float32(0.1), np.float16(2)),
        {"deep": [Path("a/b"), ({"x": ()},)]},
    ],
)
def test_odd_values_come_back(value):
    assert same(value, round_trip(value))


def test_numpy_numbers_become_plain_ones_of_the_same_value():
    assert same(round_trip([np.int64(3), np.bool_(True), np.float64(0.1), np.str_("a")]), [3, True, 0.1, "a"])


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_sparse_matrices_come_back(kind):
    matrix = kind(sparse.random(5, 7, 0.4, random_state=0))
    back = round_trip(matrix)
    assert type(back) is kind
    assert np.array_equal(back.toarray(), matrix.toarray())


def test_methods_come_back_with_state_at_every_depth():
    inner, outer = Holder(np.arange(3)), Holder()
    inner.learned_, inner._cache = [1.5], "not kept"
    outer.value = (inner, {"a": inner})
    back = round_trip(outer).value[1]["a"]
    assert same(vars(back), {"value": np.arange(3), "learned_": [1.5]})


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        object(), len, {1, 2}, b"bytes", Colour.RED, namedtuple("P", "x")(1), OrderedDict(a=1), Holder, 1j,
        np.array([1j]), np.array([1, "a"], object), np.zeros(2, np.longdouble), np.zeros(2, "datetime64[s]"),
        np.zeros(2, [("a", "f4")]), sparse.csc_matrix((2, 2)), np.random.default_rng(0),
    ],
)  # fmt: skip
def test_what_would_come_back_as_less_is_refused_with_the_way_to_it(value):
    with pytest.raises(ParameterError, match=r"^Holder\.value\[1\]\.key?.* cannot be stored; allowed are"):
        describe(Holder([0, {"key": value}]))


def test_digest_is_the_same_for_every_layout_and_order():
    a = np.arange(6, dtype="<f4").reshape(2, 3)
    want = describe({"x": a, "y": 1}).digest()
    assert describe({"y": 1, "x": np.asfortranarray(a)}).digest() == want
    assert describe({"x": a.astype(">f4"), "y": np.int32(1)}).digest() == want
    # Worked out once: a change makes every stored fingerprint void.
    assert want == "ec67a2b1102a1f556dbf4f95b97505205a25b0c14a8583a6569de25bf9c3c2ee"


@pytest.mark.parametrize(
    "other",
    [
        {"x": 1.0},
        {"x": True},
        {"x": "1"},
        {"x": [1]},
        {"x": (1,)},
        {"x": np.array(1)},
        {"x": np.array([1])},
        {"y": 1},
        {},
    ],
)
def test_digest_tells_values_apart(other):
    assert describe(other).digest() != describe({"x": 1}).digest()


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"$array": "gone"}, "gone"),
        ({"$unknown": 1}, "not understood"),
        ({"$float": "x"}, "could not convert"),
        ({"$csr_matrix": ["d", "i", "p", [2, 2]]}, "less than 2|< 2|dimension"),
        ({"$method": {"class": "os:system", "params": {}, "state": {}}}, "not a Method"),
        ({"$method": {"class": "antigravity:x", "params": {}, "state": {}}}, "import its module first"),
        ({"$method": {"class": "inlay.__main__:x", "params": {}, "state": {}}}, "import its module first"),
        ({"$method": {"class": "inlay.core.gone:X", "params": {}, "state": {}}}, "not in this version"),
        ({"$method": {"class": f"{__name__}:Gone", "params": {}, "state": {}}}, "not a Method"),
        ({"$method": {"class": f"{__name__}:Holder.get_params", "params": {}, "state": {}}}, "not a Method"),
        ({"$method": {"class": f"{__name__}:Holder", "params": {"typo": 1}, "state": {}}}, "typo"),
        ({"$method": {"class": f"{__name__}:Holder", "params": {}, "state": {"save": 1}}}, "does not end in _"),
    ],
)
def test_strange_descriptions_are_refused(tree, message):
    arrays = {"d": np.ones(1), "i": np.array([9]), "p": np.array([0, 1, 1])}
    with pytest.raises(DataError, match=rf"here cannot be read.*({message})"):
        restore(Description([tree], arrays), Method, where="here")


def test_digest_tells_shapes_and_types_apart():
    arrays = [np.array(1), np.array([1]), np.array([[1]]), np.array([1], np.int32), np.array([1], np.uint64)]
    assert len({describe(array).digest() for array in arrays}) == len(arrays)


def test_refused_modules_are_not_imported(monkeypatch):
    import sys

    monkeypatch.delitem(sys.modules, "this", raising=False)
    with pytest.raises(DataError):
        find_class("this:Zen", Method)
    assert "this" not in sys.modules
