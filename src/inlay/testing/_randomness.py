"""The global random generators of Python, numpy and torch."""

import random
import sys
from typing import Any

import numpy as np


def random_states() -> dict[str, Any]:
    """Return the state of each generator that is loaded, as values that can be compared."""
    states: dict[str, Any] = {"random": random.getstate()}
    legacy = np.random.get_state(legacy=False)  # noqa: NPY002 - the global state is what is under test
    states["numpy"] = {**legacy, "state": {k: np.asarray(v).tolist() for k, v in legacy["state"].items()}}
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().tolist()
    return states


def seed_all(seed: int) -> None:
    """Seed every generator that is loaded."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def restore(states: dict[str, Any]) -> None:
    """Put the generators back into `states`."""
    random.setstate(states["random"])
    inner = {k: np.asarray(v, np.uint32) if k == "key" else v for k, v in states["numpy"]["state"].items()}
    np.random.set_state({**states["numpy"], "state": inner})  # noqa: NPY002
    if "torch" in states:
        torch = sys.modules["torch"]
        torch.set_rng_state(torch.tensor(states["torch"], dtype=torch.uint8))
