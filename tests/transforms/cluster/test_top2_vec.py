"""Top2Vec against its steps written out, the reduction of topics, and what it refuses."""

import sys

import numpy as np
import pytest

from inlay.core.errors import MissingExtra, ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.testing._randomness import random_states
from inlay.transforms.cluster import DensityClusters, Top2Vec


def documents(sizes=(60, 40, 30, 20), dim=12, seed=0, spread=0.05):
    """Dense directions of different sizes; the third is near the first."""
    rng = np.random.default_rng(seed)
    centers = np.eye(dim)[: len(sizes)]
    centers[2] += centers[0]
    label = np.repeat(np.arange(len(sizes)), sizes)
    return (centers[label] + spread * rng.normal(size=(len(label), dim))).astype(np.float32), label


def test_without_umap_regions_are_those_of_density():
    X, _ = documents()
    found, dense = Top2Vec(dim=None).fit(X), DensityClusters(15).fit(X)
    assert np.array_equal(found.dense_, dense.labels_)
    for topic in found.centers_:
        assert np.abs(topic - dense.centers_).sum(axis=1).min() < 1e-5


def test_topics_are_the_directions_and_the_largest_come_first():
    X, label = documents()
    found = Top2Vec(dim=None).fit(X)
    assert np.array_equal(found.labels_, label)
    assert found.counts_.tolist() == [60, 40, 30, 20]
    assert np.array_equal(found.transform(X).argmax(axis=1), found.labels_)


def test_noise_is_in_no_topic_vector_but_has_a_nearest_one():
    X, _ = documents()
    far = np.zeros((5, 12), np.float32)
    far[np.arange(5), 6 + np.arange(5)] = -9.0
    found, before = Top2Vec(dim=None).fit(np.concatenate([X, far])), Top2Vec(dim=None).fit(X)
    assert (found.dense_[-5:] == -1).all()
    assert found.labels_.min() == 0
    np.testing.assert_allclose(found.centers_, before.centers_, atol=1e-6)


@pytest.mark.parametrize("n_topics", [3, 2, 1])
def test_reduction_is_that_of_the_steps_written_out(n_topics):
    X, _ = documents()
    U = normalize(X)
    whole = Top2Vec(dim=None).fit(X)
    vectors = [U[whole.dense_ == c].mean(axis=0) for c in range(4)]

    def nearest():
        return [max(range(len(vectors)), key=lambda j: u @ vectors[j] / np.linalg.norm(vectors[j])) for u in U]

    while len(vectors) > n_topics:
        counts = [nearest().count(j) for j in range(len(vectors))]
        small = counts.index(min(counts))
        unit = [v / np.linalg.norm(v) for v in vectors]
        like = max((j for j in range(len(vectors)) if j != small), key=lambda j: unit[j] @ unit[small])
        total = counts[like] + counts[small]
        vectors[like] = (counts[like] * vectors[like] + counts[small] * vectors[small]) / total
        del vectors[small]
    found = Top2Vec(n_topics, dim=None).fit(X)
    assert found.counts_.tolist() == sorted((nearest().count(j) for j in range(len(vectors))), reverse=True)
    unit = [v / np.linalg.norm(v) for v in vectors]
    for topic in found.centers_:
        assert min(np.abs(topic - u).max() for u in unit) < 1e-5


def test_more_topics_than_there_are_changes_nothing():
    X, _ = documents()
    assert len(Top2Vec(99, dim=None).fit(X).centers_) == 4


def test_words_are_the_nearest():
    found = Top2Vec(dim=None).fit(documents()[0])
    V = np.random.default_rng(1).normal(size=(30, 12))
    words = [f"w{i}" for i in range(30)]
    for topic, got in zip(found.centers_, found.topic_words(words, V, n_words=4), strict=True):
        cosine = V @ topic / np.linalg.norm(V, axis=1)
        assert got == [words[i] for i in np.argsort(-cosine)[:4]]
    assert len(found.topic_words(words, V)[0]) == 30


def test_what_is_wrong_is_refused():
    X, _ = documents()
    for parameters, message in (
        ({"n_topics": 0}, "n_topics must be at least 1, got 0"),
        ({"dim": 0}, "dim must be at least 1"),
        ({"k": 1}, "k must be at least 2"),
        ({"min_cluster_size": 1, "dim": None}, "min_cluster_size must be at least 2"),
    ):
        with pytest.raises(ParameterError, match=message):
            Top2Vec(**parameters).fit(X)
    found = Top2Vec(dim=None).fit(X)
    with pytest.raises(ParameterError, match="n_words must be at least 1"):
        found.topic_words(["a"], np.ones((1, 12)), n_words=0)
    with pytest.raises(ShapeError, match="2 rows for 1 words"):
        found.topic_words(["a"], np.ones((2, 12)))
    with pytest.raises(ShapeError, match="word_vectors must have 12 columns, got 3"):
        found.topic_words(["a"], np.ones((1, 3)))


def test_a_missing_umap_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtra, match=r"inlay\[topics\]"):
        Top2Vec().fit(documents()[0])


@pytest.mark.slow
def test_umap_separates_what_is_too_wide_for_density():
    pytest.importorskip("umap", reason="needs umap-learn: pip install 'inlay[topics]'")
    X, label = documents(sizes=(80, 80, 80), dim=100, spread=0.12)
    before = random_states()
    found = Top2Vec().fit(X)
    after = random_states()
    assert all(after[name] == state for name, state in before.items())
    assert len(found.centers_) == 3
    assert len(Top2Vec(dim=None).fit(X).centers_) < 3
    assert len({(a, b) for a, b in zip(found.labels_.tolist(), label.tolist(), strict=True)}) == 3
    assert np.array_equal(Top2Vec().fit(X).centers_, found.centers_)
