"""A language model: that it answers each text for itself, what decides its answers, and how it is saved."""

import hashlib
import json
import shutil

import pytest

from inlay.core.errors import DataError, MissingData, ParameterError
from inlay.core.fingerprint import fingerprint
from inlay.core.values import Search
from inlay.core.vectors import product_top_k
from inlay.encoders.text import HashingEncoder
from inlay.generation import LanguageModel
from inlay.rankers.feedback import HypotheticalDocuments


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Save a language model of a few words and random weights."""
    transformers = pytest.importorskip("transformers", reason="needs pip install 'inlay[text]'")
    tokenizers = pytest.importorskip("tokenizers")
    import torch

    words = {word: i for i, word in enumerate(["<end>", "<unk>", *"abcdefghij"])}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<unk>"))  # noqa: S106
    model.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    folder = tmp_path_factory.mktemp("model")
    fast = transformers.PreTrainedTokenizerFast
    fast(tokenizer_object=model, eos_token="<end>", unk_token="<unk>").save_pretrained(folder)  # noqa: S106
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = transformers.LlamaConfig(vocab_size=len(words), eos_token_id=0, bos_token_id=None, **sizes)
        transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def test_a_language_model_answers_each_text_for_itself(tiny):
    model = LanguageModel(tiny, prompt="{text} a", max_tokens=6, dtype="float32")
    both = model.generate(["b c", "d"], 3)
    assert [len(some) for some in both] == [3, 3]
    assert model.generate(["d"], 3) == both[1:]
    assert (
        LanguageModel(tiny, prompt="{text} a", max_tokens=6, dtype="float32", random_state=1).generate(["d"], 3)
        != both[1:]
    )


@pytest.mark.parametrize("text", ["b c d e", "b"])
def test_answers_are_those_of_a_model_that_reads_the_question_for_each(tiny, text):
    import torch
    import transformers

    model = LanguageModel(tiny, prompt="{text}", max_tokens=6, dtype="float32")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny)
    seeds, seen = [], torch.manual_seed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "manual_seed", lambda seed: (seeds.append(seed), seen(seed)))
        answers = model.generate([text], 4)[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds[0])
        out = transformers.LlamaForCausalLM.from_pretrained(tiny).generate(
            **tokenizer([text], return_tensors="pt"),
            max_new_tokens=6,
            do_sample=True,
            temperature=model.temperature,
            top_k=0,
            num_return_sequences=4,
            pad_token_id=0,
        )
    read = len(text.split())
    assert answers == [tokenizer.decode(row[read:], skip_special_tokens=True).strip() for row in out]
    assert len(set(answers)) > 1


def test_a_language_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingData, match="no language model"):
        LanguageModel(tmp_path).generate(["a"], 1)
    with pytest.raises(ParameterError, match="prompt must hold"):
        LanguageModel(tmp_path, prompt="x").generate(["a"], 1)
    with pytest.raises(ParameterError, match="dtype"):
        LanguageModel(tmp_path, dtype="int4").generate(["a"], 1)


def test_it_is_saved_with_a_ranker(tiny, tmp_path):
    encoder, items, queries = HashingEncoder(dim=16), ["a b", "c d", "e f"], ["b c", "d"]
    model = LanguageModel(tiny, prompt="{text} a", max_tokens=6, dtype="float32")
    X, Q = encoder.encode(items), encoder.encode(queries)
    search = Search(product_top_k(Q, X, 2), Q=Q, X=X, queries=queries)
    ranker = HypotheticalDocuments(encoder, model, n_documents=2)
    before = ranker.rank(search).hits
    ranker.save(tmp_path / "saved")  # with the model loaded, which stays where it is
    again = HypotheticalDocuments.load(tmp_path / "saved")
    assert again.generator.get_params() == model.get_params()
    assert sum(file.stat().st_size for file in (tmp_path / "saved").iterdir()) < 10_000
    assert again.rank(search).hits.ids.tolist() == before.ids.tolist()


def test_its_fingerprint_is_that_of_the_model_and_of_what_is_asked(tiny, tmp_path):
    model = LanguageModel(tiny)
    moved = shutil.copytree(tiny, tmp_path / "elsewhere")
    assert fingerprint(LanguageModel(moved)) == fingerprint(model)
    assert fingerprint(LanguageModel(tiny, prompt="{text}?")) != fingerprint(model)
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        content = (moved / name).read_bytes()
        (moved / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert fingerprint(LanguageModel(moved)) != fingerprint(model)
        (moved / name).write_bytes(content)
    (moved / "chat_template.jinja").write_text("{{ messages[0].content }}")
    assert fingerprint(LanguageModel(moved)) != fingerprint(model)
    assert LanguageModel("a-name").identity()["model"] == "a-name"


def test_a_file_in_the_gguf_format_is_known_by_its_content_or_where_it_is_not_here_by_its_name(tmp_path):
    named = LanguageModel("org/model", gguf_file="a.gguf").identity()
    assert (named["model"], named["gguf_file"]) == ("org/model", "a.gguf")
    (tmp_path / "a.gguf").write_bytes(b"weights")
    digest = hashlib.sha256(hashlib.sha256(b"weights").digest()).hexdigest()
    assert LanguageModel(tmp_path, gguf_file="a.gguf").identity()["weights"] == digest


def test_the_first_token_stands_once_where_a_template_writes_it(tiny, tmp_path):
    transformers, tokenizers = pytest.importorskip("transformers"), pytest.importorskip("tokenizers")
    folder = shutil.copytree(tiny, tmp_path / "model")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    first = tokenizers.processors.TemplateProcessing(single="<end> $A", special_tokens=[("<end>", 0)])
    tokenizer.backend_tokenizer.post_processor = first
    for template in (None, "<end> {{ messages[0].content }}"):
        tokenizer.chat_template = template
        tokenizer.save_pretrained(folder)
        model, seen = LanguageModel(folder, prompt="{text} b", max_tokens=2), []
        loaded = model._model()[1]
        write = loaded.generate
        loaded.generate = lambda write=write, seen=seen, **asked: (seen.append(asked["input_ids"]), write(**asked))[1]
        model.generate(["a"], 1)
        assert seen[0].tolist() == [[0, 2, 3]]


def test_how_a_model_proposes_to_be_sampled_is_left_aside(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "model")
    file = folder / "generation_config.json"
    own = {"do_sample": True, "top_k": 1, "top_p": 0.01, "repetition_penalty": 9.0, "suppress_tokens": [4, 5]}
    file.write_text(json.dumps(json.loads(file.read_text()) | own))
    asked = {"prompt": "{text}", "max_tokens": 8, "temperature": 2.0, "dtype": "float32"}
    assert LanguageModel(folder, **asked).generate(["b c"], 3) == LanguageModel(tiny, **asked).generate(["b c"], 3)


def test_another_model_is_loaded_where_the_parameter_changes(tiny, tmp_path):
    model = LanguageModel(tiny, prompt="{text}", max_tokens=2)
    before = model.generate(["b c"], 1)
    with pytest.raises(MissingData, match="no language model"):
        model.set_params(model=tmp_path / "none").generate(["b c"], 1)
    assert model.set_params(model=tiny).generate(["b c"], 1) == before
    assert model.set_params(dtype="float32")._model()[1].dtype.itemsize == 4


def test_a_prompt_without_tokens_or_beyond_the_window_is_refused(tiny):
    model = LanguageModel(tiny, prompt="{text}", max_tokens=2)
    with pytest.raises(DataError, match="about '' has no tokens"):
        model.generate([""], 1)
    window = model._model()[1].config.max_position_embeddings
    with pytest.raises(DataError, match=f"has {window} tokens and max_tokens is 2, but the model can read {window}"):
        model.generate(["a " * window], 1)
