"""Clustering equals MTEB and the formulas written by loops, and refuses what can not be clustered."""

import math
import random

import numpy as np
import pytest
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.cluster import Clustering


class Drawn:
    """Vectors at random around a centre for each first word, the same for the same text."""

    def __init__(self, spread=1.5):
        self.spread = spread

    def encode(self, items, *, role="document"):
        return np.stack([self._vector(item) for item in items]).astype(np.float32)

    def _vector(self, item):
        centre, noise = (np.random.default_rng(list(text.encode())) for text in (item.split()[0], item))
        return centre.standard_normal(8) + self.spread * noise.standard_normal(8)


NAMES = ["pets", "money", "rain", "rivers"]
DATA = {"text": [f"{NAMES[i % 4]} {i}" for i in range(200)], "label": [NAMES[i % 4] for i in range(200)]}


def entropy(values):
    return -sum(values.count(v) / len(values) * math.log(values.count(v) / len(values)) for v in set(values))


def by_loops(n_experiments, n_samples):
    X, names, scores = Drawn().encode(DATA["text"]), ("v_measure", "ari", "nmi", "purity"), []
    chance = random.Random(42)  # noqa: S311 - what MTEB draws with
    for _ in range(n_experiments):
        rows = chance.choices(range(len(X)), k=n_samples)
        model = MiniBatchKMeans(n_clusters=4, batch_size=512, n_init=1, random_state=42)
        clusters, labels = model.fit_predict(X[rows]).tolist(), [DATA["label"][row] for row in rows]
        h_c, h_k, h_ck = entropy(labels), entropy(clusters), entropy(list(zip(labels, clusters, strict=True)))
        shared = h_c + h_k - h_ck
        homogeneity, completeness = shared / h_c, shared / h_k
        pure = 0
        for cluster in set(clusters):
            inside = [label for label, c in zip(labels, clusters, strict=True) if c == cluster]
            pure += max(map(inside.count, NAMES))
        v = 2 * homogeneity * completeness / (homogeneity + completeness)
        values = v, adjusted_rand_score(labels, clusters), shared / math.sqrt(h_c * h_k), pure / n_samples
        scores.append(dict(zip(names, values, strict=True)))
    return scores


def test_equals_the_formulas_written_by_loops():
    readings = {r.name: r for r in Clustering(DATA, n_experiments=4, n_samples=150).run(Drawn())}
    want = by_loops(4, 150)
    assert list(readings) == ["v_measure", "ari", "nmi", "purity", "cluster_accuracy"]
    assert 0.1 < readings["v_measure"].value < 0.9
    for name in want[0]:
        assert readings[name].sample.columns[0] == pytest.approx([one[name] for one in want]), name
    assert readings["cluster_accuracy"].value <= readings["purity"].value


def test_equals_mteb():
    pytest.importorskip("mteb")
    from mteb.abstasks.clustering import _evaluate_clustering_bootstrapped

    want, _ = _evaluate_clustering_bootstrapped(
        Drawn().encode(DATA["text"]),
        [[label] for label in DATA["label"]],
        n_clusters=5,
        cluster_size=1000,
        kmean_batch_size=512,
        max_depth=None,
        rng_state=random.Random(42),  # noqa: S311
        seed=42,
    )
    found = Clustering(DATA, n_experiments=5, n_samples=1000).run(Drawn())[0]
    assert found.sample.columns[0] == pytest.approx(want["v_measure"]["Level 0"])


def test_what_is_far_apart_is_found_whole():
    two = {name: [v for v, label in zip(DATA[name], DATA["label"], strict=True) if label in NAMES[:2]] for name in DATA}
    assert all(r.value == pytest.approx(1) for r in Clustering(two, 3, n_samples=300).run(Drawn(spread=0.01)))


def test_names_of_labels_do_not_matter():
    numbers = {**DATA, "label": [-NAMES.index(label) for label in DATA["label"]]}
    found, want = (Clustering(data, 3, n_samples=200).run(Drawn()) for data in (numbers, DATA))
    assert [r.value for r in found] == pytest.approx([r.value for r in want])


def test_says_what_is_wrong():
    with pytest.raises(DataError, match="two labels at least, got only"):
        Clustering({**DATA, "label": ["pets"] * 200}).run(Drawn())
    with pytest.raises(DataError, match="Clustering needs the columns text, label; the data set has text"):
        Clustering({"text": DATA["text"]}).run(Drawn())
    for change in ({"n_experiments": 0}, {"n_samples": 3}):
        with pytest.raises(ParameterError, match="n_samples at least 4, the number of labels; got"):
            Clustering(DATA, **change).run(Drawn())

    with pytest.raises(ParameterError, match="random_state must be from 0"):
        Clustering(DATA, random_state=-1).run(Drawn())


@pytest.mark.data
def test_topics_lie_together_more_than_by_chance():
    from inlay.data.datasets import load
    from inlay.encoders.text import HashingEncoder

    whole = load("searchsnippets")
    part = {name: list(column[::10]) for name, column in whole.items()}
    readings = {r.name: r.value for r in Clustering(part, 2, n_samples=1000).run(HashingEncoder(dim=512))}
    assert 0.02 < readings["v_measure"] < 0.5
    assert max(map(part["label"].count, set(part["label"]))) / len(part["label"]) < readings["purity"]
