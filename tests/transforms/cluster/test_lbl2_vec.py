"""Lbl2Vec against its steps written out, the limits of candidates, and what it refuses."""

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.transforms.cluster import Lbl2Vec


def space(n=90, dim=6, seed=0):
    """Two keywords for each of the topics 3 and 7, and documents around these and a direction of no topic."""
    rng = np.random.default_rng(seed)
    towards = np.eye(dim)[np.arange(n) % 3]
    documents = towards + 0.3 * rng.normal(size=(n, dim))
    keywords = np.eye(dim)[[0, 1, 0, 1]] + 0.2 * rng.normal(size=(4, dim))
    return np.concatenate([keywords, documents]).astype(np.float32), np.array([7, 3, 7, 3] + [-1] * n)


def test_label_vectors_are_those_of_the_steps_written_out():
    X, y = space()
    found = Lbl2Vec(threshold=0.5, min_documents=5, max_documents=25).fit(X, y)
    assert found.classes_.tolist() == [3, 7]
    U = normalize(X).astype(np.float64)
    documents = [u for u, topic in zip(U, y, strict=True) if topic == -1]
    for j, topic in enumerate((3, 7)):
        center = sum(u for u, other in zip(U, y, strict=True) if other == topic)
        center = center / np.linalg.norm(center)
        ranked = sorted(documents, key=lambda d, center=center: -d @ center)
        near = [d for i, d in enumerate(ranked) if i < 5 or (i < 25 and d @ center >= 0.5)]
        kept = LocalOutlierFactor(n_neighbors=min(20, len(near) - 1)).fit_predict(near) > 0
        label = np.mean([d for d, keep in zip(near, kept, strict=True) if keep], axis=0)
        assert found.counts_[j] == kept.sum()
        np.testing.assert_allclose(found.centers_[j], label / np.linalg.norm(label), atol=1e-5)
    assert np.array_equal(found.labels_, found.transform(X).argmax(axis=1))


def test_documents_of_a_topic_are_nearest_to_it():
    X, y = space()
    best = Lbl2Vec(threshold=0.6, min_documents=3).fit(X, y).labels_[4:]
    assert (best[0::3] == 1).mean() > 0.9
    assert (best[1::3] == 0).mean() > 0.9


def test_the_numbers_of_candidates_have_their_limits():
    X, y = space()
    assert Lbl2Vec(threshold=1.0, min_documents=4, clean=False).fit(X, y).counts_.tolist() == [4, 4]
    assert Lbl2Vec(threshold=-1.0, min_documents=1, clean=False).fit(X, y).counts_.tolist() == [90, 90]
    assert Lbl2Vec(-1.0, 1, max_documents=7, clean=False).fit(X, y).counts_.tolist() == [7, 7]
    assert Lbl2Vec(min_documents=1000, clean=False).fit(X, y).counts_.tolist() == [90, 90]


def test_an_outlier_among_the_candidates_leaves():
    rng = np.random.default_rng(0)
    documents = np.array([1, 0, 0]) + 0.05 * rng.normal(size=(30, 3))
    X, y = np.concatenate([[[1, 0, 0]], documents, [[1, 2, 0]]]), np.array([0] + [-1] * 31)
    cleaned, whole = (Lbl2Vec(-1.0, 1, clean=clean).fit(X, y) for clean in (True, False))
    assert whole.counts_.tolist() == [31]
    assert cleaned.counts_[0] < 31
    assert abs(cleaned.centers_[0, 1]) < abs(whole.centers_[0, 1])


def test_without_documents_keywords_are_the_label_vectors():
    X, y = space()
    found = Lbl2Vec().fit(X[:4], y[:4])
    np.testing.assert_allclose(found.centers_[1], normalize(normalize(X[[0, 2]]).mean(axis=0)[None])[0], atol=1e-6)
    assert found.counts_.tolist() == [0, 0]


def test_what_is_wrong_is_refused():
    X, y = space()
    for parameters, message in (
        ({"threshold": 1.5}, "threshold must be a cosine"),
        ({"min_documents": 0}, "min_documents must be at least 1"),
        ({"min_documents": 9, "max_documents": 8}, "at least min_documents=9, got 8"),
    ):
        with pytest.raises(ParameterError, match=message):
            Lbl2Vec(**parameters).fit(X, y)
    for wrong, message in (
        (None, "requires y"),
        (y[:-1], "each of the 94 rows of X, got 93"),
        (np.full(94, -1), "no keyword"),
        (["sport"] * 94, "must hold numbers"),
        (y[:, None] * [1, 1], "1d array"),
        (y + 0.5, "Unknown label type"),
    ):
        with pytest.raises(ShapeError, match=message):
            Lbl2Vec().fit(X, wrong)
