"""Training of small modules on vectors in memory: seeded, and without a trace in the global random state."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

THREADS = 1  # of training, on any machine


@contextmanager
def same_threads() -> Iterator[None]:
    """Let torch compute on `THREADS` threads within the block.

    Sums are split over threads, and rounded otherwise with each number of them; in many steps of training that adds
    up. Small modules gain a tenth from a second thread, and on a busy machine wait for it ten times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def seeded(random_state: int) -> Iterator[None]:
    """Let torch draw from a seed of its own within the block, so that modules made there are always the same.

    The random state that was there before comes back afterwards.

    Examples
    --------
    >>> with seeded(0):
    ...     weight = torch.nn.Linear(2, 1).weight
    >>> with seeded(0):
    ...     bool((torch.nn.Linear(2, 1).weight == weight).all())
    True
    """
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(random_state)
        yield


def minimize(
    parameters: Iterable[Tensor],
    loss: Callable[[Tensor], Tensor],
    n: int,
    *,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float = 0.0,
    random_state: int = 0,
    after_step: Callable[[], object] | None = None,
) -> list[float]:
    """Minimise a loss over the rows of a data set by AdamW, and return its mean in each epoch.

    What comes of it does not depend on the number of threads that the machine has.

    Parameters
    ----------
    parameters : tensors that are learned.
    loss : takes the row numbers of a batch, int64, and returns a scalar.
    n : rows.
    n_epochs : passes over all rows.
    batch_size : rows of a batch; the last batch of an epoch may be smaller, and is left out where it alone is a single
        row.
    learning_rate : at the start; it falls to zero along a cosine.
    weight_decay : as in AdamW.
    random_state : seed of the order of rows, and of what `loss` draws from torch.
    after_step : called after each step, to bring parameters back to where they may be.

    Returns
    -------
    list of float
        Non-finite numbers are the caller's to look at.

    Examples
    --------
    >>> x = torch.zeros(1, requires_grad=True)
    >>> target = torch.tensor([1.0, 3.0])
    >>> losses = minimize([x], lambda rows: ((x - target[rows]) ** 2).mean(), 2, n_epochs=200, batch_size=2,
    ...                   learning_rate=0.1)
    >>> round(x.item(), 2), round(losses[-1], 2)
    (2.0, 1.0)
    """
    held = list(parameters)
    optimizer = torch.optim.AdamW(held, lr=learning_rate, weight_decay=weight_decay)
    steps = max(1, n_epochs * -(-n // batch_size))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    means = []
    with seeded(random_state), same_threads():
        for _ in range(n_epochs):
            total, seen = 0.0, 0
            for rows in torch.split(torch.randperm(n), batch_size):
                if len(rows) == 1 < min(n, batch_size):
                    continue
                optimizer.zero_grad()
                value = loss(rows)
                value.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                if after_step is not None:
                    with torch.no_grad():
                        after_step()
                total, seen = total + value.item() * len(rows), seen + len(rows)
            means.append(total / max(seen, 1))
    return means
