"""MRPC has its pairs, with quotation marks left as they are."""

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "n", "positive"), [("mrpc", 1725, 1147), ("mrpc-dev", 500, 346), ("mrpc-train", 3576, 2407)]
)
def test_counts(name, n, positive):
    pairs = load(name)
    assert {key: len(column) for key, column in pairs.items()} == {"text1": n, "text2": n, "label": n}
    assert sum(pairs["label"]) == positive
    assert not any(text != text.strip() for text in pairs["text1"] + pairs["text2"])


def test_a_known_pair():
    pairs = load("mrpc-train")
    assert pairs["text1"][0].startswith('Amrozi accused his brother, whom he called "the witness", of')
    assert pairs["text2"][0].startswith('Referring to him as only "the witness", Amrozi accused')
    assert pairs["label"][:2] == [1, 0]
