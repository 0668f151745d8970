"""Analogies equals loops over the definition, whatever the block, and finds what it is made to find."""

import numpy as np
import pytest

from inlay.core.errors import DataError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.words import Analogies, _solved

RNG = np.random.default_rng(4)
WORDS = [f"w{i}" for i in range(50)]
ROWS = np.array([RNG.choice(50, 4, replace=False) for _ in range(80)])
QUESTIONS = {name: [WORDS[i] for i in column] for name, column in zip("abcd", ROWS.T, strict=True)}


class Drawn:
    """Vectors of few dimensions at random, so that some questions come out right."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(list(item.encode())).standard_normal(3) for item in items])


class Grid:
    """Words such as "2,5" as points of a plane, on which every analogy is exact, and lifted to the unit sphere."""

    def encode(self, items, *, role="document"):
        angle = np.radians([[float(part) for part in item.split(",")] for item in items])
        return np.hstack([np.cos(angle), np.sin(angle)])


def slow(words, questions):
    """Answer by loops, one question and one word at a time."""
    X = Drawn().encode(words)
    vector = dict(zip(words, X / np.linalg.norm(X, axis=1, keepdims=True), strict=True))
    answers = {"3cosadd": [], "3cosmul": []}
    for a, b, c, _ in questions:
        add, mul = {}, {}
        for word in words:
            if word not in (a, b, c):
                to_a, to_b, to_c = (float(vector[word] @ vector[one]) for one in (a, b, c))
                add[word] = to_b - to_a + to_c
                mul[word] = (1 + to_b) / 2 * (1 + to_c) / 2 / ((1 + to_a) / 2 + 0.001)
        answers["3cosadd"].append(max(add, key=add.get))
        answers["3cosmul"].append(max(mul, key=mul.get))
    return answers


def accuracies(answers, questions):
    right = [question[3] for question in questions]
    return {f"{name}_accuracy": float(np.mean(np.equal(found, right))) for name, found in answers.items()}


def test_equals_loops_over_the_definition_in_any_block(monkeypatch):
    drawn = list(zip(*QUESTIONS.values(), strict=True))
    # Right answers for two questions of three, by one method or the other, so that neither finds all or none.
    answers = slow(WORDS, drawn)
    methods = (*answers.values(), [question[3] for question in drawn])
    questions = [(*question[:3], methods[i % 3][i]) for i, question in enumerate(drawn)]
    data = {name: list(column) for name, column in zip("abcd", zip(*questions, strict=True), strict=True)}
    want = accuracies(answers, questions)
    assert 0.3 < want["3cosadd_accuracy"] != want["3cosmul_accuracy"] > 0.3
    for held in (1, 80 * 7, 1 << 20):
        monkeypatch.setattr(_solved, "HELD", held)
        got = {reading.name: reading.value for reading in Analogies(data, WORDS).run(Drawn())}
        assert got == pytest.approx(want), held


def test_relations_that_are_directions_are_found():
    places = [(x, y) for x in range(0, 60, 15) for y in range(0, 60, 15)]
    rows = [
        (f"{x},{y}", f"{x + 15},{y}", f"{x},{z}", f"{x + 15},{z}")
        for x, y in places
        for z in range(0, 60, 15)
        if z != y and x < 45
    ]
    data = {name: list(column) for name, column in zip("abcd", zip(*rows, strict=True), strict=True)}
    assert Analogies(data).run(Grid())[0].value == 1


def test_sections_follow_and_add_up_to_the_whole():
    sections = ["first" if i < 30 else "second" for i in range(80)]
    readings = {r.name: r for r in Analogies({**QUESTIONS, "section": sections}).run(Drawn())}
    names = [f"{name}_accuracy_{section}" for name in ("3cosadd", "3cosmul") for section in ("first", "second")]
    assert list(readings) == ["3cosadd_accuracy", "3cosmul_accuracy", *names]
    for name in ("3cosadd_accuracy", "3cosmul_accuracy"):
        parts = [readings[f"{name}_{section}"] for section in ("first", "second")]
        assert [part.n for part in parts] == [30, 50]
        assert sum(part.value * part.n for part in parts) == pytest.approx(80 * readings[name].value)


def test_a_vocabulary_leaves_out_questions_with_other_words_and_counts_a_word_once():
    vocabulary = [*WORDS[:40], *WORDS[:40]]
    kept = [row for row in ROWS if max(row) < 40]
    got = Analogies(QUESTIONS, vocabulary).run(Drawn())
    assert got[0].n == len(kept) < 80
    questions = [[WORDS[i] for i in row] for row in kept]
    want = accuracies(slow(WORDS[:40], questions), questions)
    assert {reading.name: reading.value for reading in got} == pytest.approx(want)
    with pytest.raises(DataError, match="no question whose words are all in the vocabulary of 2 words"):
        Analogies(QUESTIONS, ["x", "y"]).run(Drawn())


def test_columns_have_to_be_whole():
    with pytest.raises(DataError, match="needs the columns a, b, c, d"):
        Analogies({name: QUESTIONS[name] for name in "abc"}).run(Drawn())
    with pytest.raises(DataError, match="one length"):
        Analogies({**QUESTIONS, "section": ["one"]}).run(Drawn())


@pytest.mark.data
def test_google_analogies_have_their_sections_and_letters_solve_few():
    readings = Analogies().run(HashingEncoder())
    assert len(readings) == 2 + 2 * 14
    assert readings[0].n == 19544
    assert readings[0].value < 0.01
