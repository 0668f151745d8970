"""Numbers out of their range are refused by name, with what is allowed and what was given."""

from types import SimpleNamespace

import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.core.parameters import check_numbers

GIVEN = SimpleNamespace(n=3, share=0.5, rate=np.float32(0.25), whole=np.int64(2), none=None, text="3", nan=float("nan"))


def test_what_is_within_its_bounds_is_let_through():
    check_numbers(GIVEN)
    check_numbers(
        GIVEN,
        at_least={"n": 3, "share": 0, "whole": 2},
        above={"rate": 0},
        at_most={"n": 3, "share": 0.5},
        below={"rate": 1, "n": 3.1},
    )


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"at_least": {"share": 0, "n": 4}}, "n must be at least 4, got 3."),
        ({"above": {"n": 3}}, "n must be above 3, got 3."),
        ({"at_most": {"whole": 1}}, "whole must be at most 1, got np.int64(2)."),
        ({"below": {"share": 0.5}}, "share must be below 0.5, got 0.5."),
        ({"at_least": {"n": 0}, "below": {"n": 3}}, "n must be at least 0 and below 3, got 3."),
        ({"above": {"n": 3}, "at_most": {"n": 4}}, "n must be above 3 and at most 4, got 3."),
        ({"above": {"nan": 0}}, "nan must be above 0, got nan."),
        ({"below": {"nan": 0}}, "nan must be below 0, got nan."),
        ({"at_least": {"none": 1}}, "none must be at least 1, got None."),
        ({"at_least": {"text": 1}}, "text must be at least 1, got '3'."),
    ],
)
def test_what_is_out_of_them_is_refused(bounds, said):
    with pytest.raises(ParameterError) as refused:
        check_numbers(GIVEN, **bounds)
    assert str(refused.value) == said


def test_a_name_that_is_not_there_is_a_mistake_of_the_method():
    with pytest.raises(AttributeError):
        check_numbers(GIVEN, at_least={"m": 1})
