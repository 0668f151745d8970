"""A Method taken apart into what JSON can hold and arrays, and put together again.

In the tree, a dictionary whose one key starts with ``$`` stands for what JSON lacks: an array, a tuple, a
sparse matrix, another method. Putting a tree together imports classes of Inlay and of its plug-ins only, and
never runs code that a file brings.
"""

import hashlib
import importlib
import json
import math
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .errors import DataError, ParameterError

Arrays = dict[str, NDArray[Any]]
# What safetensors can hold and numpy can compute with; bfloat16 and long doubles are not among it.
STORABLE = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"}
_SPARSE = {"$csr_matrix": sparse.csr_matrix, "$csr_array": sparse.csr_array}


class Description:
    """A value taken apart: a JSON tree, and the arrays to which it points by name."""

    def __init__(self, tree: Any, arrays: Arrays) -> None:
        self.tree = tree
        self.arrays = arrays

    def digest(self) -> str:
        """Return the SHA-256 of the whole, in hexadecimal: the same on every platform."""
        sha = hashlib.sha256(json.dumps(self.tree, sort_keys=True, allow_nan=False).encode())
        for name in sorted(self.arrays):
            array = np.asarray(self.arrays[name], order="C")
            sha.update(json.dumps([name, array.dtype.str, array.shape]).encode())
            sha.update(array.reshape(-1).view(np.uint8).data)
        return sha.hexdigest()


def class_path(cls: type) -> str:
    """Return ``module:Class``."""
    return f"{cls.__module__}:{cls.__qualname__}"


def is_state(name: str) -> bool:
    """Tell whether an attribute of this name is fitted state: it ends in ``_`` and does not start with it."""
    return name.endswith("_") and not name.startswith("_") and name.isidentifier()


def fitted_state(method: Any) -> dict[str, Any]:
    """Return what `fit` has learned."""
    return {name: value for name, value in vars(method).items() if is_state(name)}


def describe(value: Any, *, by_identity: bool = False) -> Description:
    """Take `value` apart.

    Parameters
    ----------
    value : numbers, text, arrays, CSR matrices, paths, methods, and lists, tuples and dictionaries of those.
    by_identity : describe each method that has ``identity()``, at any depth, by that rather than by its
        parameters and its state. Such a description can be compared, but not restored.

    Raises
    ------
    ParameterError
        If a part cannot be stored; the way to it is named.
    """
    arrays: Arrays = {}

    def store(array: NDArray[Any], way: str) -> str:
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if little.dtype.str not in STORABLE:
            raise refuse(array, way, f" of {array.dtype}")
        # A dot in a key, or the keys 1 and "1", can make two ways look alike.
        name = way if way not in arrays else f"{way}#{len(arrays)}"
        arrays[name] = little
        return name

    def refuse(part: Any, way: str, what: str = "") -> ParameterError:
        return ParameterError(
            f"{way} is of type {type(part).__name__}{what}, which cannot be stored; allowed are numbers, text, arrays, "
            "CSR matrices, paths, other methods, and lists, tuples and dictionaries of those."
        )

    def walk(part: Any, way: str) -> Any:
        # Types are compared exactly: a subclass, such as an enumeration or a named tuple, would come back as less.
        kind = type(part)
        if part is None or kind in (bool, int, str):
            return part
        if kind is float:
            return part if math.isfinite(part) else {"$float": str(part)}
        if kind is list:
            return [walk(p, f"{way}[{i}]") for i, p in enumerate(part)]
        if kind is tuple:
            return {"$tuple": [walk(p, f"{way}[{i}]") for i, p in enumerate(part)]}
        if kind is dict:
            if all(type(k) is str and not k.startswith("$") for k in part):
                return {k: walk(v, f"{way}.{k}") for k, v in part.items()}
            return {"$dict": [[walk(k, f"{way}.key"), walk(v, f"{way}.{k}")] for k, v in part.items()]}
        if isinstance(part, np.bool_ | np.integer | np.float64 | np.str_):
            return walk(part.item(), way)  # the plain number of the same value, so that dim=np.int64(8) is dim=8
        if isinstance(part, np.generic):
            return {"$scalar": store(np.asarray(part), way)}
        if isinstance(part, np.ndarray):
            if part.dtype.kind == "U" or (part.dtype.kind == "O" and all(type(p) is str for p in part.flat)):
                return {"$strings": [part.dtype.str, list(part.shape), [str(p) for p in part.flat]]}
            return {"$array": store(part, way)}
        if isinstance(part, Path):
            return {"$path": str(part)}
        if f"${kind.__name__}" in _SPARSE:
            names = [store(getattr(part, n), f"{way}.{n}") for n in ("data", "indices", "indptr")]
            return {f"${kind.__name__}": [*names, list(part.shape)]}
        if not isinstance(part, type) and hasattr(part, "get_params") and hasattr(part, "examples"):
            if by_identity and hasattr(part, "identity"):
                return {"$method": {"class": class_path(kind), "identity": walk(part.identity(), f"{way}.identity")}}
            parts = {"params": part.get_params(deep=False), "state": fitted_state(part)}
            described = {n: {k: walk(v, f"{way}.{k}") for k, v in values.items()} for n, values in parts.items()}
            return {"$method": {"class": class_path(kind), **described}}
        raise refuse(part, way)

    return Description(walk(value, type(value).__name__), arrays)


def restore(description: Description, base: type, *, where: str) -> Any:
    """Put a description together again; classes must be subclasses of `base`.

    Raises
    ------
    DataError
        If the description is not one that `describe` made; `where` it stands is named.
    """
    arrays = description.arrays

    def walk(part: Any) -> Any:
        match part:
            case None | bool() | int() | float() | str():
                return part
            case list():
                return [walk(v) for v in part]
            case {"$array": str(name)}:
                return arrays[name]
            case {"$scalar": str(name)}:
                return arrays[name][()]
            case {"$float": str(text)}:
                return float(text)
            case {"$strings": [str(kind), list(shape), list(values)]}:
                return np.array(values, dtype=object).reshape(shape).astype(kind)
            case {"$tuple": list(values)}:
                return tuple(walk(v) for v in values)
            case {"$dict": list(pairs)}:
                return {walk(k): walk(v) for k, v in pairs}
            case {"$path": str(text)}:
                return Path(text)
            case {"$csr_matrix": [*names, shape]} | {"$csr_array": [*names, shape]}:
                matrix = _SPARSE[next(iter(part))](tuple(arrays[n] for n in names), shape=shape)
                matrix.check_format(full_check=True)  # scipy's C code trusts the column numbers
                return matrix
            case {"$method": {"class": str(path), "params": dict(params), "state": dict(state)}}:
                method = find_class(path, base)(**{k: walk(v) for k, v in params.items()})
                if not all(map(is_state, state)):
                    raise KeyError(f"a state of {path} whose name does not end in _")
                vars(method).update({k: walk(v) for k, v in state.items()})
                return method
            case dict() if not any(k.startswith("$") for k in part):
                return {k: walk(v) for k, v in part.items()}
        raise KeyError(f"an entry that is not understood: {str(part)[:80]}")

    try:
        return walk(description.tree)
    except DataError as error:
        raise DataError(f"{where} cannot be read: {error}") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{where} cannot be read as a saved object: {error}.") from error


def find_class(path: str, base: type) -> type:
    """Find ``module:Class``, importing modules of Inlay and of its registered plug-ins only."""
    module_name, _, name = path.partition(":")
    found: Any = sys.modules.get(module_name)
    if found is None:
        package, *inner = module_name.split(".")
        trusted = {"inlay", *(point.module.partition(".")[0] for point in entry_points(group="inlay.methods"))}
        if package not in trusted or any(part.startswith("__") for part in inner):
            raise DataError(
                f"the class {path} is neither Inlay's nor a registered plug-in's; "
                "import its module first if you trust it."
            )
        try:
            found = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or not module_name.startswith(error.name):
                raise  # a library that the module needs: its own message says which
            raise DataError(f"the class {path} is not in this version of {package}.") from error
    for attribute in name.split("."):
        found = vars(found).get(attribute) if hasattr(found, "__dict__") else None
    if not (isinstance(found, type) and issubclass(found, base)):
        raise DataError(f"the class {path} is not a {base.__name__}, or is not in this version of its package.")
    return found
