import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.linear import ConceptProjection

NAMES = ["animal", "thing", "cat", "dog", "car", "sports car"]
PARENTS = [-1, -1, 0, 0, 1, 4]


@pytest.fixture
def concepts():
    return np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32) * 3


@pytest.fixture
def X():
    return np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)


def test_equals_cosines_by_loops(concepts, X):
    Z = ConceptProjection(concepts).fit(X).transform(X)
    for i, v in enumerate(X):
        for j, c in enumerate(concepts):
            assert Z[i, j] == pytest.approx(v @ c / (v @ v) ** 0.5 / (c @ c) ** 0.5, abs=1e-5)


def test_the_nearest_are_named_best_first(concepts, X):
    space = ConceptProjection(concepts, names=NAMES).fit(X)
    assert space.top_concepts(concepts, k=1) == [[name] for name in NAMES]
    Z = space.transform(X)
    assert space.top_concepts(X[:3], k=2) == [[NAMES[i] for i in np.argsort(-row)[:2]] for row in Z[:3]]
    assert ConceptProjection(concepts).fit(X).names_ == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("near", "n", "names", "opened"),
    [
        (0, 0, ["animal", "thing"], []),
        (0, 1, ["animal", "thing", "cat", "dog"], ["animal"]),
        (1, 1, ["animal", "thing", "car"], ["thing"]),
        (4, 2, ["animal", "thing", "car", "sports car"], ["thing", "car"]),
        (0, 9, ["animal", "thing", "cat", "dog", "car", "sports car"], ["animal", "thing", "car"]),
    ],
)
def test_the_tree_is_opened_where_the_vectors_are(near, n, names, opened):
    # One axis for each concept, and each lies a little towards its parent.
    concepts = np.eye(6) + 0.5 * (np.array(PARENTS)[:, None] == np.arange(6)) + 0.01
    concepts[4, 1] += 2
    space = ConceptProjection(concepts, names=NAMES, parents=PARENTS, n_refinements=n)
    space.fit(np.random.default_rng(0).normal(size=(50, 6)) * 0.1 + concepts[near])
    assert space.names_ == names
    assert space.opened_ == opened


def test_without_concepts_the_classes_are_the_concepts(X):
    y = np.array(["b", "a"] * 20)
    space = ConceptProjection().fit(X, y)
    assert space.names_ == ["a", "b"]
    units = X / np.linalg.norm(X, axis=1, keepdims=True)
    mean = units[1::2].mean(axis=0)
    np.testing.assert_allclose(space.concepts_[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_it_is_saved_with_its_concepts(concepts, X, tmp_path):
    space = ConceptProjection(concepts, names=NAMES, parents=PARENTS, n_refinements=1).fit(X)
    space.save(tmp_path)
    again = ConceptProjection.load(tmp_path)
    assert again.top_concepts(X) == space.top_concepts(X)
    np.testing.assert_array_equal(again.transform(X), space.transform(X))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"names": NAMES[:2]}, "as many as the concepts, 6; got 2"),
        ({"parents": [-1]}, "as many as the concepts, 6"),
        ({"parents": [-1, -1, 0, 0, 1, 6]}, "from 0 to 5"),
        ({"parents": [1, 0, -1, -1, -1, -1]}, "must lead to a root"),
        ({"n_refinements": -1}, "n_refinements must be at least 0"),
        ({"concepts": None, "names": NAMES}, "names and parents belong to concepts"),
    ],
)
def test_wrong_parameters_are_refused(concepts, X, parameters, message):
    with pytest.raises(ParameterError, match=message):
        ConceptProjection(**{"concepts": concepts, **parameters}).fit(X, np.arange(40) % 2)


def test_wrong_shapes_are_refused(concepts, X):
    with pytest.raises(ShapeError, match="concepts must have 7 columns, got 8"):
        ConceptProjection(concepts).fit(X[:, :7])
    with pytest.raises(ShapeError, match="one class for each row"):
        ConceptProjection().fit(X)
    with pytest.raises(ShapeError, match="one class for each of the 40 rows of X, got 39"):
        ConceptProjection().fit(X, np.zeros(39, int))
