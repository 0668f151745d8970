import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import ParameterError
from inlay.data.records import Record
from inlay.data.splitter import Splitter


def words(texts):
    return np.array([len(text.split()) for text in texts], np.int64)


def pieces(texts):
    """Like a tokenizer of subwords: up to four letters make a token, anything else one each."""
    return np.array([len(re.findall(r"\w{1,4}|[^\w\s]", text)) for text in texts], np.int64)


def in_bytes(texts):
    """Like a tokenizer of bytes: up to four tokens for a character."""
    return np.array([len(text.encode()) for text in texts], np.int64)


def unfit(texts):
    """Two lines are dearer together than alone."""
    return np.array([len(text) if text.count("\n") == 1 else len(text.split()) for text in texts], np.int64)


COUNTERS = [words, pieces, in_bytes, unfit]
TEXTS = st.text(st.sampled_from("abcde .,!?\n\n\t#。é日👍\u0301\x1c\u200b\r-"), max_size=300) | st.text(max_size=100)


def record(text, id="d", source="a.txt"):
    return Record(id, text, source, 0, len(text), {"n": 1})


def check(document, passages, most, count, overlap=0):
    text = document.text
    if count([text])[0] <= most:
        assert passages == [document]
        return
    covered = np.zeros(len(text), bool)
    last = (-1, -1)
    for number, passage in enumerate(passages):
        assert passage.id == f"{document.id}#{number}"
        assert passage.text == text[passage.start : passage.end]
        assert passage.text.strip() == passage.text != ""
        assert count([passage.text])[0] <= most or len(passage.text) == 1
        assert (passage.start, passage.end) > last
        if number:
            shared = text[passage.start : max(last[1], passage.start)]
            assert count([shared])[0] <= overlap
        assert (passage.source, passage.fields) == (document.source, document.fields)
        last = (passage.start, passage.end)
        covered[passage.start : passage.end] = True
    assert all(covered[at] or text[at].isspace() for at in range(len(text)))


@settings(deadline=None)
@given(
    st.lists(TEXTS, max_size=4),
    st.integers(1, 40),
    st.sampled_from(COUNTERS),
    st.integers(0, 10),
    st.sampled_from(["a.txt", "a.md"]),
)
def test_passages_fit_and_cover(texts, most, count, overlap, source):
    overlap = min(overlap, (most - 1) // 2)
    splitter = Splitter(most, count, overlap=overlap)
    documents = [record(text, f"d{at}", source) for at, text in enumerate(texts)]
    together = list(splitter.split(documents))
    alone = [passage for document in documents for passage in splitter.split([document])]
    same = [(p.id, p.text, p.start, p.end) for p in together] == [(p.id, p.text, p.start, p.end) for p in alone]
    assert same  # neighbours make no difference
    for document in documents:
        mine = [p for p in together if p.id == document.id or p.id.startswith(f"{document.id}#")]
        check(document, mine, most, count, overlap)


def test_long_document_is_sampled_and_still_right():
    rng = np.random.default_rng(0)
    sentences = [" ".join("w" * n for n in rng.integers(1, 12, 12)) + "." for _ in range(3000)]
    text = "\n\n".join(" ".join(sentences[at : at + 5]) for at in range(0, 3000, 5))
    seen = []

    def count(texts):
        seen.extend(map(len, texts))
        return pieces(texts)

    document = record(text)
    passages = list(Splitter(100, count).split([document]))
    check(document, passages, 100, pieces)
    assert sum(seen) < 1.5 * len(text)  # each passage is counted once, and few of them twice
    filled = pieces([passage.text for passage in passages]) / 100
    assert filled.mean() > 0.6
    assert np.mean([passage.text.endswith(".") for passage in passages]) > 0.95


def test_a_long_document_of_few_tokens_is_left_whole():
    document = record("a" + " " * 100_000 + "b")
    assert list(Splitter(10, words).split([document])) == [document]


def test_a_passage_that_would_not_fit_with_its_overlap_goes_without():
    document = record("\n".join(f"one two three four line{n}" for n in range(20)))
    passages = list(Splitter(12, unfit, overlap=4).split([document]))
    check(document, passages, 12, unfit, 4)
    document = record(document.text.replace("\n", " "))
    passages = list(Splitter(12, unfit, overlap=4).split([document]))
    assert all(p.start < q.end for q, p in pairwise(passages))


def test_uneven_document():
    text = "a b c d e f g h " * 2000 + "x" * 40_000 + " 日本語。" * 4000
    for count in COUNTERS:
        check(record(text), list(Splitter(64, count).split([record(text)])), 64, count)


def test_short_ascii_is_not_counted():
    def never(texts):
        raise AssertionError(texts)

    documents = [record("short", str(n)) for n in range(5000)]
    assert list(Splitter(100, never).split(documents)) == documents


def test_headings_start_passages_in_markdown():
    text = "\n".join(f"## Part {n}\nSome words here\nand more words." for n in range(8))
    passages = list(Splitter(12, words).split([record(text, source="a.md")]))
    assert all(passage.text.startswith("## Part") for passage in passages)
    assert len(passages) == 8


def test_records_are_streamed():
    taken = 0

    def documents():
        nonlocal taken
        for n in range(10_000):
            taken += 1
            yield record("word " * 100, str(n))

    first = next(iter(Splitter(50, words).split(documents())))
    assert (first.id, taken < 3000) == ("0#0", True)


def test_offsets_are_those_of_the_document():
    part = Record("d", "one two three. four five six.", "a", 100, 129)
    assert [(p.start, p.end) for p in Splitter(4, words).split([part])] == [(100, 114), (115, 129)]


def test_wrong_arguments():
    with pytest.raises(ParameterError, match="at least 1; 0"):
        Splitter(0, words)
    with pytest.raises(ParameterError, match="less than max_tokens / 2; 5 of 10"):
        Splitter(10, words, overlap=5)
