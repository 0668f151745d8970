"""WordSimilarity equals scipy on any vectors, and names what is wrong with its data."""

import numpy as np
import pytest
from scipy.spatial import distance
from scipy.stats import pearsonr, spearmanr

from inlay.core.errors import DataError
from inlay.tasks.words import WordSimilarity


class Drawn:
    """Vectors at random, the same for the same word."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(list(item.encode())).standard_normal(8) for item in items])


WORDS = {
    "word1": [f"w{i % 9}" for i in range(40)],
    "word2": [f"v{i % 7}" for i in range(40)],
    "score": [(i * i) % 11 for i in range(40)],
}


def test_equals_scipy_pair_by_pair():
    X, Y = Drawn().encode(WORDS["word1"]), Drawn().encode(WORDS["word2"])
    cosines = np.float32([1 - distance.cosine(x, y) for x, y in zip(X, Y, strict=True)]).round(5)
    got = {reading.name: reading.value for reading in WordSimilarity(WORDS).run(Drawn())}
    assert list(got) == ["cosine_spearman", "cosine_pearson"]
    assert got["cosine_spearman"] == pytest.approx(spearmanr(cosines, WORDS["score"]).statistic, abs=1e-6)
    assert got["cosine_pearson"] == pytest.approx(pearsonr(cosines, WORDS["score"]).statistic, abs=1e-4)


def test_scores_in_reverse_turn_the_sign():
    turned = {**WORDS, "score": [-one for one in WORDS["score"]]}
    straight, reverse = (WordSimilarity(data).run(Drawn())[0].value for data in (WORDS, turned))
    assert reverse == pytest.approx(-straight)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": WORDS["score"][:-1]}, "one length"),
        ({"score": ["high"] * 40}, "WordSimilarity needs numbers in the column score"),
        ({"word1": [], "word2": [], "score": []}, "at least 1"),
    ],
)
def test_says_what_is_wrong_with_the_data(change, message):
    with pytest.raises(DataError, match=message):
        WordSimilarity({**WORDS, **change}).run(Drawn())


@pytest.mark.data
def test_minilm_knows_related_words():
    encoder = pytest.importorskip("inlay.encoders.text").TextEncoder()
    got = {name: WordSimilarity(name).run(encoder)[0].value for name in ("simlex999", "wordsim353", "men")}
    assert got == pytest.approx({"simlex999": 0.4456, "wordsim353": 0.7286, "men": 0.7343}, abs=0.003)
