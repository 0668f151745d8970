"""KnowledgeLinkPrediction equals loops over the definition, asks a model for its own scores, and refuses bad ones."""

import numpy as np
import pytest

from inlay.core.errors import DataError
from inlay.tasks.knowledge import KnowledgeLinkPrediction

RNG = np.random.default_rng(2)
TRIPLES = np.unique(RNG.integers(0, [12, 3, 12], (150, 3)), axis=0)
TRIPLES = RNG.permutation(TRIPLES)
PARTS = {"train_": TRIPLES[:80], "valid_": TRIPLES[80:100], "": TRIPLES[100:]}
DATA = {
    prefix + name: [f"{'r' if side == 1 else 'e'}{x}" for x in part[:, side]]
    for prefix, part in PARTS.items()
    for side, name in enumerate(("head", "relation", "tail"))
}
KNOWN = set(map(tuple, TRIPLES.tolist()))
ENTITIES = sorted({name for column, names in DATA.items() for name in names if "relation" not in column})


class Drawn:
    """Vectors at random, the same for the same item, in few steps so that scores are equal at times."""

    def encode(self, items, *, role="document"):
        self.roles = {*getattr(self, "roles", ()), (items[0][0], role)}
        return np.stack([np.random.default_rng([ord(x) for x in item]).integers(-1, 2, 2) for item in items])


def looped(score):
    """Ranks (triples, 2) by counting, heads first, and how many entities each is ranked among."""
    ranks, among = [], []
    for h, r, t in PARTS[""].tolist():
        for triple, name in (((None, r, t), h), ((h, r, None), t)):
            filled = [tuple(e if x is None else x for x in triple) for e in range(12) if f"e{e}" in ENTITIES]
            true = tuple(name if x is None else x for x in triple)
            others = [score(f) for f in filled if f == true or f not in KNOWN]
            best = sum(s > score(true) for s in others) + 1
            worst = sum(s >= score(true) for s in others)
            ranks.append((best + worst) / 2)
            among.append(len(others))
    return np.array(ranks).reshape(-1, 2), np.array(among).reshape(-1, 2)


def test_equals_loops_over_the_definition():
    encoder = Drawn()
    got = {reading.name: reading.value for reading in KnowledgeLinkPrediction(DATA).run(encoder)}
    E, R = ({i: encoder.encode([f"{x}{i}"])[0] for i in range(12)} for x in "er")
    ranks, among = looped(lambda f: -((E[f[0]] + R[f[1]] - E[f[2]]) ** 2).sum())
    assert next(iter(got)) == "mrr"
    assert (ranks % 1).any()  # there are ties
    assert got["mrr"] == pytest.approx(np.mean(1 / ranks))
    for k in (1, 3, 10):
        assert got[f"hits_at_{k}"] == pytest.approx(np.mean(ranks <= k))
    assert got["mean_rank"] == pytest.approx(np.mean(ranks))
    assert [got["head_mrr"], got["tail_mrr"]] == pytest.approx((1 / ranks).mean(0))
    expected = np.mean((among + 1) / 2)
    assert got["adjusted_mean_rank_index"] == pytest.approx(1 - (np.mean(ranks) - 1) / (expected - 1))


def test_the_baseline_counts_the_train_part():
    def tails(f, true_side):
        return sum(tuple(t[[1, true_side]]) == (f[1], f[true_side]) for t in PARTS["train_"])

    got = {reading.name: reading.value for reading in KnowledgeLinkPrediction(DATA).run(Drawn())}
    head, tail = (looped(lambda f, s=side: tails(f, s))[0][:, side // 2] for side in (0, 2))
    assert got["baseline_frequency_mrr"] == pytest.approx(np.mean([1 / head, 1 / tail]))


def test_entities_are_documents_and_relations_queries():
    encoder = Drawn()
    KnowledgeLinkPrediction(DATA).run(encoder)
    assert encoder.roles == {("e", "document"), ("r", "query")}


class Model:
    """Knows all triples; `sign` -1 has them last."""

    def __init__(self, sign=1):
        self.sign = sign

    def score_tails(self, heads, relations, entities):
        known = {(f"e{h}", f"r{r}", f"e{t}") for h, r, t in KNOWN}
        rows = [[(h, r, e) in known for e in entities] for h, r in zip(heads, relations, strict=True)]
        return np.array(rows) * float(self.sign)

    def score_heads(self, relations, tails, entities):
        known = {(f"e{h}", f"r{r}", f"e{t}") for h, r, t in KNOWN}
        rows = [[(e, r, t) in known for e in entities] for r, t in zip(relations, tails, strict=True)]
        return np.array(rows) * float(self.sign)


def test_a_model_with_scores_is_asked_for_them():
    right = {r.name: r.value for r in KnowledgeLinkPrediction(DATA).run(Model())}
    assert all(right[name] == 1 for name in ("mrr", "hits_at_1", "mean_rank", "adjusted_mean_rank_index"))
    wrong = {r.name: r.value for r in KnowledgeLinkPrediction(DATA).run(Model(-1))}
    assert wrong["hits_at_1"] == 0
    assert wrong["adjusted_mean_rank_index"] == pytest.approx(-1)


def test_equal_scores_for_all_are_chance():
    got = {r.name: r.value for r in KnowledgeLinkPrediction(DATA).run(Model(0))}
    assert got["adjusted_mean_rank_index"] == pytest.approx(0)


def test_blocks_do_not_matter(monkeypatch):
    want = KnowledgeLinkPrediction(DATA).run(Drawn())
    monkeypatch.setattr("inlay.tasks.knowledge.knowledge_link_prediction._BLOCK", 30)
    assert KnowledgeLinkPrediction(DATA).run(Drawn()) == want


class Broken(Model):
    """Scores of wrong shape."""

    def score_heads(self, relations, tails, entities):
        return super().score_heads(relations, tails, entities)[:, 1:]


class Unequal(Drawn):
    """Longer vectors for relations."""

    def encode(self, items, *, role="document"):
        X = super().encode(items, role=role)
        return X if role == "document" else np.hstack([X, X])


@pytest.mark.parametrize(
    ("data", "model", "message"),
    [
        (DATA, Broken(), r"needs finite scores of shape \(\d+, 12\), got the shape \(\d+, 11\)"),
        (DATA, Unequal(), "Entities have vectors of 2 numbers, relations of 4"),
        ({name: DATA[name] for name in ("head", "relation", "tail")}, Model(), "needs the columns train_head"),
        ({**DATA, "valid_tail": ["e1"]}, Model(), "one length"),
        ({key: ["e1"] for key in DATA}, Model(), "needs two entities"),
    ],
)
def test_says_what_is_wrong(data, model, message):
    with pytest.raises(DataError, match=message):
        KnowledgeLinkPrediction(data).run(model)


@pytest.mark.data
def test_random_vectors_are_chance_on_real_facts():
    got = {reading.name: reading.value for reading in KnowledgeLinkPrediction("umls").run(Drawn())}
    assert abs(got["adjusted_mean_rank_index"]) < 0.15
    assert got["baseline_frequency_mrr"] > 2 * got["mrr"]
