"""XSIMPlusPlus changes sentences by its rules, counts errors as loops do, and is never easier than XSIM."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.bitext import XSIM, XSIMPlusPlus
from inlay.tasks.bitext._hard_examples import hard_examples


class Drawn:
    """Vectors at random: a base from the first number of a text, and a part of its own."""

    def encode(self, items, *, role="document"):
        return np.stack([self.one(item) for item in items])

    @staticmethod
    def one(item):
        base = np.random.default_rng(int(item.split()[1])).standard_normal(8) + 1
        return base + 0.5 * np.random.default_rng(list(item.encode())).standard_normal(8)


N = 50
DATA = {
    "source": [f"satz {i}" for i in range(N)],
    "target": [f"sentence {i}" for i in range(N)],
    "hard": [f"sentence {i} {kind}" for kind in ("entity", "number") for i in range(N)],
    "hard_row": [i for _ in range(2) for i in range(N)],
    "hard_kind": ["entity"] * N + ["number"] * N,
}


def made(text, kind, *others, n=100):
    return {one.text for one in hard_examples([text, *others], n, 0) if one.row == 0 and one.kind == kind}


def test_equals_loops_over_the_definition():
    X = [x / np.linalg.norm(x) for x in Drawn().encode(DATA["source"])]
    texts = [*DATA["target"], *DATA["hard"]]
    Y = [y / np.linalg.norm(y) for y in Drawn().encode(texts)]
    want = dict.fromkeys(("xsim++", "entity", "number", "misaligned"), 0)
    for i, x in enumerate(X):
        near = sorted(range(len(Y)), key=lambda j: -(x @ Y[j]))[:4]
        margins = []
        for j in near:
            around = np.mean(sorted((Y[j] @ z for z in X), reverse=True)[:4])
            margins.append(x @ Y[j] / ((np.mean([x @ Y[m] for m in near]) + around) / 2))
        best = near[int(np.argmax(margins))]
        if best != i:
            want["xsim++"] += 1
            same = best >= N and DATA["hard_row"][best - N] == i
            want[DATA["hard_kind"][best - N] if same else "misaligned"] += 1
    got = {reading.name: reading.value for reading in XSIMPlusPlus(DATA).run(Drawn())}
    assert list(got) == ["xsim++", "xsim", "entity", "number", "misaligned"]
    assert all(want.values())
    for name, count in want.items():
        assert got[name] == pytest.approx(count / N), name
    assert got["xsim"] == XSIM(DATA).run(Drawn())[0].value
    assert got["xsim++"] == pytest.approx(got["entity"] + got["number"] + got["misaligned"])
    assert got["xsim++"] > got["xsim"]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("The dog is big.", {"The dog is not big.", "The dog is small."}),
        ("I can't go.", {"I can go.", "I can't come."}),
        ("She does not know.", {"He does not know.", "She does know."}),
        ("Hot tea.", {"Cold tea."}),
    ],
)
def test_negations_and_opposites(text, changed):
    assert made(text, "causality") == changed


def test_names_become_other_names_and_words_that_are_none_stay():
    others = ("I saw Mary there.", "Then we met John Smith.", "The rest was quiet, you know.", "In Then he came.")
    assert made("Tom saw The Then with Tom.", "entity", *others) == {
        f"{a} saw The Then with {b}." for a, b in [("Tom", "Mary"), ("Tom", "John Smith"), ("Mary", "Tom")]
    } | {"John Smith saw The Then with Tom."}
    assert made("It is on Friday.", "entity") == {
        f"It is on {day}." for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Saturday", "Sunday")
    }


def test_numbers_become_others_of_as_many_digits():
    found = made("It cost 250 euros and 07 cents.", "number")
    assert len(found) > 10
    for text in found:
        _, _, euros, _, _, cents, _ = text.split()
        assert len(euros) == 3
        assert len(cents) == 2
        assert (euros != "250") + (cents != "07") == 1
    assert "Three cats." in made("Two cats.", "number")
    assert not made("No one came.", "number")


def test_look_alikes_are_few_new_and_the_same_for_one_seed():
    texts = ["The dog is big.", "The dog is small.", "He has 3 dogs.", "He has 3 dogs."]
    found = hard_examples(texts, 2, 0)
    assert found == hard_examples(texts, 2, 0)
    assert found != hard_examples(texts, 2, 1)
    assert len({one.text for one in found}) == len(found)
    assert not {one.text for one in found} & set(texts)
    assert {one.row for one in found} == {0, 1, 2}
    per_kind = [(one.row, one.kind) for one in found]
    assert max(map(per_kind.count, per_kind)) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hard_row": [N] * 2 * N}, "names the row 50; the targets have the rows 0 to 49"),
        ({"hard_kind": ["xsim"] * 2 * N}, "hard_kind may not be xsim"),
        ({"hard_row": [0]}, "one length"),
    ],
)
def test_says_what_is_wrong_with_the_look_alikes(change, message):
    with pytest.raises(DataError, match=message):
        XSIMPlusPlus({**DATA, **change}).run(Drawn())


def test_says_what_is_wrong():
    with pytest.raises(DataError, match="nothing to change in the targets"):
        XSIMPlusPlus({"source": ["satz 1"], "target": ["satzung eins"]}).run(Drawn())
    with pytest.raises(ParameterError, match="n_examples must be at least 1, got 0"):
        XSIMPlusPlus(DATA, 0).run(Drawn())
    with pytest.raises(ParameterError, match="margin must be one of"):
        XSIMPlusPlus(DATA, margin="sum").run(Drawn())


@pytest.mark.data
def test_look_alikes_of_german_make_it_harder():
    text = pytest.importorskip("inlay.encoders.text")
    got = {reading.name: reading.value for reading in XSIMPlusPlus("tatoeba-deu").run(text.HashingEncoder())}
    assert list(got) == ["xsim++", "xsim", "causality", "entity", "number", "misaligned"]
    assert got["xsim"] < got["xsim++"] < 1
