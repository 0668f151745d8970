"""Measures of texts equal loops over their definitions, count syllables as people do, and refuse what has no words."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

from inlay.core.errors import DataError, ParameterError
from inlay.data.complexity import complexity, dependency_distance, texts
from inlay.data.datasets import load

FOG = "The committee deliberated. A cat sat, and Professor Higginbotham was interested in the well-being of animals!"


def measured(*texts, **options):
    return {reading.name: reading for reading in complexity(texts, **options)}


def values(*texts, **options):
    return {name: reading.value for name, reading in measured(*texts, **options).items()}


def test_readability_by_hand():
    # committee, deliberated, interested and animals are complex; Higginbotham is a name, well-being two short words
    words, sentences, complex_words, syllables = 17, 2, 4, 34
    found = values(FOG)
    assert found["gunning_fog"] == pytest.approx(0.4 * (words / sentences + 100 * complex_words / words))
    assert found["flesch_kincaid"] == pytest.approx(0.39 * words / sentences + 11.8 * syllables / words - 15.59)
    assert (found["words"], found["sentence_length"], found["vocabulary"]) == (17, 8.5, 16)


SYLLABLES = {
    1: "the cat strengths loved jumped named eyes moves queue rough friend build quite",
    2: "table seven wanted houses little rhythm movement settled going prism poem",
    3: "animal beautiful equation another family museum scientist radio quietly",
    4: "information community biology variation experience",
    5: "university considerable mathematician",
}


def test_syllables_of_common_words():
    wrong = []
    for count, words in SYLLABLES.items():
        for word in words.split():
            grade = values(word)["flesch_kincaid"]
            got = round((grade + 15.59 - 0.39) / 11.8)
            wrong += [(word, got, count)] if got != count else []
    assert wrong == []


@pytest.mark.parametrize(
    ("word", "is_complex"),
    [("animal", True), ("Animal", True), ("created", False), ("exercises", True), ("carrying", False), ("cat", False)],
)
def test_endings_make_no_word_complex(word, is_complex):
    assert values(word)["gunning_fog"] == pytest.approx(0.4 * (1 + 100 * is_complex))


def test_names_are_no_complex_words_and_shouting_is_no_name():
    assert values("We saw Pennsylvania")["gunning_fog"] == pytest.approx(0.4 * 3)
    assert values("WE SAW ANIMALS")["gunning_fog"] == pytest.approx(0.4 * (3 + 100 / 3))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One two. Three four? Five six!", 3),
        ('He said "stop." She did (at last.) It ended', 3),
        ("It costs 3.50 at a.example.org now", 1),
        ("A title\n\nA paragraph with two words more", 2),
        ("Wait... what?! -- *** Yes", 3),
        ("no end", 1),
    ],
)
def test_sentences_end_where_they_end(text, sentences):
    found = values(text)
    assert found["words"] / found["sentence_length"] == pytest.approx(sentences)


def test_words_are_of_any_script_and_hyphens_part_them():
    assert values("Ёлка и дом, l'été d\u2019or, snake_case 42 state-of-the-art")["words"] == 12


word_lists = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f"]), min_size=1, max_size=40)


@given(words=word_lists, window=st.integers(2, 45))
def test_entropy_and_type_token_ratio_equal_loops(words, window):
    found = values(" ".join(words), window=window)
    counts = Counter(words)
    want = -sum(c / len(words) * math.log2(c / len(words)) for c in counts.values())
    assert found["entropy"] == pytest.approx(want, abs=1e-12)
    assert found["entropy"] == pytest.approx(scipy_entropy(list(counts.values()), base=2), abs=1e-12)
    assert found["vocabulary"] == len(counts)
    width = min(window, len(words))
    ratios = [len(set(words[i : i + width])) / width for i in range(len(words) - width + 1)]
    assert found["type_token_ratio"] == pytest.approx(np.mean(ratios))


@given(texts=st.lists(word_lists, min_size=1, max_size=5))
def test_means_are_over_texts_and_samples_belong_to_values(texts):
    joined = [" ".join(words) + "." for words in texts]
    whole, each = measured(*joined), [values(text) for text in joined]
    for name in ("gunning_fog", "flesch_kincaid", "entropy", "words"):
        assert whole[name].value == pytest.approx(np.mean([one[name] for one in each]))
    assert whole["sentence_length"].value == pytest.approx(sum(map(len, texts)) / len(texts))
    for reading in whole.values():
        assert reading.better is None
        assert reading.sample is None or (reading.sample.value(), len(reading.sample)) == (reading.value, reading.n)


def test_texts_without_a_word_are_left_out():
    assert values("a cat", "", "...") == values("a cat")
    with pytest.raises(DataError, match="of 2 texts none has one"):
        complexity(["", "!"])
    with pytest.raises(DataError, match="of 0 texts"):
        complexity([])


def test_parameters_that_are_not_allowed_are_refused():
    with pytest.raises(ParameterError, match="window must be at least 2, got 1"):
        complexity(["a"], window=1)
    with pytest.raises(ParameterError, match="got one text"):
        complexity("a cat")


def test_texts_of_a_data_set():
    retrieval = {"documents": {"d1": "a", "d2": "b"}, "queries": {"q": "a"}, "relevant": {"q": {"d1": 1}}}
    assert texts(retrieval) == ["a", "b"]
    assert texts({"query": ["q"], "positive": [["a", "b"]], "negative": [["c"]]}) == ["q", "a", "b", "c"]
    assert texts({"text1": ["x"], "text2": ["y"], "score": [1]}) == ["x", "y"]
    with pytest.raises(DataError, match=r"none of the columns text, .*; it has label"):
        texts({"label": ["a"]})


def test_dependency_distance_equals_a_loop():
    rng = np.random.default_rng(0)
    heads = []
    for n in rng.integers(1, 12, 30):
        root = int(rng.integers(n))
        heads.append([i if i == root else int(rng.choice([j for j in range(n) if j != i])) for i in range(n)])
    gaps = [abs(i - head) for sentence in heads for i, head in enumerate(sentence) if head != i]
    reading = dependency_distance(heads)
    assert reading.value == pytest.approx(np.mean(gaps))
    assert reading.n == 30
    assert dependency_distance([[0, 0, 0, 0]]).value == 2.0
    chain = [max(0, i - 1) for i in range(20)]
    assert dependency_distance([chain]).value == 1.0  # no distance can be smaller


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ([[0, 2]], r"Sentence 0 of 2 words has a head that is not one of them: \[0, 2\]"),
        ([[0, 0], [-1, 0]], "Sentence 1 of 2 words"),
        ([[0], []], "needs a word that depends on another"),
        ([], "needs a word that depends on another"),
    ],
)
def test_heads_that_are_not_there_are_refused(heads, message):
    with pytest.raises(DataError, match=message):
        dependency_distance(heads)


@pytest.mark.data
def test_abstracts_of_science_are_harder_than_captions(data_folder):
    science, captions = (values(*itertools.islice(texts(load(name)), 1000)) for name in ("scifact", "stsbenchmark"))
    for name in ("gunning_fog", "flesch_kincaid", "entropy", "words", "sentence_length", "type_token_ratio"):
        assert science[name] > captions[name], name
    assert science["gunning_fog"] == pytest.approx(19.8, abs=0.2)
