from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from inlay.core.contracts import Encoder
from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import FloatArray, Hits, Search
from inlay.rankers.rerank import SoftCosine, soft_cosine

VECTORS = {"car": [1, 0, 0], "automobile": [0.8, 0.6, 0], "bicycle": [0.6, 0.8, 0], "banana": [0, 0, 1]}
ITEMS = ["a car car stops", "the bicycle stops", "banana peel", "an automobile and the bicycle", ""]
QUERIES = ["automobile", "banana bicycle", "nothing known"]
SEARCH = Search(Hits([[0, 1, 2, 3], [4, 3, 2, 1], [0, -1, -1, -1]], np.zeros((3, 4))), queries=QUERIES, items=ITEMS)


class Words(Encoder):
    """Vectors of a few words; other words have one of their own, at right angles to all."""

    paper: ClassVar[str] = ""

    @classmethod
    def examples(cls) -> Iterator[Self]:
        yield cls()

    def encode(self, items: Sequence[str], *, role: str = "document") -> FloatArray:
        out = np.zeros((len(items), 3 + len(items)), np.float32)
        for i, word in enumerate(items):
            if word in VECTORS:
                out[i, :3] = VECTORS[word]
            else:
                out[i, 3 + i] = 5
        return out


def by_loops(a: str, b: str, alpha: float, threshold: float) -> float:
    def weights(text: str) -> dict[str, float]:
        found = Counter(word for word in text.split() if len(word) > 1)
        n = {word: sum(word in item.split() for item in ITEMS) for word in found}
        return {word: count * (np.log(6 / (1 + n[word])) + 1) for word, count in found.items()}

    def same(i: str, j: str) -> float:
        if i == j:
            return 1.0
        cosine = float(np.dot(VECTORS.get(i, [0, 0, 0]), VECTORS.get(j, [0, 0, 0])))
        return alpha * cosine if cosine >= threshold and cosine > 0 else 0.0

    def product(u: dict[str, float], v: dict[str, float]) -> float:
        return sum(same(i, j) * u[i] * v[j] for i in u for j in v)

    u, v = weights(a), weights(b)
    length = np.sqrt(product(u, u) * product(v, v))
    return float(product(u, v) / length) if length else 0.0


@pytest.mark.parametrize(("alpha", "threshold"), [(1.0, 0.0), (0.5, 0.7), (0.3, 0.9), (0.0, 0.0)])
def test_scores_are_those_of_loops(alpha: float, threshold: float) -> None:
    hits = SoftCosine(Words(), alpha=alpha, threshold=threshold).fit(SEARCH).rank(SEARCH).hits
    for i, query in enumerate(QUERIES):
        for row, score in zip(hits.ids[i], hits.scores[i], strict=True):
            if row >= 0:
                assert score == pytest.approx(by_loops(query, ITEMS[row], alpha, threshold), abs=1e-6)
    assert hits.counts.tolist() == [4, 4, 1]


def test_similar_words_are_found_and_weigh_less_the_smaller_alpha_is() -> None:
    hits = SoftCosine(Words()).fit(SEARCH).rank(SEARCH).hits
    assert hits.ids[0, 3] == 2
    assert (hits.scores[0, :3] > 0).all()
    assert SoftCosine(Words(), alpha=0.3).fit(SEARCH).rank(SEARCH).hits.ids[0, 0] == 3
    plain = SoftCosine(Words(), alpha=0).fit(SEARCH).rank(SEARCH).hits
    assert plain.scores[0].tolist()[1:] == [0, 0, 0]


def test_without_similar_words_it_is_the_cosine_of_scikit_learn() -> None:
    search = Search(SEARCH.hits, queries=QUERIES, items=ITEMS)
    hits = SoftCosine(Words(), alpha=0).fit(Search(SEARCH.hits, items=ITEMS)).rank(search).hits
    tfidf = TfidfVectorizer().fit(ITEMS)
    want = (tfidf.transform(QUERIES) @ tfidf.transform(ITEMS).T).toarray()
    for i, row in enumerate(hits.ids):
        np.testing.assert_allclose(hits.scores[i, row >= 0], want[i, row[row >= 0]], atol=1e-6)


def test_only_the_nearest_words_are_kept() -> None:
    ranker = SoftCosine(Words(), threshold=0.0, n_neighbors=1).fit(SEARCH)
    words = ranker.words_.tolist()
    kept = ranker.similarities_[[words.index("car")], :].toarray()[0]
    # The bicycle is nearest to the automobile, and that to the bicycle; the car comes by its own nearest.
    assert {word for word, value in zip(words, kept, strict=True) if value} == {"car", "automobile"}
    np.testing.assert_array_equal(ranker.similarities_.toarray(), ranker.similarities_.T.toarray())


def test_first_hits_alone_and_few_items() -> None:
    ranker = SoftCosine(Words(), n_reranked=2).fit(SEARCH)
    assert ranker.rank(SEARCH).hits.counts.tolist() == [2, 2, 1]
    few = Search(Hits([[0, 1]], [[1, 0]]), queries=["automobile"], items=["banana", "car"])
    assert ranker.rank(few).hits.ids.tolist() == [[1, 0]]


def test_queries_are_compared_with_what_they_found_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ranker = SoftCosine(Words()).fit(SEARCH)
    want = ranker.rank(SEARCH).hits
    monkeypatch.setattr(soft_cosine, "HELD_BYTES", 16)  # one query at a time
    cells, product = [], np.take_along_axis
    monkeypatch.setattr(np, "take_along_axis", lambda a, i, axis: (cells.append(a.shape), product(a, i, axis))[1])
    hits = ranker.rank(SEARCH).hits
    assert cells[:3] == [(1, 4), (1, 4), (1, 2)]
    np.testing.assert_array_equal(hits.ids, want.ids)
    np.testing.assert_array_equal(hits.scores, want.scores)


def test_what_is_refused() -> None:
    with pytest.raises(ShapeError, match="Row 4 was found, but there are 2 items"):
        SoftCosine(Words()).fit(SEARCH).rank(Search(SEARCH.hits, queries=QUERIES, items=ITEMS[:2]))
    for wrong in ({"alpha": 1.5}, {"threshold": -0.1}, {"n_neighbors": 0}):
        with pytest.raises(ParameterError, match=f"{next(iter(wrong))} must be at least"):
            SoftCosine(Words(), **wrong).fit(SEARCH)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="found none"):
        SoftCosine(Words()).fit(Search(SEARCH.hits, items=["", "a"]))
    with pytest.raises(DataError, match="one is int: 3"):
        SoftCosine(Words()).fit(Search(SEARCH.hits, items=[3]))
    with pytest.raises(NotFittedError):
        SoftCosine(Words()).rank(SEARCH)


def test_a_fit_that_fails_changes_nothing() -> None:
    class Broken(Words):
        def encode(self, items: Sequence[str], *, role: str = "document") -> FloatArray:
            return np.full((len(items), 3), np.nan, np.float32)

    ranker = SoftCosine(Words()).fit(SEARCH)
    want = ranker.rank(SEARCH).hits.scores
    ranker.encoder = Broken()
    with pytest.raises(ShapeError, match="the encoder's vectors has a value that is not finite"):
        ranker.fit(Search(SEARCH.hits, items=["quite other words"]))
    np.testing.assert_array_equal(ranker.rank(SEARCH).hits.scores, want)
