"""STS equals scipy on any vectors, reproduces published scores, and names what is wrong with its data."""

import numpy as np
import pytest
from scipy.spatial import distance
from scipy.stats import pearsonr, spearmanr

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.similarity import STS


class Drawn:
    """Vectors at random, the same for the same text."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(list(item.encode())).standard_normal(8) for item in items])


PAIRS = {
    "text1": [f"left {i}" for i in range(30)],
    "text2": [f"right {i % 7}" for i in range(30)],
    "score": [i % 5 for i in range(30)],
}


def test_equals_scipy_pair_by_pair():
    X, Y = Drawn().encode(PAIRS["text1"]), Drawn().encode(PAIRS["text2"])
    got = {reading.name: reading.value for reading in STS(PAIRS).run(Drawn())}
    alike = {
        "cosine": [1 - distance.cosine(x, y) for x, y in zip(X, Y, strict=True)],
        "dot": [x @ y for x, y in zip(X, Y, strict=True)],
        "euclidean": [-distance.euclidean(x, y) for x, y in zip(X, Y, strict=True)],
        "manhattan": [-distance.cityblock(x, y) for x, y in zip(X, Y, strict=True)],
    }
    assert len(got) == 8
    assert next(iter(got)) == "cosine_spearman"
    for name, scores in alike.items():
        assert got[f"{name}_spearman"] == pytest.approx(spearmanr(scores, PAIRS["score"]).statistic, abs=1e-6)
        assert got[f"{name}_pearson"] == pytest.approx(pearsonr(scores, PAIRS["score"]).statistic, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": PAIRS["score"][:-1]}, "one length"),
        ({"score": ["high"] * 30}, "needs numbers in the column score"),
        ({"score": [float("nan")] * 30}, "row 0 has nan"),
        ({"text1": [], "text2": [], "score": []}, "at least 1"),
    ],
)
def test_says_what_is_wrong_with_the_data(change, message):
    with pytest.raises(DataError, match=message):
        STS({**PAIRS, **change}).run(Drawn())


def test_a_column_that_lacks_and_an_unknown_set_are_named():
    with pytest.raises(DataError, match="the data set has text1, text2"):
        STS({key: PAIRS[key] for key in ("text1", "text2")}).run(Drawn())
    with pytest.raises(ParameterError, match="no data set and no file 'sts99'; known are"):
        STS("sts99").run(Drawn())


@pytest.mark.data
def test_minilm_reaches_the_published_score():
    text = pytest.importorskip("inlay.encoders.text")
    assert STS("sts16").run(text.TextEncoder())[0].value == pytest.approx(0.7899, abs=0.003)
