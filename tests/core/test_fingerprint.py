"""Fingerprints tell apart what computes differently, and only that, at every depth."""

from inlay.core.fingerprint import fingerprint
from inlay.core.method import Method


class Weights(Method):
    paper = "somebody2001"

    def __init__(self, file="a", batch_size=8, inner=None):
        self.file, self.batch_size, self.inner = file, batch_size, inner

    @classmethod
    def examples(cls):
        yield cls()

    def identity(self):
        return {"sha256": f"hash of {self.file}", "inner": self.inner}


class Chain(Method):
    paper = "somebody2001"

    def __init__(self, steps=(), first=None):
        self.steps, self.first = steps, first

    @classmethod
    def examples(cls):
        yield cls()


def test_identity_counts_and_nothing_else():
    assert fingerprint(Weights("a", 8)) == fingerprint(Weights("a", 16))
    assert fingerprint(Weights("a")) != fingerprint(Weights("b"))


def test_identity_counts_at_every_depth():
    for wrap in (
        lambda inner: Chain(first=inner),
        lambda inner: Chain((Chain([inner]),)),
        lambda inner: Chain({"a": inner}),
        lambda inner: Weights("x", inner=inner),
    ):
        assert fingerprint(wrap(Weights("a", 8))) == fingerprint(wrap(Weights("a", 16)))
        assert fingerprint(wrap(Weights("a"))) != fingerprint(wrap(Weights("b")))


def test_order_class_and_state_count():
    a, b = Chain(first=1), Chain(first=2)
    assert fingerprint(a, b) != fingerprint(b, a)
    assert fingerprint(a) != fingerprint(Weights())
    before = fingerprint(a)
    a.mean_ = 1.0
    assert fingerprint(a) != before


def test_it_is_the_same_everywhere():
    # Worked out once; a change of this value makes every stored space refuse its own encoder.
    assert fingerprint({"dim": 64, "text": "ä"}, [1.5, None, True]) == "b995c68afc15c247"
