"""The view of an aspect: its loss by loops, its order by loops, what it learns, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.rerank import AspectView

pytest.importorskip("torch")

LEARNING = {"n_epochs": 20, "learning_rate": 0.05}


def two_aspects(n=300, seed=0):
    """Return vectors, their form, which weighs most, and their colour."""
    rng = np.random.default_rng(seed)
    forms, colours = np.random.default_rng(5).normal(size=(2, 12, 3))
    form, colour = rng.integers(12, size=(2, n))
    return np.float32(np.hstack([2 * forms[form], colours[colour]]) + rng.normal(scale=0.1, size=(n, 6))), form, colour


def everything(Q, X):
    return Search(product_top_k(normalize(Q), normalize(X), len(X)), Q=Q, X=X)


@pytest.fixture(scope="module")
def stored():
    return two_aspects()


@pytest.fixture(scope="module")
def view(stored):
    X, _, colour = stored
    return AspectView(**LEARNING).fit(everything(X[:1], X), colour)


def test_the_order_is_that_of_loops(view, stored):
    Q, X = two_aspects(4, seed=1)[0], stored[0][:30]
    search = everything(Q, X)
    found = view.rank(search).hits
    A = view.map_.astype(float)
    for i in range(4):
        mapped = A @ (Q[i] / np.linalg.norm(Q[i]))
        want = {}
        for j in range(30):
            other = A @ (X[j] / np.linalg.norm(X[j]))
            want[j] = mapped @ other / np.linalg.norm(mapped) / np.linalg.norm(other)
        assert found.ids[i].tolist() == sorted(want, key=want.get, reverse=True)
        assert np.allclose(found.scores[i], [want[j] for j in found.ids[i]], atol=1e-6)


def test_the_loss_is_that_of_loops():
    torch = pytest.importorskip("torch")
    from inlay.nn.aspect_view import ranking_loss

    rng = np.random.default_rng(0)
    a, b, labels = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), [0, 1, 0, 2, 1, 3]
    total = 0.0
    for i in range(6):
        cosines = [a[i] @ b[j] / np.linalg.norm(a[i]) / np.linalg.norm(b[j]) for j in range(6)]
        rivals = [j for j in range(6) if j == i or labels[j] != labels[i]]
        total -= np.log(np.exp(cosines[i] / 0.3) / sum(np.exp(cosines[j] / 0.3) for j in rivals))
    got = ranking_loss(torch.tensor(a), torch.tensor(b), torch.tensor(labels), 0.3).item()
    assert got == pytest.approx(total / 6)


def test_neighbours_share_the_aspect_and_not_the_other(view, stored):
    X, form, colour = stored
    Q, asked_form, asked = two_aspects(100, seed=2)
    search = everything(Q, X)
    before, after = search.hits.ids[:, :5], view.rank(search).hits.ids[:, :5]
    assert (colour[before] == asked[:, None]).mean() < 0.6
    assert (colour[after] == asked[:, None]).mean() > 0.9
    assert (form[after] == asked_form[:, None]).mean() < (form[before] == asked_form[:, None]).mean()
    assert view.losses_[-1] < view.losses_[0] / 2


def test_an_index_of_mapped_vectors_finds_what_rank_puts_first(view, stored):
    X, Q = stored[0], two_aspects(10, seed=3)[0]
    ranked = view.rank(everything(Q, X)).hits
    indexed = product_top_k(view.transform(Q), view.transform(X), len(X))
    assert np.array_equal(ranked.ids, indexed.ids)
    assert np.array_equal(ranked.scores, indexed.scores)


def test_rows_without_a_label_teach_nothing(stored):
    X, _, colour = stored
    named = np.array([f"colour {c:02}" for c in colour])
    unnamed, partial = named.copy(), colour.copy()
    unnamed[100:], partial[100:] = "", -1
    want = AspectView(n_epochs=2).fit(Search(Hits([[0]], [[1.0]]), X=X[:100]), colour[:100]).map_
    for y in (unnamed, partial):
        assert np.array_equal(AspectView(n_epochs=2).fit(Search(Hits([[0]], [[1.0]]), X=X), y).map_, want)


def test_untrained_it_keeps_all_cosines_or_those_of_the_longest_directions(stored):
    X, _, colour = stored
    search = everything(X[:1], X)
    whole = AspectView(n_epochs=0).fit(search, colour)
    assert np.allclose(whole.transform(X), normalize(X), atol=1e-6)
    few = AspectView(2, n_epochs=0).fit(search, colour)
    left, scales, _ = np.linalg.svd(normalize(X), full_matrices=False)
    want = normalize(left[:, :2] * scales[:2])
    assert np.allclose(few.transform(X) @ few.transform(X).T, want @ want.T, atol=1e-4)
    assert np.allclose(few.map_ @ few.map_.T, np.eye(2), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.permutations(range(8)), min_size=1, max_size=4), st.floats(0.01, 100))
def test_neither_the_first_order_nor_a_length_changes_the_hits(view, stored, orders, scale):
    X, Q = stored[0][:8], np.tile(two_aspects(1, seed=4)[0], (len(orders), 1))
    hits = view.rank(Search(Hits(orders, np.zeros((len(orders), 8))), Q=np.float32(Q * scale), X=X)).hits
    plain = view.rank(everything(Q[:1], X)).hits
    assert (hits.ids == plain.ids).all()
    assert np.allclose(hits.scores, plain.scores, atol=1e-5)


def test_padding_stays_and_equal_hits_stay_as_they_are(view, stored):
    X = np.concatenate([stored[0][:3], stored[0][:1]])
    hits = Hits([[3, 1, 0], [-1, -1, -1], [2, -1, -1]], np.zeros((3, 3)))
    found = view.rank(Search(hits, Q=stored[0][[0, 0, 1]], X=X)).hits
    assert found.counts.tolist() == [3, 0, 1]
    assert found.ids[0, :2].tolist() == [3, 0]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"dim": 0}, "dim must be from 1 to 6"),
        ({"dim": 7}, "dim must be from 1 to 6, the columns of X, or None, got 7"),
        ({"n_epochs": -1}, "n_epochs must be at least 0"),
        ({"batch_size": 1}, "batch_size must be at least 2, got 1"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"learning_rate": -1.0}, "learning_rate must be above 0"),
    ],
)
def test_parameters_out_of_range_are_refused(stored, parameters, said):
    X, _, colour = stored
    with pytest.raises(ParameterError, match=said):
        AspectView(**parameters).fit(everything(X[:1], X), colour)


@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_what_it_cannot_learn_from_is_refused(view, stored):
    X, _, colour = stored
    search = everything(X[:2], X)
    with pytest.raises(DataError, match="300 rows with a label have 1 different"):
        AspectView().fit(search, np.ones(300, int))
    with pytest.raises(DataError, match="one of them with two rows"):
        AspectView().fit(search, [f"{i}" for i in range(300)])
    with pytest.raises(DataError, match="the 0 rows with a label have 0"):
        AspectView().fit(search, np.full(300, -1))
    with pytest.raises(ShapeError, match="one class for each"):
        AspectView().fit(search)
    with pytest.raises(ShapeError, match="300 rows of X, got 299"):
        AspectView().fit(search, colour[1:])
    with pytest.raises(ParameterError, match="AspectView looks at X"):
        AspectView().fit(Search(search.hits), colour)
    with pytest.raises(NotFittedError):
        AspectView().rank(search)
    with pytest.raises(ParameterError, match="AspectView looks at Q and X"):
        view.rank(Search(search.hits))
    with pytest.raises(ShapeError, match="Row 299 was found, but X has 5 rows"):
        view.rank(Search(search.hits, Q=search.Q, X=X[:5]))
    with pytest.raises(ShapeError, match="Q must have 6 columns, got 4"):
        view.rank(Search(search.hits, Q=X[:2, :4], X=X))


def test_a_stored_row_that_is_not_finite_is_named_by_its_number(view, stored):
    X = stored[0].copy()
    X[7] = np.nan
    with pytest.raises(ShapeError, match="X has a value that is not finite in row 7"):
        view.rank(Search(Hits([[5, 7]], [[1.0, 0.5]]), Q=X[:1], X=X))
