"""PhraseInContext equals a search of all thresholds by loops, in context and without."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder
from inlay.tasks.words import PhraseInContext

WORDS = ["massive", "huge", "figure", "number", "open", "vacant", "position", "job"]


def pairs(n, seed):
    rng = np.random.default_rng(seed)
    phrases = [[" ".join(rng.choice(WORDS, 2)) for _ in range(n)] for _ in range(2)]
    context = [" ".join(rng.choice(["of", "stone", "firm", "town", "sea"], 3)) for _ in range(n)]
    return {
        **{f"phrase{i}": side for i, side in enumerate(phrases, 1)},
        **{f"text{i}": [f"{a} {b}" for a, b in zip(side, context, strict=True)] for i, side in enumerate(phrases, 1)},
        "label": [0, *rng.integers(0, 2, n - 2).tolist(), 1],
    }


PAIRS = pairs(40, 1)
TRAINED = {**PAIRS, **{f"train_{name}": column for name, column in pairs(70, 2).items()}}


def alike(data, column):
    return np.einsum("nd,nd->n", *(HashingEncoder().encode(data[f"{column}{i}"]) for i in (1, 2)))


@pytest.mark.parametrize(("prefix", "column"), [("", "text"), ("phrase_", "phrase")])
def test_equals_a_loop_over_all_thresholds(prefix, column):
    got = {reading.name: reading.value for reading in PhraseInContext(TRAINED).run(HashingEncoder())}
    scores, label = alike(PAIRS, column).round(5), np.array(PAIRS["label"])
    train, train_label = alike(TRAINED, f"train_{column}").round(5), np.array(TRAINED["train_label"])
    edges = [np.inf, *sorted({*train.tolist()}, reverse=True)]
    chosen = max(edges, key=lambda edge: np.mean((train >= edge) == train_label))  # the highest of the best
    below = max([one for one in train if one < chosen], default=-np.inf)
    above = min([one for one in train if one >= chosen], default=np.inf)
    middle = (below + above) / 2
    assert got[f"{prefix}accuracy"] == pytest.approx(np.mean((scores >= middle) == label))
    assert got[f"{prefix}best_accuracy"] == pytest.approx(
        max(np.mean((scores >= edge) == label) for edge in [*scores, np.inf])
    )


def test_names_with_a_training_part_and_without():
    names = ["accuracy", "best_accuracy", "ap"]
    both = [*names, *(f"phrase_{name}" for name in names)]
    assert [reading.name for reading in PhraseInContext(TRAINED).run(HashingEncoder())] == both
    alone = [name for name in both if "best" in name or "ap" in name]
    assert [reading.name for reading in PhraseInContext(PAIRS).run(HashingEncoder())] == alone


def test_the_template_is_what_is_encoded():
    bare = {**PAIRS, "text1": ["here"] * 40, "text2": ["here"] * 40}
    told = {reading.name: reading.value for reading in PhraseInContext(bare, "{phrase} {text}").run(HashingEncoder())}
    blind = {reading.name: reading.value for reading in PhraseInContext(bare).run(HashingEncoder())}
    assert blind["ap"] == pytest.approx(np.mean(PAIRS["label"]))  # all pairs are equal
    shown = {**PAIRS, **{f"text{i}": [f"{phrase} here" for phrase in PAIRS[f"phrase{i}"]] for i in (1, 2)}}
    assert told == {reading.name: reading.value for reading in PhraseInContext(shown).run(HashingEncoder())}
    assert told["ap"] != blind["ap"]


def test_says_what_is_wrong():
    with pytest.raises(DataError, match="needs the columns phrase1, phrase2, text1, text2, label"):
        PhraseInContext({name: PAIRS[name] for name in ("phrase1", "phrase2", "label")}).run(HashingEncoder())
    with pytest.raises(DataError, match="zeros and ones in the column label"):
        PhraseInContext({**PAIRS, "label": [1] * 40}).run(HashingEncoder())
    with pytest.raises(ParameterError, match=r"may hold \{phrase\}; got"):
        PhraseInContext(PAIRS, "{word}").run(HashingEncoder())
