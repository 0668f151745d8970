"""Free vectors reach as many documents as published, whatever the threads; the steps are those of torch's Adam."""

import itertools

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from inlay.core.errors import ParameterError
from inlay.tasks.retrieval._capacity import _adam, _largest, _unit, critical_n, free_accuracy, published_fit


def test_the_fit_is_the_published_one():
    # Weller et al. name 500k documents for 512 dimensions and 250m for 4096
    assert published_fit(512) == pytest.approx(500e3, rel=0.03)
    assert published_fit(4096) == pytest.approx(250e6, rel=0.03)


def test_the_critical_number_grows_as_the_fit_does():
    measured = {dim: critical_n(dim) for dim in (4, 6, 8)}
    for dim, n in measured.items():
        assert abs(n - published_fit(dim)) <= 5, measured  # seeds differ by two
    assert measured[4] < measured[6] < measured[8]


def test_it_depends_on_the_seed_alone():
    with threadpool_limits(2):
        first = free_accuracy(11, 4, random_state=3)
    assert first == free_accuracy(11, 4, random_state=3)
    assert first < 1
    assert len({free_accuracy(11, 4, random_state=seed) for seed in range(4)}) > 1


def test_any_subset_size_works():
    assert free_accuracy(5, 2, k=1) == 1
    assert free_accuracy(6, 5, k=3) == 1
    assert free_accuracy(3, 2, k=3) == 1


def test_a_step_equals_torch():
    torch = pytest.importorskip("torch")
    n, dim, temperature = 5, 3, 0.1
    answers = np.array(list(itertools.combinations(range(n), 2)))
    rng = np.random.default_rng(0)
    Q, D = (_unit(rng.standard_normal((rows, dim)).astype(np.float32)) for rows in (len(answers), n))
    values = torch.tensor(np.concatenate([Q, D]), requires_grad=True)
    optimizer = torch.optim.Adam([values], lr=0.01)
    mine = np.concatenate([Q, D])
    moment, square = np.zeros_like(mine), np.zeros_like(mine)
    for step in (1, 2, 3):
        optimizer.zero_grad()
        logits = values[: len(answers)] @ values[len(answers) :].T / temperature
        (-logits.log_softmax(1).gather(1, torch.tensor(answers)).mean()).backward()
        _adam(mine, values.grad.numpy(), moment, square, step, 0.01)
        optimizer.step()
        with torch.no_grad():
            values /= values.norm(dim=1, keepdim=True)
        assert mine == pytest.approx(values.detach().numpy(), abs=1e-5)


@pytest.mark.parametrize("start", [1, 4, 20, 21, 22, 30, 90])
@pytest.mark.parametrize("limit", [3, 4, 21])
def test_the_search_finds_the_border_from_any_start(start, limit):
    asked = []
    assert _largest(lambda n: asked.append(n) or n <= limit, 2, start) == limit
    assert len(asked) == len(set(asked))
    assert _largest(lambda n: n <= 2, 2, start) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 1}, "1 <= k <= n"),
        ({"dim": 1}, "dim of at least 2"),
        ({"patience": 0}, "patience of at least 1"),
        ({"temperature": 0.0}, "above 0, got 0.01 and 0.0"),
    ],
)
def test_what_makes_no_sense_is_refused(change, message):
    with pytest.raises(ParameterError, match=message):
        free_accuracy(**{"n": 5, "dim": 3, **change})
