"""A bilinear score of queries and documents, learned to tell relevant documents from those that a shortlist brings."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .training import minimize


def verification(
    Q: NDArray[np.float32],
    X: NDArray[np.float32],
    relevant: NDArray[np.int64],
    shortlist: NDArray[np.int64],
    *,
    n_negatives: int,
    n_walk: int,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[NDArray[np.float32], list[float]]:
    """Return the (d, d) matrix M of the score ``q @ M @ x``, and the mean loss of each epoch.

    Parameters
    ----------
    Q : (n, d) queries.
    X : (n rows, d) documents.
    relevant : (n, most) rows that are relevant to each query, at least one, padded with -1 at the end.
    shortlist : (n, k) rows that were found for each query and are not relevant, padded with -1 at the end.
    n_negatives : of the shortlist that a query of a batch brings.
    n_walk : queries that one walk brings to a batch; 1 draws each at random.
    """
    queries, documents = torch.tensor(Q), torch.tensor(X)
    good, wrong = torch.tensor(relevant), torch.tensor(shortlist)
    beside = neighbours(shortlist, len(X))
    residual = torch.zeros(Q.shape[1], Q.shape[1], requires_grad=True)

    def loss(rows: Tensor) -> Tensor:
        asked = rows
        if n_walk > 1:
            met = walk(rows[: -(-len(rows) // n_walk)], wrong, *beside, n_walk)
            # Each query once; what is missing then is drawn at random.
            asked = torch.tensor(list(dict.fromkeys(torch.cat([met, rows]).tolist()))[: len(rows)])
        answers = drawn(good[asked], 1)[:, 0]
        negatives = drawn(wrong[asked], n_negatives).flatten()
        named = torch.cat([answers, negatives[negatives >= 0]])
        mapped = queries[asked] + queries[asked] @ residual
        return contrast(mapped @ documents[named].T / temperature, named, good[asked])

    losses = minimize(
        [residual],
        loss,
        len(Q),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        random_state=random_state,
    )
    return np.eye(Q.shape[1], dtype=np.float32) + residual.detach().numpy(), losses


def contrast(scores: Tensor, named: Tensor, good: Tensor) -> Tensor:
    """Return the mean of minus the log of the softmax that a query gives its own document.

    Parameters
    ----------
    scores : (b, at least b) of each query with each document; document i is the own one of query i.
    named : the row of each document; others that are relevant to a query are left out of its softmax.
    good : (b, most) rows that are relevant to each query, padded with -1.

    Examples
    --------
    >>> rows = torch.tensor([4, 7, 4])
    >>> round(contrast(torch.zeros(2, 3), rows, torch.tensor([[4], [7]])).exp().item(), 2)  # of 2 and of 3 documents
    2.45
    """
    n = len(scores)
    other = (named[None, :, None] == good[:, None, :]).any(dim=2) & ~torch.eye(n, len(named), dtype=torch.bool)
    return torch.nn.functional.cross_entropy(scores.masked_fill(other, -torch.inf), torch.arange(n))


def drawn(rows: Tensor, n: int) -> Tensor:
    """Return up to `n` entries of each row at random, each at most once; -1 where a row has fewer."""
    lot = torch.rand(rows.shape).masked_fill(rows < 0, 2.0)
    return rows.gather(1, lot.argsort(dim=1)[:, :n])


def neighbours(shortlist: NDArray[np.int64], n_rows: int) -> tuple[Tensor, Tensor]:
    """Return for each document the queries whose shortlist holds it: where they start, and all of them in order.

    Examples
    --------
    >>> starts, beside = neighbours(np.array([[0, 2], [2, -1]]), 3)
    >>> starts.tolist(), beside.tolist()
    ([0, 1, 1, 3], [0, 0, 1])
    """
    query, place = np.nonzero(shortlist >= 0)
    found = shortlist[query, place]
    starts = np.concatenate([[0], np.cumsum(np.bincount(found, minlength=n_rows))])
    return torch.tensor(starts), torch.tensor(query[np.argsort(found, kind="stable")])


def walk(starts: Tensor, wrong: Tensor, ends: Tensor, beside: Tensor, n: int) -> Tensor:
    """Walk from query to document to query, and return the `n` queries that each walk meets, one walk after another.

    Parameters
    ----------
    starts : (s,) queries.
    wrong : (all queries, k) the shortlist of each, padded with -1; a walk stays at a query that has none.
    ends, beside : what `neighbours` gives.
    """
    met = [starts]
    for _ in range(n - 1):
        document = drawn(wrong[met[-1]], 1)[:, 0]
        count = ends[document + 1] - ends[document]
        shift = torch.minimum((torch.rand(len(starts)) * count).long(), count - 1)
        following, moves = met[-1].clone(), document >= 0
        following[moves] = beside[(ends[document] + shift)[moves]]
        met.append(following)
    return torch.stack(met, dim=1).flatten()
