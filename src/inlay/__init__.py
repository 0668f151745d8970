"""Inlay: build, search, measure and compress embedding spaces.

Importing this package loads neither numpy nor torch; each name below, and each subpackage, is imported when it is
first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .building import build
    from .compression import compress
    from .core.catalogue import methods
    from .evaluation import compare, evaluate
    from .pipeline import Pipeline
    from .space import Space, open
    from .tuning import tune

_HOMES = {
    "build": "building",
    "open": "space",
    "Space": "space",
    "Pipeline": "pipeline",
    "methods": "core.catalogue",
    "evaluate": "evaluation",
    "compare": "evaluation",
    "compress": "compression",
    "tune": "tuning",
}

__all__ = ["Pipeline", "Space", "build", "compare", "compress", "evaluate", "methods", "open", "tune"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    if not name.startswith("_"):
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {__all__} and its subpackages")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
