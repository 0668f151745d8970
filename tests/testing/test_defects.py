"""Every check refuses the methods that have the defect it is about."""

import defects_of_all  # noqa: F401 - importing fills the list
import defects_of_contracts  # noqa: F401
import pytest
from planted import PLANTED
from toys import TOYS, ToyEncoder

from inlay.testing import check, checks


@pytest.mark.parametrize(("cls", "name"), PLANTED)
def test_defect_is_refused(cls, name):
    found = [one for one in checks(cls()) if one.name == name]
    assert found, "there is no such check"
    with pytest.raises(AssertionError) as caught:
        found[0]()
    assert cls.__name__ in str(caught.value)
    assert name in str(caught.value)
    with pytest.raises(AssertionError):
        check(cls)


def test_every_check_has_a_planted_defect():
    planted = {param.values[1] for param in PLANTED}
    assert {one.name for toy in TOYS for one in checks(toy)} == planted


def test_no_examples():
    class Empty(ToyEncoder):
        @classmethod
        def examples(cls):
            yield from ()

    with pytest.raises(AssertionError, match="yields nothing"):
        check(Empty)
