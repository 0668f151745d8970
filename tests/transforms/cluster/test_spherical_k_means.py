"""SphericalKMeans against scikit-learn's k-means on rows of length one, its objective, and what it refuses."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.transforms.cluster import SphericalKMeans
from inlay.transforms.cluster._centers import means
from inlay.transforms.cluster._class_tf_idf import class_tf_idf


def rays(n=300, dim=6, k=4, seed=0):
    """Directions around k of them, at lengths that differ by factors of up to e**4."""
    rng = np.random.default_rng(seed)
    label = rng.integers(k, size=n)
    X = np.eye(dim)[label] + 0.15 * rng.normal(size=(n, dim))
    return (X * np.exp(rng.uniform(-2, 2, (n, 1)))).astype(np.float32), label


def test_one_round_from_the_same_centres_is_that_of_a_loop():
    X, _ = rays()
    found = SphericalKMeans(4, max_iter=100).fit(X)
    U = normalize(X)
    for c in range(4):
        total = sum(U[i].astype(np.float64) for i in range(len(U)) if found.labels_[i] == c)
        np.testing.assert_allclose(found.centers_[c], total / np.linalg.norm(total), atol=1e-6)
    nearest = [max(range(4), key=lambda c, u=u: float(u @ found.centers_[c])) for u in U]
    assert nearest == found.labels_.tolist()
    assert found.objective_ == pytest.approx(np.mean([U[i] @ found.centers_[c] for i, c in enumerate(nearest)]))


def test_directions_are_found_whatever_the_lengths():
    X, label = rays()
    assert adjusted_rand_score(label, SphericalKMeans(4).fit(X).labels_) == 1
    assert adjusted_rand_score(label, KMeans(4, random_state=0, n_init=3).fit(X).labels_) < 0.9


def test_it_is_as_good_as_k_means_on_rows_of_length_one():
    X = normalize(np.random.default_rng(1).normal(size=(400, 5)))
    other = KMeans(8, n_init=5, random_state=0).fit(X)
    cosine = (X * normalize(other.cluster_centers_)[other.labels_]).sum(axis=1).mean()
    assert SphericalKMeans(8, n_init=5).fit(X).objective_ > 0.98 * cosine


def test_the_objective_grows_with_rounds_and_starts():
    X = np.random.default_rng(2).normal(size=(300, 8))
    by_rounds = [SphericalKMeans(10, max_iter=n).fit(X).objective_ for n in (1, 2, 4, 100)]
    assert by_rounds == sorted(by_rounds)
    assert by_rounds[-1] > by_rounds[0]
    assert SphericalKMeans(10, n_init=5).fit(X).objective_ >= by_rounds[-1]


def test_no_cluster_stays_empty_where_rows_suffice():
    X = np.random.default_rng(3).normal(size=(40, 2))
    for k in (20, 40):
        assert len(set(SphericalKMeans(k).fit(X).labels_.tolist())) == k


def test_transform_gives_cosines():
    X, _ = rays()
    found = SphericalKMeans(4).fit(X)
    np.testing.assert_allclose(found.transform(7 * X), found.transform(X), atol=1e-6)
    assert np.array_equal(found.transform(X).argmax(axis=1), found.labels_)
    assert np.abs(found.transform(-X) + found.transform(X)).max() < 1e-6
    assert not found.transform(np.zeros((1, 6))).any()


def test_means_leave_noise_out_and_give_zeros_to_the_empty():
    X = np.float32([[1, 1], [2, 4], [4, 0], [9, 9]])
    assert means(X, np.array([0, 2, 2, -1]), 4).tolist() == [[1, 1], [0, 0], [3, 2], [0, 0]]
    assert means(X, np.full(4, -1), 1).tolist() == [[0, 0]]


def test_words_are_those_of_the_formula():
    texts = ["red red car", "blue car", "fast car race", "green tree"]
    labels = np.array([0, 0, 1, -1])
    counts = {0: {"red": 2, "car": 2, "blue": 1}, 1: {"fast": 1, "car": 1, "race": 1}}
    total = {w: sum(counts[c].get(w, 0) for c in counts) for c in counts for w in counts[c]}
    mean = sum(total.values()) / 2
    for c, words in enumerate(class_tf_idf(texts, labels, 2, 3)):
        size = sum(counts[c].values())
        weight = {w: n / size * np.log(1 + mean / total[w]) for w, n in counts[c].items()}
        assert words == sorted(weight, key=lambda w, weight=weight: (-weight[w], w))
    assert class_tf_idf(texts, labels, 3, 2)[2] == []


def test_what_is_wrong_is_refused():
    X, _ = rays(20)
    for name in ("n_clusters", "n_init", "max_iter"):
        with pytest.raises(ParameterError, match=f"{name} must be at least 1, got 0"):
            SphericalKMeans(**{name: 0}).fit(X)
    with pytest.raises(ShapeError, match="n_samples=20 must be at least n_clusters=21"):
        SphericalKMeans(21).fit(X)
    found = SphericalKMeans(2).fit(X)
    with pytest.raises(DataError, match="texts has 1 rows, but 20 were fitted"):
        found.label(["one"])
    with pytest.raises(DataError, match="no words"):
        found.label([""] * 20)
    with pytest.raises(ParameterError, match="n_words must be at least 1"):
        found.label(["a word"] * 20, n_words=0)
