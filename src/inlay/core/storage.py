"""How a description lies on disk: ``method.json``, and beside it one safetensors file where there are arrays.

The arrays have a new name in each save, which ``method.json`` tells, and replacing that file is the one step
that makes a save count: whenever the process dies, the folder holds the whole old object or the whole new one.
Other files in the folder are left alone. One process may write to a folder at a time; any number may read.
"""

import json
import os
import secrets
import shutil
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors import numpy as safetensors

from .description import Arrays, Description
from .errors import DataError

FORMAT = 1
_DTYPES = {"BOOL": "?", "F16": "<f2", "F32": "<f4", "F64": "<f8"} | {
    f"{sign}{8 * width}": f"<{sign.lower()}{width}" for sign in "IU" for width in (1, 2, 4, 8)
}


def write(folder: Path, description: Description) -> None:
    """Write a description to `folder`, in place of the one that is there.

    Raises
    ------
    DataError
        If the arrays cannot be written, as on a full disk; what stood there before is kept.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise DataError(f"{folder} cannot be a folder: {error.filename} is a file; choose another path.") from error
    for stray in folder.glob("saving-????????.part"):
        shutil.rmtree(stray)  # left by a save that was killed
    mark = secrets.token_hex(4)
    name = f"arrays-{mark}.safetensors" if description.arrays else None
    head = {"format": FORMAT, "inlay": version("inlay"), "arrays": name, "object": description.tree}
    part = folder / f"saving-{mark}.part"  # a folder, for safetensors makes a temporary file of its own
    part.mkdir()
    try:
        (part / "method.json").write_text(json.dumps(head, indent=1, allow_nan=False), encoding="utf-8")
        _flush(part / "method.json")
        if name:
            arrays = {key: np.asarray(array, order="C") for key, array in description.arrays.items()}
            safetensors.save_file(arrays, part / name)
            shutil.copymode(part / "method.json", part / name)  # safetensors lets only the owner read
            _flush(part / name)
            (part / name).replace(folder / name)
        (part / "method.json").replace(folder / "method.json")
    except SafetensorError as error:
        raise DataError(f"{folder} cannot be written: {error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _flush(folder)
    for old in folder.glob("arrays-????????.safetensors"):
        if old.name != name:
            with suppress(PermissionError):  # Windows keeps a file that is mapped
                old.unlink()


def read(folder: Path, *, mmap: bool = False) -> Description:
    """Read what `write` wrote; with `mmap`, arrays are read-only views of the file.

    Raises
    ------
    DataError
        If there is nothing, or nothing whole, or it was written by a newer Inlay.
    """
    try:
        text = ""
        while True:
            before, text = text, (folder / "method.json").read_text(encoding="utf-8")
            head = json.loads(text)
            if head["format"] > FORMAT:
                raise DataError(f"{folder} was saved by a newer Inlay ({head['inlay']}); upgrade Inlay to read it.")
            name = head["arrays"]
            if name is None:
                return Description(head["object"], {})
            if Path(name).name != name:
                raise ValueError(f"its arrays lie outside of the folder, at {name}")
            try:
                arrays = _map(folder / name) if mmap else _load(folder / name)
                return Description(head["object"], arrays)
            except FileNotFoundError as error:
                if text == before:
                    raise ValueError(f"{name} is missing") from error
                # another process may have saved in between: look again
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(f"{folder} holds no saved object: {error.filename} is missing.") from error
    except DataError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, SafetensorError) as error:
        raise DataError(f"{folder} is damaged: {error}.") from error


def _load(file: Path) -> Arrays:
    arrays: Arrays = safetensors.load_file(file)
    for name, array in arrays.items():
        # Where another library has taught numpy further types, safetensors reads those as well.
        if array.dtype not in map(np.dtype, _DTYPES.values()):
            raise ValueError(f"its array {name} is of the type {array.dtype}, which is never written")
    return arrays


def _map(file: Path) -> Arrays:
    with safe_open(file, "numpy"):
        pass  # checks the header: every array within the file, none upon another
    # The format is an 8-byte length, a JSON header of that length, and the arrays one after another.
    whole = np.asarray(np.memmap(file, np.uint8, "r"))
    start = 8 + int.from_bytes(whole[:8].tobytes(), "little")
    header = json.loads(whole[8:start].tobytes())
    header.pop("__metadata__", None)
    arrays: Arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = whole[start + begin : start + end].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def _flush(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
