"""The gate of TreeHop against loops, its start, and its training."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs pip install 'inlay[nn]'")
import torch

from inlay.nn.training import seeded
from inlay.nn.tree_hop import TreeHopGate, train_tree_hop, tree_hop_gate


def by_hand(gate, q, d):
    """Return the next query of one pair, head by head."""
    w = {name: value.detach().numpy().astype(np.float64) for name, value in gate.state_dict().items()}
    heads, width = gate.shape
    out = []
    for h in range(heads):
        part = slice(h * width, (h + 1) * width)
        a, b, v = (
            w[f"of_{n}.weight"][part] @ x + w[f"of_{n}.bias"][part] for n, x in (("query", q), ("key", d), ("value", d))
        )
        e = np.exp(a * b / np.sqrt(width))
        attended = width * e / e.sum() * v
        x = attended
        for layer in range(len(w["layers"]) - 1):
            unit = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
            x = x + np.maximum(unit @ w["layers"][layer, h] + w["shifts"][layer, h, 0], 0)
        out.append(x @ w["layers"][-1, h] + w["shifts"][-1, h, 0] + attended)
    return q - d + w["back.weight"] @ np.concatenate(out)


def test_the_gate_is_what_the_loops_say_and_pairs_do_not_meet():
    with seeded(0):
        gate = TreeHopGate(7, 5, 3, 2)
        for value in gate.parameters():
            torch.nn.init.normal_(value)
    rng = np.random.default_rng(0)
    q, d = rng.normal(size=(2, 6, 7))
    weights = {name: value.detach().numpy() for name, value in gate.state_dict().items()}
    with torch.inference_mode():
        got = tree_hop_gate(weights)(torch.from_numpy(q), torch.from_numpy(d)).numpy()
    np.testing.assert_allclose(got, [by_hand(gate, a, b) for a, b in zip(q, d, strict=True)], atol=1e-8)


@pytest.mark.parametrize(("dim_hidden", "n_heads"), [(32, 1), (16, 2), (24, 3)])
def test_the_first_next_query_is_the_query_and_the_passage(dim_hidden, n_heads):
    with seeded(0):
        gate = TreeHopGate(32, dim_hidden, n_heads, 2)
    q, d = torch.nn.functional.normalize(torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(0)), dim=2)
    # All but the weights of the softmax, which are close to even for vectors of length one.
    torch.testing.assert_close(gate(q, d).detach(), q + d, atol=0.05, rtol=0)
    torch.nn.init.zeros_(gate.of_query.weight)
    torch.nn.init.zeros_(gate.of_query.bias)
    torch.testing.assert_close(gate(q, d).detach(), q + d)


def test_training_learns_a_rule_and_spares_what_is_relevant():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 16)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    hops = np.array([[i, i, 20 + i] for i in range(20)])
    relevant = hops[:, 1:]
    negatives = (relevant[:, 1:] - 20 + 1) % 20 + 20
    given = {"dim_hidden": 8, "n_heads": 2, "n_layers": 1, "temperature": 0.1, "batch_size": 8}
    given |= {"learning_rate": 0.05, "random_state": 0}
    freely, losses = train_tree_hop(X[:20], X, hops, relevant, negatives, **given, n_epochs=40, weight_decay=0.0)
    assert losses[-1] < 0.2 * losses[0]
    # Weight decay holds the weights near the start, where training without an epoch leaves them.
    start, none = train_tree_hop(X[:20], X, hops, relevant, negatives, **given, n_epochs=0, weight_decay=0.0)
    held, _ = train_tree_hop(X[:20], X, hops, relevant, negatives, **given, n_epochs=40, weight_decay=10.0)
    far, near = (max(float(np.abs(made[name] - start[name]).max()) * 4 for name in start) for made in (freely, held))
    assert none == []
    assert near < 0.15 < far
    # Where all that could be wrong is relevant, only the target is left, and nothing is to be learned.
    every = np.tile(np.arange(40), (20, 1))
    _, losses = train_tree_hop(X[:20], X, hops, every, negatives, **given, n_epochs=1, weight_decay=0.0)
    assert losses == [0.0]
