"""The fingerprint of a vector set: which method made it, down to the last parameter and file."""

from typing import Protocol

from .description import describe


class Identified(Protocol):
    """The optional power of a method whose parameters alone do not say what it computes.

    An encoder that reads its weights from files returns their hashes here, and leaves out whatever does not
    change its vectors (the batch size, the device).
    """

    def identity(self) -> dict[str, object]:
        """Return everything that decides the output, as values that `Method.save` could store."""


def fingerprint(*methods: object) -> str:
    """Return 16 hexadecimal digits that name the chain of `methods`: vectors compare only where these are equal.

    A method is known by its class and by its ``identity()`` where it has one, else by its parameters and its
    fitted state; so are the methods among its parameters.

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> fingerprint(HashingEncoder(dim=64)) == fingerprint(HashingEncoder(dim=64))
    True
    >>> fingerprint(HashingEncoder(dim=64)) == fingerprint(HashingEncoder(dim=128))
    False
    """
    return describe(list(methods), by_identity=True).digest()[:16]
