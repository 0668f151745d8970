"""Character transport: its parts by loops and by a second library, what it learns of names, and what it refuses."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.contracts import ScoresPairs
from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.nn import character_transport as network
from inlay.rankers.rerank import CharacterTransport

FIRST = ["Anna", "Emil", "Ida", "Olaf", "Ruth", "Hugo", "Karl", "Vera"]
LAST = ["Berg", "Falk", "Holm", "Lund", "Nord", "Dahl", "Krog", "Voss"]


def search_of(people):
    """Return a search in which initial and surname ask for surname and name, and the item of each query."""
    n = len(people)
    hits = Hits([range(n)] * n, np.zeros((n, n)))
    asked, items = [f"{a[0]}. {b}" for a, b in people], [f"{b}, {a}" for a, b in people]
    return Search(hits, queries=asked, items=items), [{i: 1.0} for i in range(n)]


KNOWN = [(a, b) for a in FIRST for b in LAST if (len(a) + len(b) + ord(a[0]) + ord(b[1])) % 4]
SMALL = {"dim": 16, "n_filters": 4, "n_layers": 1, "epsilon": 0.3, "max_length": 20, "learning_rate": 0.02}
NEW = [(a, b) for a in FIRST for b in LAST if (a, b) not in KNOWN]


@pytest.fixture(scope="module")
def ranker():
    return CharacterTransport(**SMALL, n_epochs=10).fit(*search_of(KNOWN))


def small(seed=0, **more):
    shape = {"dim": 3, "n_filters": 2, "n_layers": 2, "n_iterations": 300, "epsilon": 0.3, "max_length": 10}
    return network.made(9, seed, shape | more)


def codes(*rows, width=10):
    return torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])


def test_the_plan_is_that_of_pot():
    ot = pytest.importorskip("ot")
    net = small()
    a, b = codes([1, 2, 3, 4, 5], [6, 7]), codes([5, 4, 2], [3, 3, 8, 1])
    with torch.no_grad():
        H, G = net.encode(a), net.encode(b)
        pairs = (a > 0)[:, :, None] & (b > 0)[:, None, :]
        aligned = net.align(H, G, pairs.float()).numpy()
    for i, (n, m) in enumerate([(5, 3), (2, 4)]):
        S = (H[i, :n] @ G[i, :m].T).numpy().astype(float)
        plan = ot.sinkhorn(np.full(n, 1 / n), np.full(m, 1 / m), S.max() - S, 0.3, numItermax=5000, stopThr=1e-12)
        assert np.allclose(aligned[i, :n, :m], plan * S, atol=1e-5)
        assert not aligned[i, n:].any()
        assert not aligned[i, :, m:].any()


def test_the_encoding_is_that_of_an_lstm_over_the_string_alone():
    net = small()
    both = torch.nn.LSTM(3, 3, batch_first=True, bidirectional=True)
    both.load_state_dict(
        {
            name + end: part
            for way, end in ((net.ahead, ""), (net.back, "_reverse"))
            for name, part in way.state_dict().items()
        }
    )
    rows = [[1, 2, 3, 4, 5], [6], [8, 7, 6]]
    with torch.no_grad():
        H = net.encode(codes(*rows))
        for encoded, row in zip(H, rows, strict=True):
            want, _ = both(net.embedding(torch.tensor([row])))
            assert torch.allclose(encoded[: len(row)], want[0], atol=1e-6)
            assert not encoded[len(row) :].any()


def test_an_alignment_is_read_as_by_loops():
    net = small(n_layers=2)
    n, m, width = 5, 4, 6
    aligned = np.zeros((width, width))
    aligned[:n, :m] = np.random.default_rng(0).normal(size=(n, m))
    pairs = np.zeros((width, width), np.float32)
    pairs[:n, :m] = 1
    channels = aligned[None]
    for step, layer in enumerate(net.layers):
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        half = weight.shape[2] // 2
        given_ = channels if step == 0 else np.maximum(channels, 0)
        channels = np.zeros((len(weight), width, width))
        for f in range(len(weight)):
            for i in range(n):
                for j in range(m):
                    total = bias[f]
                    for c in range(len(given_)):
                        for di in range(-half, half + 1):
                            for dj in range(-half, half + 1):
                                if 0 <= i + di < n and 0 <= j + dj < m:
                                    total += weight[f, c, half + di, half + dj] * given_[c, i + di, j + dj]
                    channels[f, i, j] = total
    want = sum(
        net.weight[f, i, j].item() * channels[f, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
        for f in range(2)
        for i in range(3)
        for j in range(3)
    )
    with torch.no_grad():
        found = net.read(torch.tensor(aligned[None], dtype=torch.float32), torch.from_numpy(pairs[None]))
    assert np.isclose(float(found[0]), want, rtol=1e-4)


def test_it_learns_the_rule_for_people_it_never_saw(ranker):
    search, _ = search_of(NEW)
    first = ranker.rank(search).hits.ids[:, 0]
    assert (first == np.arange(len(NEW))).mean() > 0.8
    assert ranker.losses_[-1] < 0.3 < ranker.losses_[0]
    untrained = CharacterTransport(**SMALL, n_epochs=0).fit(*search_of(KNOWN))
    assert (untrained.rank(search).hits.ids[:, 0] == np.arange(len(NEW))).mean() < 0.5


def test_rank_orders_by_the_scores_of_pairs(ranker):
    search, _ = search_of(NEW[:5])
    search = Search(Hits([[3, 1, 0], [2, 4, -1], [-1] * 3, [0, 1, 2], [4, 3, 2]], np.zeros((5, 3))), **_texts(search))
    found = ranker.rank(search).hits
    assert isinstance(ranker, ScoresPairs)
    assert found.counts.tolist() == [3, 2, 0, 3, 3]
    for i, ids in enumerate(found.ids):
        real = ids[ids >= 0]
        assert sorted(real) == sorted(search.hits.ids[i][search.hits.ids[i] >= 0])
        want = ranker.score_pairs([search.queries[i]] * len(real), [search.items[j] for j in real])
        assert np.allclose(found.scores[i, : len(real)], want, rtol=1e-5, atol=1e-5)


def _texts(search):
    return {"queries": search.queries, "items": search.items}


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.text("Aabc. é", max_size=12), st.text("ABab, x", max_size=30)), min_size=2, max_size=6))
def test_a_score_does_not_depend_on_the_pairs_beside_it(ranker, pairs):
    together = ranker.score_pairs(*zip(*pairs, strict=True))
    alone = [ranker.score_pairs([a], [b])[0] for a, b in pairs]
    assert np.allclose(together, alone, rtol=1e-4, atol=1e-4)


def test_only_the_first_characters_count_and_strange_ones_are_alike(ranker):
    a, b = "A. Berg", "Berg, Anna"
    assert "☃" not in ranker.characters_
    long = ["x" * 20 + end for end in ("", "y", "zzz")]
    assert len(set(ranker.score_pairs([a] * 3, long).tolist())) == 1
    one, two = ranker.score_pairs([a] * 2, [b + "☃", b + "☂"])
    assert one == two


def test_steps_of_any_size_give_the_same(ranker, monkeypatch):
    search, _ = search_of(NEW)
    want = ranker.rank(search).hits
    monkeypatch.setattr(network, "AT_ONCE", 1)
    again = ranker.rank(search).hits
    assert np.array_equal(again.ids, want.ids)
    assert np.allclose(again.scores, want.scores, rtol=1e-4, atol=1e-4)


def test_wrong_items_are_other_hits_and_any_rows_but_none_that_are_named(monkeypatch):
    seen, weights = [], []

    class Spy(network.Aligner):
        def score(self, H, G, a, b):
            seen.append(G[:, 0, 0].detach().round().long().numpy())
            return super().score(H, G, a, b)

        def encode(self, codes):
            H = super().encode(codes)
            return torch.cat([codes[:, :1, None] + 0 * H[:, :1, :1], H[:, 1:, :1]], dim=1)

    softplus = torch.nn.functional.softplus
    monkeypatch.setattr(torch.nn.functional, "softplus", lambda x: weights.append(x.shape) or softplus(x))
    with network.seeded(0):
        net = Spy(9, dim=2, n_filters=1, n_layers=1, n_iterations=1, epsilon=1.0, max_length=2)
    items = np.array([[code, 0] for code in (2, 3, 4, 5, 6)])
    more = {"n_negatives": 2, "n_epochs": 80, "batch_size": 2, "learning_rate": 1e-6, "random_state": 0}
    network.learn(net, items[:2], items, np.array([[0, 0], [1, 4]]), np.array([[0, 1], [3, -1]]), **more)
    assert set(weights) == {(2, 2)}
    rows = np.concatenate([one[:2] for one in seen]) - 2, np.stack([one[2:].reshape(2, 2) for one in seen]) - 2
    assert set(rows[0].tolist()) == {0, 4}
    named = rows[0].reshape(-1, 2)
    assert set(rows[1][:, :, 0][named == 0].tolist()) == {0, 1}  # hits of the first, its own left out by the loss
    assert set(rows[1][:, :, 0][named == 4].tolist()) == {3}
    assert set(rows[1][:, :, 1].ravel().tolist()) == set(range(5))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"dim": 0}, "dim must be at least 1, got 0"),
        ({"n_layers": 5}, "n_layers must be at least 1 and at most 4, got 5"),
        ({"max_length": 1}, "max_length must be at least 2, got 1"),
        ({"n_negatives": 0}, "n_negatives must be at least 1"),
        ({"epsilon": 0.0}, "epsilon must be above 0, got 0.0"),
        ({"learning_rate": -1.0}, "learning_rate must be above 0"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, said):
    with pytest.raises(ParameterError, match=said):
        CharacterTransport(**parameters).fit(*search_of(KNOWN[:5]))


def test_what_it_cannot_learn_from_is_refused(ranker):
    search, y = search_of(KNOWN[:5])
    with pytest.raises(ParameterError, match="learns from judgments"):
        CharacterTransport().fit(search)
    with pytest.raises(ShapeError, match="has 5 queries, but y has judgments for 4"):
        CharacterTransport().fit(search, y[1:])
    with pytest.raises(DataError, match=r"no grade in y is above 0"):
        CharacterTransport().fit(search, [{0: 0.0}] * 5)
    with pytest.raises(ShapeError, match="from 0 to 4; query 4 has 7"):
        CharacterTransport().fit(search, [*y[:4], {7: 1.0}])
    with pytest.raises(ParameterError, match="looks at queries and items"):
        CharacterTransport().fit(Search(search.hits), y)
    with pytest.raises(DataError, match="an item is int: 3"):
        CharacterTransport().fit(Search(search.hits, queries=search.queries, items=[3, "a", "b", "c", "d"]), y)
    with pytest.raises(ParameterError, match="lower learning_rate, which is 1e\\+30"):
        CharacterTransport(dim=2, n_filters=1, n_epochs=2, learning_rate=1e30).fit(search, y)


def test_what_it_cannot_rank_is_refused(ranker):
    search, _ = search_of(NEW)
    with pytest.raises(NotFittedError):
        CharacterTransport().rank(search)
    with pytest.raises(ShapeError, match="was found, but there are 2 items"):
        ranker.rank(Search(search.hits, queries=search.queries, items=["a", "b"]))
    with pytest.raises(ShapeError, match="1 queries, 2 items"):
        ranker.score_pairs(["a"], ["b", "c"])
    assert ranker.score_pairs([], []).shape == (0,)


def test_a_fit_that_bursts_leaves_what_was_learned():
    search, y = search_of(KNOWN[:5])
    ranker = CharacterTransport(dim=2, n_filters=1, n_epochs=1).fit(search, y)
    before = ranker.rank(search).hits
    other, y = search_of(KNOWN[5:12])
    with pytest.raises(ParameterError, match="lower learning_rate"):
        ranker.set_params(learning_rate=1e30, n_epochs=2).fit(other, y)
    np.testing.assert_array_equal(ranker.rank(search).hits.scores, before.scores)
    assert np.isfinite(ranker.losses_).all()
