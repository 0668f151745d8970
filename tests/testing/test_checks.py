"""The checks accept a sound method of each contract, and say which instance they are about."""

import pytest
from toy_kinds import OTHERS
from toys import TOYS, ToyEncoder

from inlay.core.errors import MissingExtra
from inlay.testing import check, checks


@pytest.mark.parametrize("one", [c for toy in TOYS for c in checks(toy)], ids=str)
def test_sound_methods_pass(one):
    one()


@pytest.mark.parametrize("one", [c for toy in OTHERS for c in checks(toy)], ids=str)
def test_sound_methods_of_other_kinds_pass(one):
    one()


def test_every_check_demands_something_in_words():
    for toy in TOYS:
        for one in checks(toy):
            assert one.demand.endswith("."), one.name


def test_all_examples_of_a_class_and_one_instance():
    subjects = {one.subject for one in checks(ToyEncoder)}
    assert subjects == {"ToyEncoder()", "ToyEncoder(scale=3.0)"}
    assert {one.subject for one in checks(ToyEncoder(scale=2.0))} == {"ToyEncoder(scale=2.0)"}


def test_own_items():
    check(ToyEncoder(), items=["a", "b", "cc", "ddd", "e" * 50, "a"])
    with pytest.raises(AssertionError, match=r"different items"):
        check(ToyEncoder(), items=["ab", "ba", "abc", "acb", "bac", "cab"])


def test_a_missing_extra_is_not_a_failure():
    class Needy(ToyEncoder):
        __doc__ = ToyEncoder.__doc__

        def encode(self, items, *, role="document"):
            raise MissingExtra("install it")

    with pytest.raises(MissingExtra):
        check(Needy())


def test_what_follows_no_contract():
    with pytest.raises(TypeError, match="none of the contracts"):
        check(object())
