"""Who likes which film: a small click model on MovieLens 100k, in which tables of one size are compared."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats
from sklearn.metrics import log_loss, roc_auc_score
from torch import nn

from inlay.core.errors import ParameterError
from inlay.nn.tables import (
    HashingTable,
    MixedDimensionTable,
    MultiHashTable,
    QuantizedTable,
    QuotientRemainderTable,
    SubspaceTable,
    ThresholdTable,
    UnifiedTable,
)
from inlay.nn.training import minimize, seeded

DIM = 32
LARGE = (0, 1)  # users and items: the features whose tables are worth making smaller


@dataclass(frozen=True)
class Clicks:
    """Features of ratings as numbers, the most frequent value first, and whether the rating is 4 or 5.

    Parameters
    ----------
    ids : (n, features) int64; what training has less than twice shares the last number of its feature.
    sizes : how many values each feature has.
    counts : for each feature how often training has each value.
    y : (n,) float32, 0 or 1.
    parts : row numbers for training, for choosing, and for the score.
    """

    ids: torch.Tensor
    sizes: list[int]
    counts: list[torch.Tensor]
    y: torch.Tensor
    parts: tuple[torch.Tensor, ...]

    @property
    def large(self) -> int:
        """How many rows full tables of the large features have."""
        return sum(self.sizes[f] for f in LARGE)


def clicks(columns, seed: int, rows: int | None = None) -> Clicks:
    """Return the ratings of ml-100k, or the first `rows` of them, split 8 : 1 : 1 at random."""
    found = {name: column[:rows] for name, column in columns.items()}
    features = [found[name] for name in ("user", "item", "gender", "occupation", "year")]
    features += [[age // 10 for age in found["age"]], [genres.split(" ")[0] for genres in found["genres"]]]
    n = len(found["rating"])
    order = np.random.default_rng(seed).permutation(n)
    ids, counts = [], []
    for column in features:
        seen = Counter(column[row] for row in order[: n * 8 // 10])
        known = [value for value, times in sorted(seen.items(), key=lambda one: (-one[1], str(one[0]))) if times > 1]
        number = {value: i for i, value in enumerate(known)}
        ids.append([number.get(value, len(known)) for value in column])
        counts.append(torch.bincount(torch.tensor(ids[-1])[order[: n * 8 // 10]], minlength=len(known) + 1))
    y = torch.tensor([float(rating >= 4) for rating in found["rating"]])
    parts = tuple(map(torch.from_numpy, np.split(order, [n * 8 // 10, n * 9 // 10])))
    return Clicks(torch.tensor(ids).T.contiguous(), [len(c) for c in counts], counts, y, parts)


class Full(nn.Embedding):
    """A row for each id, which starts as those of the other tables."""

    def __init__(self, n: int, *, seed: int) -> None:
        with seeded(seed):
            super().__init__(n, DIM, _weight=torch.randn(n, DIM) * DIM**-0.5)

    @property
    def n_bytes(self) -> int:
        """Bytes of the table."""
        return 4 * self.weight.numel()


class Shared(nn.Module):
    """One feature of a table that several features share, by further arguments or by an offset of its ids."""

    def __init__(self, table: nn.Module, *arguments: int, offset: int = 0) -> None:
        super().__init__()
        self.table, self.arguments, self.offset = table, arguments, offset

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Turn the ids of the feature into vectors."""
        return self.table(ids + self.offset, *self.arguments)


def hashing(data, share, seed):
    """Give each large feature a hashed table."""
    return [HashingTable(max(1, int(data.sizes[f] * share)), DIM, random_state=seed + f) for f in LARGE]


def multi_hash(data, share, seed):
    """Give each large feature a table of four hashes."""
    return [MultiHashTable(max(1, int(data.sizes[f] * share)), DIM, random_state=seed + f) for f in LARGE]


def unified(data, share, seed):
    """Give the large features one hashed table."""
    table = UnifiedTable(max(1, int(data.large * share)), DIM, len(LARGE), random_state=seed)
    return [Shared(table, f) for f in range(len(LARGE))]


def quotient_remainder(data, share, seed, operation="mult"):
    """Let as few ids share a remainder as the size allows."""
    for shared in range(1, max(data.sizes) + 1):
        found = [
            QuotientRemainderTable(
                data.sizes[f], DIM, -(-data.sizes[f] // shared), operation=operation, random_state=seed + f
            )
            for f in LARGE
        ]
        if sum(table.n_parameters for table in found) <= data.large * DIM * share:
            return found
    raise ParameterError("No divisor makes the tables as small.")


def mixed_dimension(data, share, seed):
    """Put the values of both large features into blocks by frequency."""
    counts = torch.cat([data.counts[f] for f in LARGE])
    order = counts.argsort(descending=True, stable=True)
    table = MixedDimensionTable.of_size(counts[order], DIM, int(data.large * DIM * share), random_state=seed)
    # Ids are numbered by frequency over both features, so that nothing has to be kept for their places.
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    ends = [data.sizes[LARGE[0]], data.large]
    return [Numbered(table, place[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


class Numbered(nn.Module):
    """A table for a feature whose ids have other numbers there."""

    def __init__(self, table: nn.Module, numbers: torch.Tensor) -> None:
        super().__init__()
        self.table, self.numbers = table, numbers

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Turn the ids of the feature into vectors."""
        return self.table(self.numbers[ids])


def subspace(data, share, seed):
    """Put vectors together from as few pieces as the size allows, whose numbers are digits."""
    found = []
    for f in LARGE:
        rows = int(data.sizes[f] * share)
        pieces = next((p for p in (2, 4, 8, 16, 32) if rows**p >= data.sizes[f]), None)
        if pieces is None:
            raise ParameterError("No number of pieces makes the table as small.")
        found.append(SubspaceTable(data.sizes[f], DIM, pieces, n_rows=rows, random_state=seed + f))
    return found


def quantized(data, share, seed):
    """Take as many bits as the size allows, down to 2."""
    bits = min(8, int((4 * DIM * share - 8) * 8 / DIM))
    return [QuantizedTable(data.sizes[f], DIM, bits=bits, random_state=seed + f) for f in LARGE]


def full(data, share, seed):
    """Give each large feature a full table, whatever the size."""
    return [Full(data.sizes[f], seed=seed + f) for f in LARGE]


def size(tables) -> int:
    """Return the bytes of tables, of those that are shared once."""
    return sum(table.n_bytes for table in {id(t): t for t in (getattr(t, "table", t) for t in tables)}.values())


class ClickModel(nn.Module):
    """Embeddings of all features and their inner products, and two layers above them: a small DLRM."""

    def __init__(self, tables, *, seed: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(tables)
        self.pairs = torch.triu_indices(len(self.tables), len(self.tables), 1)
        with seeded(seed + 9):
            width = len(self.tables) * DIM + self.pairs.shape[1]
            self.top = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return (n,) log-odds of a click."""
        # All tables start with vectors of length one, which is long for this model.
        found = 0.1 * torch.stack([table(ids[:, f]) for f, table in enumerate(self.tables)], 1)
        products = (found @ found.transpose(1, 2))[:, self.pairs[0], self.pairs[1]]
        return self.top(torch.cat([found.flatten(1), products], 1)).squeeze(1)


def train(model, data, *, seed, n_epochs, extra=lambda: 0.0):
    """Train a click model on the first part; `extra` is added to the loss."""
    ids, y = data.ids[data.parts[0]], data.y[data.parts[0]]
    model.train()
    minimize(
        model.parameters(),
        lambda rows: nn.functional.binary_cross_entropy_with_logits(model(ids[rows]), y[rows]) + extra(),
        len(y),
        n_epochs=n_epochs,
        batch_size=1024,
        learning_rate=0.01,
        random_state=seed,
    )
    model.eval()
    return model


def score(model, data, part=2) -> dict[str, float]:
    """Return log-loss and AUC on a part, the last where none is named."""
    with torch.no_grad():
        p = torch.sigmoid(model(data.ids[data.parts[part]]).double()).numpy()
    y = data.y[data.parts[part]].numpy()
    return {"logloss": log_loss(y, p, labels=[0, 1]), "auc": roc_auc_score(y, p) if len(set(y.tolist())) > 1 else 0.5}


def small(data, seed):
    """Give each of the other features a full table."""
    return [Full(n, seed=seed + 10 + f) for f, n in enumerate(data.sizes) if f not in LARGE]


def pruned(data, share, seed, *, n_epochs):
    """Keep the longest rows of full tables that were trained, to be trained again from the start."""
    tables = full(data, share, seed)
    train(ClickModel([*tables, *small(data, seed)], seed=seed), data, seed=seed, n_epochs=n_epochs)
    weight = torch.cat([table.weight for table in tables])
    sizes = [data.sizes[f] for f in LARGE]
    share -= 1 / (32 * DIM) + 1 / min(sizes)  # the bit that says whether a row is kept, and what rounding may add
    table = ThresholdTable.from_table(weight, sizes, share, random_state=seed)
    table.settle(table.dims)
    return [Shared(table), Shared(table, offset=sizes[0])]


def run(make, data, share, seed, *, n_epochs) -> dict[str, float]:
    """Train a model with the tables that `make` gives; return its scores, and what they take of full tables."""
    large = make(data, share, 100 * seed)
    model = ClickModel([*large, *small(data, 100 * seed)], seed=100 * seed)
    train(model, data, seed=seed, n_epochs=n_epochs)
    return {**score(model, data), "share": size(large) / (4 * data.large * DIM)}


def interval(values) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean, after Student; None for a single value."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return None
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean() - half), float(values.mean() + half)
