"""The contracts refuse what lacks their verb; the power to count is known by its members."""

import inspect

import numpy as np
import pytest

from inlay.core import contracts
from inlay.core.catalogue import CONTRACTS

VERBS = {
    "encoder": ["encode"],
    "transform": ["fit", "transform"],
    "multivector": ["transform"],
    "index": ["fit", "search"],
    "ranker": ["rank"],
    "loss": ["forward"],
    "sampler": ["batches"],
    "measure": ["measure"],
    "task": ["run"],
}


def test_every_contract_has_its_class():
    assert set(CONTRACTS.values()) == set(VERBS)
    for contract, verbs in VERBS.items():
        for verb in verbs:
            assert inspect.isfunction(getattr(getattr(contracts, contract.capitalize()), verb))


@pytest.mark.parametrize("contract", [name for name in VERBS if name != "loss"])
def test_a_class_without_its_verb_cannot_be_made(contract):
    base = getattr(contracts, contract.capitalize())
    assert base.__abstractmethods__ == {*VERBS[contract], "examples"}
    with pytest.raises(TypeError, match=VERBS[contract][0]):
        type("Empty", (base,), {"examples": classmethod(lambda cls: iter(()))})()


def test_counting_encoders_are_known_by_their_members():
    class Counting:
        max_tokens = 3

        def encode_counted(self, items, *, role="document", progress=None):
            return None

    assert not isinstance(Counting(), contracts.CountingEncoder)
    Counting.count_tokens = lambda self, items: np.zeros(len(items), np.int64)
    assert isinstance(Counting(), contracts.CountingEncoder)


def test_to_ask_whether_an_encoder_counts_does_not_load_its_model():
    class Counting:
        @property
        def max_tokens(self):
            raise AssertionError("the model is loaded")

        def encode_counted(self, items, *, role="document", progress=None):
            return None

        def count_tokens(self, items):
            return None

    assert isinstance(Counting(), contracts.CountingEncoder)
