"""What is told of a choice: halves of the queries, and the record of a space."""

import json

import numpy as np
import pytest

from inlay._compression.bound import Bound
from inlay._compression.chosen import halves, record
from inlay.core.resampling import with_interval
from inlay.core.sample import Sample
from inlay.core.values import Reading


def test_halves_are_of_every_other_query():
    values = np.array([1.0, 0.0, 1.0, 0.5, 1.0, 1.0, 0.0])
    first, second = halves(Reading.of("recall@10", Sample("mean", (values,))))
    assert (first.value, first.n) == (pytest.approx(values[::2].mean()), 4)
    assert (second.value, second.n) == (pytest.approx(values[1::2].mean()), 3)
    assert first == with_interval(Reading.of("recall@10", Sample("mean", (values[::2],))))
    ratio = halves(Reading.of("kept", Sample("ratio", (values, np.arange(1.0, 8)))))[1]
    assert ratio.value == pytest.approx(values[1::2].sum() / (2 + 4 + 6))
    bare = Reading("recall@10", 0.9, 5)
    assert halves(bare) == (bare, bare)


def test_a_record_is_values_that_json_can_hold():
    kept = Reading("recall@10", 0.97, 50, interval=(0.95, 0.99))
    costs = {"memory": 64.0, "disk": 0.0, "vectors": 1000, "queries": "50 queries"}
    plain = record("int8", "it was named", kept, **costs)
    assert json.loads(json.dumps(plain)) == plain | {"interval": [0.95, 0.99]}
    assert (plain["choice"], plain["bytes"], plain["kept"], plain["n"], plain["bound"]) == (
        "int8",
        64.0,
        0.97,
        50,
        None,
    )
    fields = Bound.__dataclass_fields__
    bound = Bound(*range(len(fields)))
    assert record("int8", "", kept, **costs, bound=bound)["bound"].keys() == set(fields)
