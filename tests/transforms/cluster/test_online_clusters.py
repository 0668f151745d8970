"""OnlineClusters against the algorithm written out, the cuts of a stream, bounded memory, and what it refuses."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.cluster import OnlineClusters


def walk(n=200, dim=3, seed=0):
    """A stream that visits five places in turn, with chance."""
    rng = np.random.default_rng(seed)
    places = 4 * rng.normal(size=(5, dim))
    return (places[rng.integers(5, size=n)] + 0.6 * rng.normal(size=(n, dim))).astype(np.float32)


def written_out(X, m):
    """The algorithm of the paper, with lists."""
    draws = np.random.Generator(np.random.Philox(key=m.random_state)).random((len(X), 4))
    atoms, counts, scale, distances = [], [], 0.0, 0
    for e, u in zip(X.astype(np.float64), draws, strict=True):
        far = [sum((a - b) ** 2 for a, b in zip(f, e, strict=True)) for f in atoms]
        if atoms:
            distances += 1
            near = sorted(far)[: m.k]
            weight = max(m.rate, 1 / distances)
            scale = (1 - weight) * scale + weight * sum(near) / len(near)
        counts = [m.decay * c for c in counts]
        best = far.index(min(far)) if atoms else None
        is_far = best is None or far[best] > m.tolerance_ratio * scale
        if is_far and len(atoms) < m.n_atoms:
            atoms.append(e.copy())
            counts.append(1.0)
        elif is_far and u[0] < m.insertion:
            odds = np.array([1 / c**2 for c in counts])
            gone = int(np.searchsorted(np.cumsum(odds / odds.sum()), u[1]))
            others = [j for j in range(len(atoms)) if j != gone]
            heir = min(others, key=lambda j: ((atoms[j] - atoms[gone]) ** 2).sum())
            counts[heir] += counts[gone]
            atoms[gone], counts[gone] = e.copy(), 1.0
        else:
            atoms[best] = counts[best] / (counts[best] + 1) * atoms[best] + e / (counts[best] + 1)
            counts[best] += 1
    return np.array(atoms), np.array(counts), scale


@pytest.mark.parametrize(
    "parameters", [{}, {"n_atoms": 6, "k": 3, "decay": 0.95, "insertion": 0.5, "rate": 0.1, "random_state": 3}]
)
def test_it_is_the_algorithm_written_out(parameters):
    X, method = walk(), OnlineClusters(**parameters)
    atoms, counts, scale = written_out(X, method)
    method.fit(X)
    np.testing.assert_allclose(method.atoms_, atoms, atol=1e-9)
    np.testing.assert_allclose(method.counts_, counts, atol=1e-9)
    assert method.scale_ == pytest.approx(scale)
    far = ((X[:20, None].astype(np.float64) - atoms) ** 2).sum(axis=2)
    kernel = (far < scale) / (1 + far / (method.sharpness * scale))
    np.testing.assert_allclose(method.visits(X[:20]), (kernel * (1 + counts)).sum(axis=1), rtol=1e-5)
    novelty = 1 / (np.sqrt((kernel * (1 + counts)).sum(axis=1)) + method.floor)
    np.testing.assert_allclose(method.transform(X[:20])[:, 0], novelty, rtol=1e-5)


def test_how_a_stream_is_cut_changes_nothing():
    X = walk()
    whole, parts = (OnlineClusters(n_atoms=6, k=2, insertion=0.5) for _ in range(2))
    whole.fit(X)
    for start in (0, 1, 50, 163):
        parts.partial_fit(X[start : {0: 1, 1: 50, 50: 163, 163: 200}[start]])
    assert np.array_equal(parts.atoms_, whole.atoms_)
    assert np.array_equal(parts.counts_, whole.counts_)
    assert (parts.scale_, parts.n_seen_) == (whole.scale_, 200)


def test_a_loaded_one_goes_on(tmp_path):
    X = walk()
    whole = OnlineClusters(n_atoms=6).fit(X)
    OnlineClusters(n_atoms=6).fit(X[:90]).save(tmp_path)
    loaded = OnlineClusters.load(tmp_path, mmap=True).partial_fit(X[90:])
    assert np.array_equal(loaded.atoms_, whole.atoms_)


def test_memory_is_bounded_and_counts_are_kept_without_decay():
    X = np.random.default_rng(0).normal(size=(500, 4))
    found = OnlineClusters(n_atoms=20, insertion=1.0, decay=1.0).fit(X)
    assert found.atoms_.shape == (20, 4)
    assert found.counts_.sum() == pytest.approx(500)
    assert OnlineClusters(n_atoms=20, insertion=1.0, decay=0.9).fit(X).counts_.sum() == pytest.approx(10, rel=0.01)


def test_novelty_falls_with_visits_and_comes_back_with_time():
    X = walk()
    stream = OnlineClusters(n_atoms=50, decay=0.98).fit(X)
    place = np.full((1, 3), 20.0)
    seen = [stream.transform(place).item()]
    assert seen[0] == pytest.approx(100)
    for _ in range(5):
        seen.append(stream.partial_fit(place).transform(place).item())
    assert seen == sorted(seen, reverse=True)
    assert stream.partial_fit(X).transform(place).item() > seen[-1]


def test_what_is_wrong_is_refused():
    for parameters, message in (
        ({"n_atoms": 0}, "n_atoms must be at least 1, got 0"),
        ({"k": 0}, "k must be at least 1"),
        ({"decay": 0}, "decay must be above 0"),
        ({"decay": 1.1}, "decay must be above 0 and at most 1"),
        ({"insertion": -0.1}, "insertion must be at least 0 and at most 1"),
        ({"floor": 0}, "floor must be above 0"),
    ):
        with pytest.raises(ParameterError, match=message):
            OnlineClusters(**parameters).fit(walk(9))
    with pytest.raises(ShapeError, match="3 features"):
        OnlineClusters().fit(walk(9)).partial_fit(np.ones((2, 4)))
