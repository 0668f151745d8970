"""An encoder as mteb knows them."""

from typing import TYPE_CHECKING, Any

from inlay.core.extras import load
from inlay.core.values import FloatArray

if TYPE_CHECKING:
    from .text_encoder import TextEncoder


class MtebEncoder:
    """A `TextEncoder` behind the encoder protocol of mteb 2; made by ``TextEncoder.for_mteb``.

    Parameters
    ----------
    encoder : what encodes.
    name : of the form ``"organisation/model"``, under which results are stored; None makes one of the model's name.
    """

    def __init__(self, encoder: "TextEncoder", name: str | None = None) -> None:
        self.encoder = encoder
        self.name = name or f"inlay/{str(encoder.model).rstrip('/').rpartition('/')[2]}"

    def encode(
        self,
        inputs: Any,
        *,
        task_metadata: Any,
        hf_split: str,
        hf_subset: str,
        prompt_type: Any = None,
        **arguments: Any,
    ) -> FloatArray:
        """Encode all texts of a loader of batches; ``prompt_type`` is the role."""
        texts = [text for batch in inputs for text in batch["text"]]
        role = "query" if getattr(prompt_type, "value", prompt_type) == "query" else "document"
        return self.encoder.encode(texts, role=role, **arguments)

    def similarity(self, X: Any, Y: Any) -> Any:
        """Return the similarities of all rows of X to all of Y."""
        return self.encoder.similarity(X, Y)

    def similarity_pairwise(self, X: Any, Y: Any) -> Any:
        """Return the similarity of each row of X to the same row of Y."""
        torch = load("torch", extra="text")
        return self.encoder._loaded().similarities()[1](torch.as_tensor(X), torch.as_tensor(Y)).numpy()

    @property
    def mteb_model_meta(self) -> Any:
        """What mteb stores beside the results."""
        meta = load("mteb.models", extra="text", purpose="Evaluating with mteb").ModelMeta
        return meta.create_empty({"name": self.name, "revision": self.encoder.fingerprint()})
