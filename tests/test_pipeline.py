"""Pipeline: encoder, transforms, index and rankers as one object."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from numpy.typing import ArrayLike

import inlay
from inlay.core.contracts import Ranker, Transform
from inlay.core.errors import FingerprintError, NotFittedError, ParameterError
from inlay.core.values import FloatArray, Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.encoders.text import HashingEncoder
from inlay.indexes import Exact
from inlay.pipeline import Pipeline, as_pipeline, named_encoder
from inlay.rankers.feedback import Rocchio
from inlay.transforms.reduce import PrincipalComponents

TEXTS = ["the cat sat", "stocks fell", "a cat and a dog", "the river runs", "a dog sat by the river"]


class Principal(Transform):
    """The leading directions of a sample; what a linear transform has to do, and no more."""

    paper = ""

    def __init__(self, dim: int = 2) -> None:
        self.dim = dim

    @classmethod
    def examples(cls) -> Iterator[Self]:
        yield cls()

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        self.mean_ = np.asarray(X).mean(axis=0)
        self.axes_ = np.linalg.svd(np.asarray(X) - self.mean_, full_matrices=False)[2][: self.dim]
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        return normalize((np.asarray(X) - self.mean_) @ self.axes_.T)


class Shortest(Ranker):
    """Puts the shortest of the texts found first; it looks at all that a search may tell."""

    paper = ""

    @classmethod
    def examples(cls) -> Iterator[Self]:
        yield cls()

    def rank(self, search: Search) -> Search:
        assert search.items is not None
        assert search.X is not None
        assert search.Q is not None
        assert search.queries is not None
        assert len(search.X) == len(search.items)
        ids = search.hits.ids
        lengths = np.array([len(item) for item in search.items])
        scores = np.where(ids >= 0, -lengths[ids], -np.inf).astype(np.float32)
        order = np.argsort(-scores, axis=1, kind="stable")
        best = Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1))
        return replace(search, hits=best)


def made() -> Pipeline:
    return Pipeline(HashingEncoder(dim=64), [Principal(3)], index=Exact(), rankers=[Shortest()])


def test_transforms_are_applied_in_order_to_documents_and_queries() -> None:
    two = Pipeline(HashingEncoder(dim=64), [Principal(4), Principal(2)]).fit(TEXTS)
    X = HashingEncoder(dim=64).encode(TEXTS)
    first = Principal(4).fit(X)
    expected = Principal(2).fit(first.transform(X)).transform(first.transform(X))
    np.testing.assert_allclose(two.encode(TEXTS), expected, atol=1e-6)
    np.testing.assert_array_equal(two.encode(TEXTS, role="query"), two.encode(TEXTS))
    assert two.encode(TEXTS).dtype == np.float32
    np.testing.assert_array_equal(two.encode_counted(TEXTS).vectors, two.encode(TEXTS))


def test_search_is_index_then_rankers() -> None:
    pipeline = made().fit(TEXTS).store(TEXTS)
    hits = pipeline.search(["a cat"], k=3)
    # Rankers choose from more than is returned, here from all.
    found = product_top_k(pipeline.encode(["a cat"]), pipeline.encode(TEXTS), len(TEXTS)).ids[0]
    assert hits.ids[0].tolist() == sorted(found, key=lambda i: len(TEXTS[i]))[:3]
    assert set(pipeline.search(["a cat"], k=3, where=[1, 3]).ids[0]) == {1, 3, -1}


def test_it_is_saved_whole(tmp_path: Path) -> None:
    pipeline = made().fit(TEXTS).store(TEXTS)
    pipeline.save(tmp_path / "p")
    loaded = Pipeline.load(tmp_path / "p")
    queries = ["a cat", "river"]
    np.testing.assert_array_equal(loaded.search(queries, k=4).ids, pipeline.search(queries, k=4).ids)
    np.testing.assert_array_equal(loaded.search(queries, k=4).scores, pipeline.search(queries, k=4).scores)
    assert loaded.fingerprint() == pipeline.fingerprint()


def test_the_fingerprint_names_encoder_and_transforms_but_not_the_index() -> None:
    plain = Pipeline(HashingEncoder(dim=64))
    assert plain.fingerprint() == Pipeline(HashingEncoder(dim=64), index=Exact(), rankers=[Shortest()]).fingerprint()
    assert plain.fingerprint() != made().fit(TEXTS).fingerprint()
    assert made().fit(TEXTS).fingerprint() != made().fit(TEXTS[:4]).fingerprint()
    assert plain.fingerprint() != Pipeline(HashingEncoder(dim=64, ngram=2)).fingerprint()


def test_a_space_uses_transforms_and_rankers(tmp_path: Path) -> None:
    pipeline = made().fit(TEXTS)
    space = inlay.build([], tmp_path / "s", encoder=pipeline)
    space.add([{"id": str(i), "text": text} for i, text in enumerate(TEXTS)])
    np.testing.assert_allclose(space.vectors(), pipeline.encode(TEXTS), atol=1e-6)
    for opened in (space, inlay.open(tmp_path / "s")):
        for query in ("a cat", "river"):
            ids = pipeline.store(TEXTS).search([query], k=3).ids[0]
            assert [hit.id for hit in opened.search(query, k=3)] == [str(i) for i in ids]
    assert inlay.build([], tmp_path / "s", encoder=made().fit(TEXTS)).report.problems == []
    with pytest.raises(FingerprintError):
        inlay.build([], tmp_path / "s", encoder=made().fit(TEXTS[:4]))


def test_bad_arguments_are_explained() -> None:
    with pytest.raises(NotFittedError, match="not fitted"):
        made().search(["a"])
    with pytest.raises(ParameterError, match=r"wrap a single one as \[query\]"):
        made().fit(TEXTS).store(TEXTS).search("a cat")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"encoder must be.*got int"):
        as_pipeline(3)  # type: ignore[arg-type]
    assert isinstance(named_encoder("hashing"), HashingEncoder)


@pytest.mark.parametrize("where", [[5, 6, 7, 8, 9], [9, 8, 7, 6, 5], np.arange(10) >= 5])
def test_rankers_that_search_again_keep_to_the_filter(where):
    items = ["secret red cat"] * 5 + ["public blue dog"] * 5
    pipeline = Pipeline(HashingEncoder(dim=64), rankers=[Rocchio()]).store(items)
    hits = pipeline.search(["red cat"], k=3, where=where)
    assert hits.counts.tolist() == [3]
    assert hits.ids.min() >= 5


def test_nothing_goes_through_transforms(tmp_path):
    texts = [f"note {i} of {i % 7}" for i in range(40)]
    pipeline = Pipeline(HashingEncoder(dim=32), [PrincipalComponents(dim=4)]).fit(texts)
    assert pipeline.encode([]).shape == (0, 4)
    space = inlay.build([], tmp_path / "a.space", encoder=pipeline)
    space.add({"id": f"t{i}", "text": text} for i, text in enumerate(texts))
    found = inlay.open(tmp_path / "a.space").search(texts[3], k=3)
    assert [hit.id for hit in found] == [f"t{i}" for i in pipeline.store(texts).search(texts[3:4], k=3).ids[0]]


@pytest.mark.parametrize("k", [0, -3, 2.5])
def test_k_is_at_least_one_behind_rankers_too(k):
    pipeline = Pipeline(HashingEncoder(dim=64), rankers=[Rocchio()]).store(["a cat", "a dog"])
    with pytest.raises(ParameterError, match="k must be a whole number of at least 1"):
        pipeline.search(["cat"], k=k)
