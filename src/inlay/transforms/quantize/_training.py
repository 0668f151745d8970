"""What codecs that are trained share."""

import math

from inlay.core.errors import ParameterError


def finite(numbers: list[float], learning_rate: float) -> list[float]:
    """Return the losses or weights, or say that training came to nothing.

    Examples
    --------
    >>> finite([1.0, 0.5], 1e-3)
    [1.0, 0.5]
    """
    if not all(map(math.isfinite, numbers)):
        raise ParameterError(
            f"Training came to numbers that are not finite; learning_rate has to be below {learning_rate:g}, "
            "or the vectors have to be scaled."
        )
    return numbers
