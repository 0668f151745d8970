import math

import numpy as np
import pytest

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.frozen import Frozen
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.indexes import Coded
from inlay.rankers.rerank import PostVerification
from inlay.transforms.quantize import ScalarQuantizer

N, LEARNED = 240, 160
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def data():
    """Queries and documents that share four of eight columns."""
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(N, 4))
    return tuple(normalize(np.hstack([meaning, rng.normal(size=(N, 4))])) for _ in range(2))


def a_search(data, rows, k=40):
    X, Q = data
    index = Coded(Frozen(ScalarQuantizer(bits=4).fit(X))).fit(X)
    return Search(index.search(Q[rows], k), Q=Q[rows], X=X)


@pytest.fixture(scope="module")
def fitted(data):
    return PostVerification(n_epochs=5, learning_rate=0.05).fit(
        a_search(data, np.arange(LEARNED)), [{row: 1.0} for row in range(LEARNED)]
    )


def test_hits_are_ordered_by_the_bilinear_score(data, fitted):
    search = a_search(data, np.arange(LEARNED, N))
    ids = search.hits.ids.copy()
    ids[3, 20:], ids[4] = -1, -1
    search = Search(Hits(ids, np.where(ids < 0, -np.inf, search.hits.scores)), Q=search.Q, X=search.X)
    ranked = fitted.rank(search)
    assert ranked.Q is search.Q
    for q, given, found, scores in zip(search.Q, ids, ranked.hits.ids, ranked.hits.scores, strict=True):
        worth = {}
        for row in given[given >= 0]:
            worth[row] = sum(
                float(q[i]) * float(fitted.map_[i, j]) * float(search.X[row, j]) for i in range(8) for j in range(8)
            )
        best = sorted(worth, key=lambda row: (-worth[row], row))
        assert found[: len(best)].tolist() == best
        np.testing.assert_allclose(scores[: len(best)], [worth[row] for row in best], rtol=1e-4, atol=1e-6)
        assert (found[len(best) :] == -1).all()


def test_more_documents_come_first_than_by_the_vectors(data, fitted):
    search = a_search(data, np.arange(LEARNED, N))
    own = np.arange(LEARNED, N)[:, None]
    before, after = ((hits.ids[:, :5] == own).any(axis=1).mean() for hits in (search.hits, fitted.rank(search).hits))
    assert after > before + 0.03


def test_without_training_it_is_the_product_of_the_vectors(data):
    search = a_search(data, np.arange(LEARNED))
    ranker = PostVerification(n_epochs=0).fit(search, [{row: 1} for row in range(LEARNED)])
    np.testing.assert_array_equal(ranker.map_, np.eye(8))
    exact = product_top_k(search.Q, search.X, N)
    for got, found, want in zip(ranker.rank(search).hits.ids, search.hits.ids, exact.ids, strict=True):
        assert got.tolist() == [row for row in want if row in found]


def test_only_the_vectors_of_candidates_are_read_from_disk(data, fitted, tmp_path):
    search = a_search(data, np.arange(LEARNED, LEARNED + 2), k=10)
    want = fitted.rank(search).hits
    # What else is read would show: the other vectors are no numbers.
    on_disk = np.full_like(search.X, np.nan)
    rows = np.unique(search.hits.ids)
    on_disk[rows] = search.X[rows]
    np.save(tmp_path / "vectors.npy", on_disk)
    X = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    fitted.save(tmp_path / "ranker")
    loaded = PostVerification.load(tmp_path / "ranker", mmap=True)
    assert loaded.map_.base is not None
    got = loaded.rank(Search(search.hits, Q=search.Q, X=X)).hits
    np.testing.assert_array_equal(got.ids, want.ids)
    np.testing.assert_array_equal(got.scores, want.scores)
    # Nor does fit read more than what was found, and what is relevant.
    learned = [
        PostVerification(n_epochs=1, batch_size=2, n_walk=1).fit(
            Search(search.hits, Q=search.Q, X=vectors), [{int(row[2]): 1} for row in search.hits.ids]
        )
        for vectors in (search.X, X)
    ]
    np.testing.assert_array_equal(learned[0].map_, learned[1].map_)


def test_the_loss_is_that_of_the_paper():
    from inlay.nn.post_verification import contrast

    rng = np.random.default_rng(1)
    scores, named = rng.normal(size=(3, 7)), [5, 6, 5, 8, 6, 9, 4]
    good = [[5, 9], [6, -1], [5, -1]]
    total = 0.0
    for i in range(3):
        others = [j for j in range(7) if j == i or named[j] not in good[i]]
        total -= math.log(math.exp(scores[i, i]) / sum(math.exp(scores[i, j]) for j in others)) / 3
    got = contrast(torch.tensor(scores), torch.tensor(named), torch.tensor(good))
    assert got.item() == pytest.approx(total)


def test_a_step_meets_relevant_documents_and_negatives_of_shortlists():
    from inlay.nn.post_verification import verification

    # One query, whose only negative is found; a second column that is only in the negative has to go down.
    Q, X = np.float32([[1, 1], [1, 1]]), np.float32([[1, 0], [0, 1], [7, 7]])
    options = {"temperature": 1.0, "n_epochs": 30, "batch_size": 2, "learning_rate": 0.05, "weight_decay": 0.0}
    good, wrong = np.array([[0], [0]]), np.array([[1], [1]])
    M, losses = verification(Q, X, good, wrong, n_negatives=1, n_walk=2, random_state=0, **options)
    assert (M[:, 0] > np.eye(2)[:, 0]).all()
    assert (M[:, 1] < np.eye(2)[:, 1]).all()
    assert losses[-1] < losses[0]
    # Without negatives the documents of the batch are all relevant to both, and there is nothing to learn.
    M, losses = verification(Q, X, good, wrong, n_negatives=0, n_walk=1, random_state=0, **options)
    np.testing.assert_array_equal(M, np.eye(2))
    assert losses[0] == 0


def test_negatives_are_drawn_from_all_of_a_shortlist_each_once():
    from inlay.nn.post_verification import drawn
    from inlay.nn.training import seeded

    with seeded(0):
        lots = [drawn(torch.tensor([[4, 5, 6, 7], [8, 9, -1, -1]]), 3) for _ in range(100)]
    first = np.array([lot[0].tolist() for lot in lots])
    assert all(len({*row}) == 3 for row in first.tolist())
    np.testing.assert_allclose(np.bincount(first.ravel(), minlength=8)[4:] / 100, 0.75, atol=0.15)
    assert all(sorted(lot[1].tolist()) == [-1, 8, 9] for lot in lots)


def test_walks_stay_within_a_locality():
    from inlay.nn.post_verification import neighbours, walk
    from inlay.nn.training import seeded

    # Queries 0, 1 and 2 share documents, as do 3 and 4; 5 found nothing.
    shortlist = np.array([[0, 1], [1, 2], [2, -1], [3, 4], [4, 3], [-1, -1]])
    near = neighbours(shortlist, 5)
    with seeded(0):
        met = walk(torch.arange(6).repeat(50), torch.tensor(shortlist), *near, 6).reshape(-1, 6).numpy()
    np.testing.assert_array_equal(met[:, 0], np.tile(np.arange(6), 50))
    for a, b in zip(met[:, :-1].ravel(), met[:, 1:].ravel(), strict=True):
        assert a == b or {*shortlist[a]} & {*shortlist[b]} - {-1}
    assert {*met[0::6].ravel()} == {*met[2::6].ravel()} == {0, 1, 2}
    assert {*met[3::6].ravel()} == {3, 4}
    assert {*met[5::6].ravel()} == {5}


def test_what_it_cannot_learn_from_is_refused(data, fitted):
    search = a_search(data, np.arange(4))
    with pytest.raises(ParameterError, match="learns from judgments"):
        PostVerification().fit(search)
    with pytest.raises(ShapeError, match="has 4 queries, but y has judgments for 3"):
        PostVerification().fit(search, [{0: 1}] * 3)
    with pytest.raises(ShapeError, match="query 1 has 999"):
        PostVerification().fit(search, [{0: 1}, {999: 1}, {}, {}])
    with pytest.raises(DataError, match="a relevant row"):
        PostVerification().fit(search, [{0: 0}] * 4)
    with pytest.raises(ParameterError, match="looks at X"):
        fitted.rank(Search(search.hits, Q=search.Q))
    with pytest.raises(ShapeError, match="fitted on 8 dimensions, got 6"):
        fitted.rank(Search(search.hits, Q=search.Q[:, :6], X=search.X[:, :6]))
    with pytest.raises(ShapeError, match="was found, but X has 3 rows"):
        fitted.rank(Search(search.hits, Q=search.Q, X=search.X[:3]))
    with pytest.raises(NotFittedError):
        PostVerification().rank(search)
    with pytest.raises(ParameterError, match="lower learning_rate"):
        PostVerification(learning_rate=1e30, batch_size=2).fit(search, [{0: 1}] * 4)


def test_a_fit_that_bursts_leaves_what_was_learned(data):
    search = a_search(data, np.arange(4))
    ranker = PostVerification(n_epochs=1, batch_size=2).fit(search, [{0: 1}] * 4)
    before = ranker.map_.copy()
    with pytest.raises(ParameterError, match="lower learning_rate"):
        ranker.set_params(learning_rate=1e30, n_epochs=10).fit(search, [{0: 1}] * 4)
    np.testing.assert_array_equal(ranker.map_, before)
    assert np.isfinite(ranker.losses_).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_negatives", -1),
        ("n_walk", 0),
        ("n_epochs", -1),
        ("batch_size", 1),
        ("weight_decay", -0.1),
        ("temperature", 0.0),
        ("learning_rate", float("nan")),
    ],
)
def test_parameters_out_of_range_are_refused(data, name, value):
    with pytest.raises(ParameterError, match=f"{name} must be"):
        PostVerification(**{name: value}).fit(a_search(data, np.arange(4)), [{0: 1}] * 4)


def test_a_row_that_is_not_finite_is_named_by_its_number(data):
    X, Q = np.array(data[0]), data[1]
    X[37] = np.nan
    with pytest.raises(ShapeError, match="X has a value that is not finite in row 37"):
        PostVerification(n_epochs=0).fit(Search(Hits([[30, 37]], [[1.0, 0.5]]), Q=Q[:1], X=X), [{30: 1}])
