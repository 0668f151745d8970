"""How many documents vectors of a dimension can tell apart, measured on free vectors.

No text and no model: the vectors of documents and queries are optimised themselves, so that every pair of documents
should be the answer of one query. What they cannot do, no encoder of that dimension does when trained in this way.
"""

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray

_CHECKED = 50  # steps between two looks at the accuracy
_DECAYS = (0.9, 0.999)  # of Adam
_EPSILON = 1e-8


def published_fit(dim: int) -> float:
    """Return the critical number of documents of `dim` dimensions by the fit that Weller et al. publish for k = 2.

    Examples
    --------
    >>> round(published_fit(16), 1)
    82.4
    """
    return float(-10.5322 + 4.0309 * dim + 0.0520 * dim**2 + 0.0037 * dim**3)


def critical_n(dim: int, *, k: int = 2, random_state: int = 0) -> int:
    """Find the largest number of documents all of whose k-subsets free vectors of `dim` dimensions can return.

    For n documents there are as many queries as subsets of k; `free_accuracy` optimises all their vectors. The search
    starts at the published fit, goes up or down in steps that double, and halves what is left; as in the source, it
    takes for granted that what is reached for n is reached for less. For k = 2, the dimensions 4 and 8 take seconds,
    and 16 takes less than a minute. Seeds differ by two or three documents at dimension 16, and so may processors.

    What is found belongs to the optimiser and not to geometry alone: of points on the moment curve in 2k dimensions,
    however many, a query can have each k-subset in front, but gradients do not find them.

    Parameters
    ----------
    dim : at least 2.
    k : documents that answer a query, at least 1.
    random_state : seed of the first vectors.

    References
    ----------
    Weller, Boratko, Naim, Lee (2025). On the Theoretical Limitations of Embedding-Based Retrieval. arXiv:2508.21038

    Examples
    --------
    >>> critical_n(4)
    9
    """
    return _largest(lambda n: free_accuracy(n, dim, k=k, random_state=random_state) >= 1, k, round(published_fit(dim)))


def free_accuracy(
    n: int,
    dim: int,
    *,
    k: int = 2,
    learning_rate: float = 0.01,
    temperature: float = 0.1,
    n_steps: int = 100_000,
    patience: int = 1000,
    min_gain: float = 1e-5,
    random_state: int = 0,
) -> float:
    r"""Optimise free vectors so that each k-subset of `n` documents is the answer of a query; return how far it went.

    Adam lowers InfoNCE over all documents, with all queries in one batch,

    .. math:: L = -\frac{1}{|Q| k} \sum_{q} \sum_{j \in R_q} \log
              \frac{\exp(q \cdot d_j / \tau)}{\sum_{i=1}^{n} \exp(q \cdot d_i / \tau)}

    and all vectors are scaled to length one after each step. It stops when the answers are perfect, or the loss has
    not fallen by `min_gain` for `patience` steps. The settings are those of the published code, whose loss is the mean
    over a query's documents, as written here. It runs in one thread, so that their number changes nothing.

    Parameters
    ----------
    n : documents, at least `k`.
    dim : at least 2.
    k : documents that answer a query, at least 1.
    learning_rate : above 0.
    temperature : above 0.
    n_steps : the most steps, at least 1.
    patience : steps without gain after which it stops, at least 1.
    min_gain : of the loss.
    random_state : seed of the first vectors.

    Returns
    -------
    The best share, 0 to 1, of relevant documents among the k best, over the times that it was looked at.

    Examples
    --------
    >>> free_accuracy(4, dim=3)
    1.0
    """
    if not (1 <= k <= n and dim >= 2 and n_steps >= 1 and patience >= 1):
        raise ParameterError(
            f"Needs 1 <= k <= n, and dim of at least 2, n_steps and patience of at least 1; got k={k}, n={n}, "
            f"dim={dim}, n_steps={n_steps}, patience={patience}."
        )
    if not (learning_rate > 0 and temperature > 0):
        raise ParameterError(f"learning_rate and temperature must be above 0, got {learning_rate} and {temperature}.")
    answers = np.array(list(itertools.combinations(range(n), k)))
    rng = np.random.default_rng(random_state)
    Q, D = (_unit(rng.standard_normal((rows, dim), np.float32)) for rows in (len(answers), n))
    with threadpool_limits(1):
        return _optimise(Q, D, answers, learning_rate, temperature, n_steps, patience, min_gain)


def _optimise(
    Q: FloatArray,
    D: FloatArray,
    answers: NDArray[np.int64],
    learning_rate: float,
    temperature: float,
    n_steps: int,
    patience: int,
    min_gain: float,
) -> float:
    m, k = answers.shape
    both, rows = np.concatenate([Q, D]), np.arange(m)[:, None]
    Q, D = both[:m], both[m:]
    moment, square = np.zeros_like(both), np.zeros_like(both)
    gradient = np.empty_like(both)
    scale = np.float32(1 / (m * temperature))
    best, waited, accuracy = np.inf, 0, 0.0
    for step in range(1, n_steps + 1):
        S = Q @ D.T
        S -= S.max(axis=1, keepdims=True)
        S *= np.float32(1 / temperature)
        good = S[rows, answers]
        if step % _CHECKED == 2:  # after the first step, and every so many from there
            accuracy = max(accuracy, _accuracy(S, good))
            if accuracy == 1:
                break
        P = np.exp(S, out=S)
        total = P.sum(axis=1, keepdims=True)
        loss = float(np.log(total).mean() - good.mean())
        waited = 0 if loss < best - min_gain else waited + 1
        if waited == 0:
            best = loss
        elif waited >= patience:
            break
        P *= scale / total
        P[rows, answers] -= scale / np.float32(k)
        np.matmul(P, D, out=gradient[:m])
        np.matmul(P.T, Q, out=gradient[m:])
        _adam(both, gradient, moment, square, step, learning_rate)
    return max(accuracy, _accuracy(S := Q @ D.T, S[rows, answers]))


def _adam(
    values: FloatArray, gradient: FloatArray, moment: FloatArray, square: FloatArray, step: int, learning_rate: float
) -> None:
    """Take one step of Adam in place, and scale the vectors to length one."""
    for kept, decay, new in zip((moment, square), _DECAYS, (gradient, gradient * gradient), strict=True):
        kept *= np.float32(decay)
        kept += np.float32(1 - decay) * new
    first, second = (np.float32(1 / (1 - decay**step)) for decay in _DECAYS)
    values -= np.float32(learning_rate) * first * moment / (np.sqrt(second * square) + np.float32(_EPSILON))
    values /= np.linalg.norm(values, axis=1, keepdims=True)


def _accuracy(S: FloatArray, good: FloatArray) -> float:
    """Return the share of relevant documents among the k best; one that ties with another is not among them."""
    k = good.shape[1]
    border = np.partition(S, S.shape[1] - k - 1, axis=1)[:, -k - 1, None] if S.shape[1] > k else -np.inf
    return float((good > border).mean())


def _unit(X: FloatArray) -> FloatArray:
    unit: FloatArray = X / np.linalg.norm(X, axis=1, keepdims=True)
    return unit


def _largest(reached: Callable[[int], bool], lowest: int, start: int) -> int:
    """Return the largest n that is reached, where `lowest` is, and none is beyond one that is not."""
    low, high, step = lowest, 0, 1
    n = max(start, lowest + 1)
    while not high:
        if reached(n):
            low, n = n, n + step
        else:
            high = n
        step *= 2
    step = 1
    while low == lowest and high - step > lowest:  # the start was beyond: go down
        if reached(high - step):
            low = high - step
        else:
            high -= step
            step *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if reached(middle) else (low, middle)
    return low
