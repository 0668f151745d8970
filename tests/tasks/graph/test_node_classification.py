"""NodeClassification equals LIBLINEAR and loops over the definition of F1, and finds its own baselines."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.graph import NodeClassification

RNG = np.random.default_rng(4)
NODES = list(range(60))
LABELS = [sorted(RNG.choice(5, RNG.integers(1, 4), replace=False).tolist()) for _ in NODES]


class Drawn:
    """Vectors at random, the same for the same item."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(int(item)).standard_normal(6) for item in items])


class Known:
    """The classes of a node as its vector."""

    def encode(self, items, *, role="document"):
        return np.array([[10.0 * (c in LABELS[i]) for c in range(5)] for i in items])


def f1(truth, named, classes):
    """Micro and macro F1 by counting."""
    counts = np.zeros((len(classes), 3))
    for c, row in zip(classes, counts, strict=True):
        for t, p in zip(truth, named, strict=True):
            row += ((c in t) and (c in p), (c not in t) and (c in p), (c in t) and (c not in p))
    tp, fp, fn = counts.T
    each = [2 * a / (2 * a + b + c) if a + b + c else 0.0 for a, b, c in counts]
    return 2 * tp.sum() / (2 * tp.sum() + fp.sum() + fn.sum()), np.mean(each)


def test_equals_liblinear_and_loops():
    X = Drawn().encode(NODES)
    rng = np.random.default_rng(7)
    want = []
    for _ in range(3):
        order = rng.permutation(60)
        train, test = order[:24], order[24:]
        scores = np.zeros((36, 5))
        for c in range(5):
            y = [c in LABELS[i] for i in train]
            model = LogisticRegression(solver="liblinear", tol=1e-8).fit(X[train], y)
            scores[:, c] = model.predict_proba(X[test])[:, 1]
        frequent = sorted(range(5), key=lambda c: -sum(c in LABELS[i] for i in train))
        truth = [LABELS[i] for i in test]
        best = [sorted(range(5), key=lambda c: -row[c])[: len(t)] for row, t in zip(scores, truth, strict=True)]
        common = [frequent[: len(t)] for t in truth]
        want.append([*f1(truth, best, range(5)), *f1(truth, common, range(5))])
    readings = NodeClassification({"node": NODES, "label": LABELS}, 0.4, 3, random_state=7).run(Drawn())
    assert [r.name for r in readings] == [
        "micro_f1",
        "macro_f1",
        "baseline_frequent_micro_f1",
        "baseline_frequent_macro_f1",
    ]
    for reading, values in zip(readings, np.transpose(want), strict=True):
        assert reading.sample.columns[0] == pytest.approx(values, abs=1e-9), reading.name


def test_an_encoder_that_knows_the_classes_names_all():
    assert [r.value for r in NodeClassification({"node": NODES, "label": LABELS}).run(Known())[:2]] == [1, 1]


def test_with_one_class_a_node_micro_f1_is_accuracy():
    data = {"node": list(range(400)), "label": ["rare" if i % 4 == 0 else "often" for i in range(400)]}
    readings = {r.name: r.value for r in NodeClassification(data).run(Drawn())}
    assert readings["baseline_frequent_micro_f1"] == pytest.approx(0.75, abs=0.03)
    assert readings["baseline_frequent_macro_f1"] == pytest.approx(0.75 / 1.75, abs=0.02)


def test_a_class_that_the_share_lacks_is_not_named():
    data = {"node": list(range(11)), "label": ["a"] * 10 + ["b"]}
    readings = NodeClassification(data, n_splits=20).run(Drawn())
    found, frequent = (readings[i].sample.columns[0] for i in (0, 2))
    lacks = frequent < 1  # the one b is among the five others
    assert 0 < lacks.sum() < 20
    assert np.all(found[lacks] == frequent[lacks])
    assert np.all(frequent[lacks] == 4 / 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": [[]] * 60}, "at least one class for each node; row 0 has none"),
        ({"label": [1] * 60}, "at least two classes"),
        ({"label": [1] * 59}, "one length"),
        ({"label": ["a", 1] * 30}, "classes of one type"),
        ({"node": [1, 2, 3], "label": [[1], [2], [3]], "share": 0.1}, "a share of 0.1 of 3 nodes"),
    ],
)
def test_says_what_is_wrong_with_the_data(change, message):
    share = change.pop("share", 0.5)
    with pytest.raises(DataError, match=message):
        NodeClassification({"node": NODES, "label": LABELS, **change}, share).run(Drawn())


@pytest.mark.parametrize("parameters", [{"share": 0}, {"share": 1}, {"n_splits": 0}])
def test_refuses_wrong_parameters(parameters):
    with pytest.raises(ParameterError, match="share must be above 0 and below 1, and n_splits at least 1, got"):
        NodeClassification({"node": NODES, "label": LABELS}, **parameters).run(Drawn())


@pytest.mark.data
def test_the_most_frequent_groups_on_blogcatalog():
    readings = {r.name: r.value for r in NodeClassification(n_splits=2).run(Drawn())}
    assert readings["baseline_frequent_micro_f1"] == pytest.approx(0.1691, abs=0.004)
    assert readings["baseline_frequent_macro_f1"] == pytest.approx(0.0258, abs=0.001)
