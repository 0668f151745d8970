"""Recommendation equals loops over the definition, with seen items left out, and popularity is its own baseline."""

import math

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.items import Recommendation

RNG = np.random.default_rng(6)
PAIRS = RNG.permutation(np.unique(RNG.integers(0, [15, 40], (260, 2)), axis=0))
TRAIN, TEST = PAIRS[:150], PAIRS[140:]  # some are in both
DATA = {
    "train_user": [f"u{u}" for u in TRAIN[:, 0]],
    "train_item": TRAIN[:, 1].tolist(),
    "user": [f"u{u}" for u in TEST[:, 0]],
    "item": TEST[:, 1],
}


class Drawn:
    """Vectors at random, the same for the same item; knows what it was asked for in which role."""

    def encode(self, items, *, role="document"):
        self.asked = {**getattr(self, "asked", {}), role: list(items)}
        return np.stack([np.random.default_rng(list(str(item).encode())).standard_normal(6) for item in items])


def looped(score, k):
    """Recall and nDCG at k for each user, by the definition."""
    recalls, ndcgs = [], []
    items = sorted(set(PAIRS[:, 1].tolist()), key=lambda i: [*TRAIN[:, 1], *TEST[:, 1]].index(i))
    for user in range(15):
        seen = {i for u, i in TRAIN.tolist() if u == user}
        later = {i for u, i in TEST.tolist() if u == user} - seen
        if later:
            ranked = sorted((i for i in items if i not in seen), key=lambda i: -score(user, i))[:k]
            recalls.append(len(later & set(ranked)) / len(later))
            gain = sum(1 / math.log2(place + 2) for place, i in enumerate(ranked) if i in later)
            ndcgs.append(gain / sum(1 / math.log2(place + 2) for place in range(min(k, len(later)))))
    return np.mean(recalls), np.mean(ndcgs)


def test_equals_loops_over_the_definition():
    encoder = Drawn()
    Q = {u: encoder.encode([f"u{u}"])[0] for u in range(15)}
    X = {i: encoder.encode([i])[0] for i in range(40)}
    count = np.bincount(TRAIN[:, 1], minlength=40)
    got = {reading.name: reading.value for reading in Recommendation(DATA, ks=(5, 2, 100)).run(encoder)}
    assert next(iter(got)) == "recall_at_5"
    for k in (5, 2, 100):
        for prefix, score in (("", lambda u, i: Q[u] @ X[i]), ("baseline_popularity_", lambda _, i: count[i])):
            found = got[f"{prefix}recall_at_{k}"], got[f"{prefix}ndcg_at_{k}"]
            assert found == pytest.approx(looped(score, k)), (prefix, k)
    assert got["recall_at_100"] == 1


def test_users_are_queries_and_items_documents():
    encoder = Drawn()
    Recommendation(DATA).run(encoder)
    assert set(encoder.asked["query"]) == set(DATA["user"])
    assert set(encoder.asked["document"]) == set(PAIRS[:, 1].tolist())


class Known:
    """Users and items of one group are near each other."""

    def encode(self, items, *, role="document"):
        return np.eye(4)[[int(str(item).lstrip("u")) % 4 for item in items]]


def test_groups_are_found_by_those_who_see_them():
    pairs = [(f"u{u}", i) for u in range(20) for i in range(40) if u % 4 == i % 4]
    data = {
        "train_user": [u for u, i in pairs if i < 20],
        "train_item": [i for _, i in pairs if i < 20],
        "user": [u for u, i in pairs if i >= 20],
        "item": [i for _, i in pairs if i >= 20],
    }
    got = {reading.name: reading.value for reading in Recommendation(data, ks=(5,)).run(Known())}
    assert got["recall_at_5"] == got["ndcg_at_5"] == 1
    assert got["baseline_popularity_recall_at_5"] < 0.5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({**DATA, "item": [1]}, "one length"),
        ({"user": [1], "item": [1]}, "needs the columns train_user, train_item"),
        (
            {"user": [1], "item": [1], "train_user": [1], "train_item": [1]},
            "not in the train part|has not in the train",
        ),
    ],
)
def test_says_what_is_wrong_with_the_data(data, message):
    with pytest.raises(DataError, match=message):
        Recommendation(data).run(Drawn())


@pytest.mark.parametrize("ks", [(), (0,)])
def test_cut_offs_have_to_be_positive(ks):
    with pytest.raises(ParameterError, match="at least 1, got"):
        Recommendation(DATA, ks=ks).run(Drawn())


class Flat:
    """Vectors of two numbers, quick to make."""

    def encode(self, items, *, role="document"):
        return np.random.default_rng(0).standard_normal((len(items), 2))


@pytest.mark.data
@pytest.mark.slow
def test_popularity_and_chance_on_gowalla():
    got = {reading.name: reading.value for reading in Recommendation().run(Flat())}
    assert got["baseline_popularity_recall_at_20"] == pytest.approx(0.0416, abs=0.0001)
    assert got["baseline_popularity_ndcg_at_20"] == pytest.approx(0.0317, abs=0.0001)
    assert got["recall_at_20"] < 0.01
