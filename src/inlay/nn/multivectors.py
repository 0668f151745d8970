"""Networks over items of several vectors: learned queries that attend to them, and scores that choose among them."""

import torch
from torch import Tensor

from .training import minimize, seeded

SPAN = 8  # vectors of an item that look for the whole of it
Padded = tuple[Tensor, Tensor]  # (n, longest, d) vectors, and (n, longest) whether one stands there


def padded(items: list[Tensor]) -> Padded:
    """Return items of several vectors as one tensor, and where a vector stands in it.

    Examples
    --------
    >>> vectors, there = padded([torch.ones(2, 3), torch.ones(1, 3)])
    >>> tuple(vectors.shape), there.tolist()
    ((2, 2, 3), [[True, True], [True, False]])
    """
    vectors = torch.nn.utils.rnn.pad_sequence(items, batch_first=True)
    lengths = torch.tensor([len(item) for item in items])
    return vectors, torch.arange(vectors.shape[1]) < lengths[:, None]


def attend(queries: Tensor, items: Padded) -> Tensor:
    """Return what each of (r, d) queries finds in each item: the mean of its vectors by softmax, at length one."""
    vectors, there = items
    logits = torch.einsum("rd,nld->nrl", queries, vectors).masked_fill(~there[:, None], -torch.inf)
    return torch.nn.functional.normalize(logits.softmax(dim=2) @ vectors, dim=2)


def learn_nested(
    start: Tensor,
    items: list[Tensor],
    partners: list[Tensor],
    *,
    groups: list[int],
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> Tensor:
    """Learn queries with which an item finds its partner among those of the batch, by each prefix of them."""
    queries = start.clone().requires_grad_()

    def loss(rows: Tensor) -> Tensor:
        ours, theirs = (attend(queries, padded([side[int(i)] for i in rows])) for side in (items, partners))
        cosines = torch.einsum("ard,bsd->abrs", theirs, ours)
        total = torch.zeros(())
        for group in groups:
            scores = cosines[:, :, :group, :group].amax(dim=3).sum(dim=2) / (group * temperature)
            total = total + torch.nn.functional.cross_entropy(scores, torch.arange(len(rows)))
        return total / len(groups)

    minimize(
        [queries],
        loss,
        len(items),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        random_state=random_state,
    )
    return queries.detach()


def learn_scorer(
    items: list[Tensor],
    *,
    hidden: int,
    sharpness: float,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> list[torch.nn.Linear]:
    """Learn scores of vectors with which a stretch of an item finds the item that it is of among those of the batch.

    The score of a vector is added to how near it is to each of the stretch as these attend to the item.
    """
    with seeded(random_state):
        layers = [torch.nn.Linear(items[0].shape[1], hidden), torch.nn.Linear(hidden, 1)]

    def loss(rows: Tensor) -> Tensor:
        vectors, there = padded([items[int(i)] for i in rows])
        asked, present = padded([stretch(items[int(i)]) for i in rows])
        scores = layers[1](torch.relu(layers[0](vectors)))[..., 0]
        cosines = torch.einsum("ald,bmd->albm", asked, vectors)
        weights = (sharpness * cosines + scores).masked_fill(~there, -torch.inf).softmax(dim=3)
        found = (weights * cosines).sum(dim=3).masked_fill(~present[..., None], 0.0).sum(dim=1)
        logits = found / (temperature * present.sum(dim=1, keepdim=True))
        return torch.nn.functional.cross_entropy(logits, torch.arange(len(rows)))

    minimize(
        [parameter for layer in layers for parameter in layer.parameters()],
        loss,
        len(items),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        random_state=random_state,
    )
    return layers


def stretch(item: Tensor) -> Tensor:
    """Return `SPAN` neighbouring vectors of an item, drawn; all of them where it has no more."""
    start = int(torch.randint(max(1, len(item) - SPAN + 1), ()))
    return item[start : start + SPAN]
