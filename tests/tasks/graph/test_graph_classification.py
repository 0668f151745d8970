"""GraphClassification equals loops over folds with sklearn, and refuses classes that are too small."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.graph import GraphClassification

RNG = np.random.default_rng(9)
LABELS = np.arange(60) % 2
GRAPHS = [f"g{i}" for i in range(60)]
FOLDS = RNG.permutation(np.arange(60) % 4) + 1
DATA = {"graph": GRAPHS, "label": [f"c{y}" for y in LABELS], "fold": FOLDS.tolist()}


class Drawn:
    """Vectors at random, shifted a little for one class."""

    def __init__(self, shift=0.8):
        self.shift = shift

    def encode(self, items, *, role="document"):
        numbers = [int(item[1:]) for item in items]
        return np.stack([np.random.default_rng(i).standard_normal(4) + self.shift * (i % 2) for i in numbers])


@pytest.mark.parametrize(("classifier", "model"), [("svm", SVC), ("logistic", LogisticRegression)])
def test_equals_loops_over_folds(classifier, model):
    X = Drawn().encode(GRAPHS).astype(np.float32).astype(np.float64)
    want, majority = [], []
    for fold in (1, 2, 3, 4):
        test = np.equal(FOLDS, fold)
        train = ~test
        inner = StratifiedKFold(5)
        scores = [cross_val_score(model(C=10.0**c), X[train], LABELS[train], cv=inner).mean() for c in range(-3, 4)]
        best = model(C=10.0 ** (int(np.argmax(scores)) - 3)).fit(X[train], LABELS[train])
        want.append(best.score(X[test], LABELS[test]))
        frequent = int(LABELS[train].mean() > 0.5)
        majority.append(np.mean(LABELS[test] == frequent))
    accuracy, baseline = GraphClassification(DATA, classifier).run(Drawn())
    assert (accuracy.name, baseline.name) == ("accuracy", "baseline_majority")
    assert accuracy.sample.columns[0] == pytest.approx(want)
    assert baseline.sample.columns[0] == pytest.approx(majority)


def test_vectors_that_tell_classes_apart_are_right_and_those_at_random_are_chance():
    data = {"graph": [f"g{i}" for i in range(200)], "label": [i % 2 for i in range(200)]}
    assert GraphClassification(data).run(Drawn(50))[0].value == 1
    chance = GraphClassification(data, n_splits=5).run(Drawn(0))
    assert chance[0].value == pytest.approx(0.5, abs=0.12)
    assert [reading.n for reading in chance] == [5, 5]


def test_a_graph_of_no_fold_is_only_learnt_from():
    folds = np.where(np.arange(60) < 8, -1, FOLDS)
    data = {"graph": GRAPHS, "label": LABELS, "fold": folds}
    known = GraphClassification(data).run(Drawn(50))[0]
    assert (known.value, known.n) == (1, 4)
    turned = np.where(folds < 0, 1 - LABELS, LABELS)  # it is learnt from, and does not count itself
    assert GraphClassification({**data, "label": turned}).run(Drawn(50))[0].value == 1


def test_drawn_folds_follow_the_seed():
    data = {name: DATA[name] for name in ("graph", "label")}
    a, b, c = (GraphClassification(data, n_splits=3, random_state=i).run(Drawn())[0] for i in (1, 1, 2))
    assert np.array_equal(a.sample.columns[0], b.sample.columns[0])
    assert not np.array_equal(a.sample.columns[0], c.sample.columns[0])


def test_says_what_is_wrong():
    data = {name: DATA[name] for name in ("graph", "label")}
    with pytest.raises(
        ParameterError, match="n_splits must be between 2 and 30, the size of the smallest class, got 31"
    ):
        GraphClassification(data, n_splits=31).run(Drawn())
    with pytest.raises(ParameterError, match=r"classifier must be one of \('svm', 'logistic'\), got 'ridge'"):
        GraphClassification(DATA, "ridge").run(Drawn())
    with pytest.raises(DataError, match="each with 5 graphs beside any fold; one has 3"):
        GraphClassification({**DATA, "label": [0] * 4 + [1] * 56}).run(Drawn())
    with pytest.raises(DataError, match="at least two numbers from 0 on in the column fold"):
        GraphClassification({**DATA, "fold": [-1] * 30 + [3] * 30}).run(Drawn())
    with pytest.raises(DataError, match="one length"):
        GraphClassification({**DATA, "fold": [1]}).run(Drawn())


class Counts:
    """How often each label of nodes occurs in a graph."""

    def encode(self, items, *, role="document"):
        return np.stack([np.bincount(labels, minlength=8)[:8] for labels, _ in items])


@pytest.mark.data
def test_counts_of_atoms_beat_the_majority_on_mutag():
    accuracy, baseline = GraphClassification().run(Counts())
    assert baseline.value == pytest.approx(0.665, abs=0.01)
    assert accuracy.value > 0.8
