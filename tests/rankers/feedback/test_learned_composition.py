"""LearnedComposition: its formula in loops, both ways to learn on a rule that can be learned, and what it refuses."""

import numpy as np
import pytest

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.encoders.text import HashingEncoder
from inlay.rankers.feedback import ComposedQuery, LearnedComposition

pytest.importorskip("torch", reason="needs pip install 'inlay[nn]'")

WORDS = ["red", "blue", "pink", "grey", "tan"]
ENCODER = HashingEncoder(dim=16)
QUICK = {"hidden": 32, "dropout": 0.0, "n_epochs": 20, "batch_size": 64, "learning_rate": 0.04}


def coloured():
    """Return fifty things in five colours each, a colour behind the other."""
    rng = np.random.default_rng(0)
    things, colours = rng.normal(size=(50, 1, 16)), 0.7 * rng.normal(size=(5, 16))
    return normalize((things + colours).reshape(250, 16))


def asked(things, *, k=3):
    """Return searches for each thing in tan, by that in red, among all fifty, and the rows that are right."""
    X, rows = coloured(), 5 * np.asarray(things)
    search = Search(product_top_k(X[rows], X, k), Q=X[rows], X=X, queries=["tan"] * len(rows))
    return search, [{int(row) + 4: 1.0, int(row): 0.0} for row in rows]


@pytest.fixture(scope="module")
def captioned():
    X = coloured()[:200]
    return LearnedComposition(ENCODER, **QUICK).fit(Search(Hits([[0]], [[1.0]]), X=X, items=WORDS * 40))


def share_right(ranker, search, y):
    first = ranker.rank(search).hits.ids[:, 0]
    return np.mean([grades.get(int(row), 0) > 0 for row, grades in zip(first, y, strict=True)])


def test_captions_teach_it_what_was_not_seen(captioned):
    search, y = asked(range(40, 50))
    assert share_right(captioned, search, y) >= 0.8
    assert max(share_right(ComposedQuery(ENCODER, alpha=a), search, y) for a in (0.2, 0.4, 0.6, 0.8)) <= 0.5
    assert captioned.losses_[-1] < captioned.losses_[0] / 2


@pytest.mark.parametrize("n_negatives", [0, 2])
def test_judgments_teach_it_what_was_not_seen(n_negatives):
    ranker = LearnedComposition(ENCODER, n_negatives=n_negatives, **QUICK).fit(*asked(range(40)))
    search, y = asked(range(40, 50))
    # Without wrong hits, nothing tells it that the reference itself is not what is wanted.
    assert share_right(ranker, search, y) >= (0.8 if n_negatives else 0.5)


def test_untrained_it_is_the_mean():
    search, y = asked(range(10))
    out = LearnedComposition(ENCODER, hidden=4, n_epochs=0).fit(search, y).rank(search)
    want = ComposedQuery(ENCODER).rank(search)
    np.testing.assert_allclose(out.Q, want.Q, atol=1e-5)
    np.testing.assert_array_equal(out.hits.ids, want.hits.ids)


def test_queries_are_those_of_the_network(captioned):
    import torch

    from inlay.nn.composition import Combiner

    network = Combiner(16, 32, 0.0).eval()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in captioned.weights_.items()})
    R = coloured()[::25]
    with torch.inference_mode():
        want = network(torch.from_numpy(R), torch.from_numpy(normalize(ENCODER.encode(WORDS * 2)))).numpy()
    np.testing.assert_allclose(captioned.compose(3 * R, WORDS * 2), want, atol=1e-5)
    weights = {name: value.astype(float) for name, value in captioned.weights_.items()}
    w = normalize(ENCODER.encode(["red"]))[0].astype(float)
    units = [
        max(0.0, float(weights[f"{name}.weight"][j] @ v + weights[f"{name}.bias"][j]))
        for name, v in (("of_reference", R[0]), ("of_wish", w))
        for j in range(32)
    ]
    joint, gate = (
        [max(0.0, float(weights[f"{n}.weight"][j] @ units + weights[f"{n}.bias"][j])) for j in range(32)]
        for n in ("joint", "gate")
    )
    share = 1 / (1 + np.exp(-(weights["share.weight"][0] @ gate + weights["share.bias"][0])))
    q = weights["correction.weight"] @ joint + weights["correction.bias"] + share * w + (1 - share) * R[0]
    np.testing.assert_allclose(captioned.compose(R[:1], ["red"])[0], q / np.linalg.norm(q), atol=1e-5)


def test_new_queries_are_as_long_as_the_old_and_nothing_found_stays_so(captioned):
    search, _ = asked(range(3))
    hits = Hits(np.where([[False], [True], [False]], -1, search.hits.ids), search.hits.scores)
    out = captioned.rank(Search(hits, Q=5 * search.Q, X=search.X, queries=search.queries))
    np.testing.assert_allclose(np.linalg.norm(out.Q, axis=1), 5, atol=1e-4)
    assert out.hits.counts.tolist() == [3, 0, 3]
    np.testing.assert_array_equal(out.Q[1], 5 * search.Q[1])


def test_triplets_of_captions_are_those_of_the_paper():
    import torch

    from inlay.nn import composition

    rng = np.random.default_rng(1)
    X, W = normalize(rng.normal(size=(6, 4))), normalize(rng.normal(size=(3, 4)))[[0, 0, 1, 1, 2, 2]]
    seen = []

    class Watched(composition.Combiner):
        def forward(self, r, w):
            seen.append((r, w))
            return super().forward(r, w)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composition, "Combiner", Watched)
        training = {"hidden": 2, "dropout": 0.0, "temperature": 0.1, "n_epochs": 1, "batch_size": 6}
        composition.learn_captioned(X, W, alpha=0.3, learning_rate=0.1, weight_decay=0.0, random_state=0, **training)
    for r, w in zip(*seen[0], strict=True):
        wanted = []
        for i in range(6):  # the item is known by its reference: one of the six that can be made
            others = [j for j in range(6) if j // 2 != i // 2]
            neighbour = max(others, key=lambda j: X[i] @ X[j])
            angle = np.arccos(X[i] @ X[neighbour])
            made = (np.sin(0.7 * angle) * X[i] + np.sin(0.3 * angle) * X[neighbour]) / np.sin(angle)
            wanted.append(np.abs(torch.cat([r, w]).numpy() - np.concatenate([made, W[i]])).max())
        assert min(wanted) < 1e-5


def test_between_the_same_and_the_opposite_there_is_a_straight_line():
    import torch

    from inlay.nn.composition import slerp

    a = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert slerp(a, torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), 0.25).tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_what_is_wrong_is_refused(captioned):
    search, y = asked(range(4))
    X, hits = search.X, search.hits
    quick = LearnedComposition(ENCODER, **QUICK)
    for call, error, message in (
        (lambda: quick.fit(search), ParameterError, "looks at items"),
        (lambda: quick.fit(Search(hits, X=X, items=["red"])), ShapeError, "one caption for each of 250 rows, got 1"),
        (lambda: quick.fit(Search(hits, X=X, items=["red"] * 250)), DataError, "two captions"),
        (lambda: quick.fit(search, y[1:]), ShapeError, "has 4 queries, but y has judgments for 3"),
        (lambda: quick.fit(search, [{250: 1}, *y[1:]]), ShapeError, "from 0 to 249; query 0 has 250"),
        (lambda: quick.fit(search, [{0: 0}] * 4), DataError, "y names none"),
        (lambda: quick.fit(Search(hits, Q=search.Q, X=X), y), ParameterError, "looks at queries"),
        (lambda: captioned.rank(Search(hits, Q=search.Q, X=X)), ParameterError, "looks at queries"),
        (lambda: captioned.compose(X[:1], [("tan", "red")]), ParameterError, "ComposedQuery for pairs"),
        (lambda: captioned.compose(X[:2], ["tan"]), ShapeError, "each of 2 references, got 1"),
        (lambda: captioned.compose(X[:1, :8], ["tan"]), ShapeError, "must have 16 columns, got 8"),
        (lambda: quick.rank(search), NotFittedError, "fit"),
    ):
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize(
    ("name", "value"),
    [("hidden", 0), ("batch_size", 1), ("temperature", 0.0), ("alpha", 1.1), ("dropout", 1.0), ("n_negatives", -1)],
)
def test_parameters_out_of_range_are_refused(name, value):
    with pytest.raises(ParameterError, match=name):
        LearnedComposition(ENCODER, **{name: value}).fit(*asked(range(4)))
