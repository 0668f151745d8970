"""An encoder under watch: how long it took, how many items it encoded, and how large its vectors are."""

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any

from inlay.core.contracts import CountingEncoder, Encoder, Encodes
from inlay.core.values import FloatArray
from inlay.pipeline import Pipeline

Progress = Callable[[int], object]


class Watch:
    """What was seen of an encoder: `seconds` of encoding, `items`, and `bytes` of vectors."""

    def __init__(self, progress: Progress) -> None:
        self.seconds, self.items, self.bytes = 0.0, 0, 0
        self._progress = progress

    def over(self, encoder: Encoder | Pipeline) -> Encodes:
        """Return the encoder under watch; of a pipeline the same, with its encoder under watch."""
        if isinstance(encoder, Pipeline):
            watched = copy.copy(encoder)
            watched.encoder = self._over(encoder.encoder)
            return watched
        found: Encodes = self._over(encoder)
        return found

    def _over(self, encoder: Any) -> Any:
        watched = copy.copy(encoder)
        watch = self

        def encode(items: Sequence[Any], *, role: str = "document") -> FloatArray:
            start = time.perf_counter()
            if isinstance(encoder, CountingEncoder):
                X = encoder.encode_counted(items, role=role, progress=watch._progress).vectors
            else:
                X = encoder.encode(items, role=role)
                watch._progress(len(items))
            watch.seconds += time.perf_counter() - start
            watch.items += len(X)
            watch.bytes += X.nbytes
            return X

        watched.encode = encode  # on the copy alone
        return watched
