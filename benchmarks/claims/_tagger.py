"""Parts of speech in the Brown corpus, and a small tagger over tables of word features."""

import re
import zipfile

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import nn

from inlay.data.datasets import locate
from inlay.nn.tables.multi_hash_table import word_ids
from inlay.nn.training import minimize, seeded

DIM = 16


def brown(starts, words):
    """Return words, tags and (n, 4) features of documents of the Brown corpus: of every tenth from each of `starts`.

    Of each document the first `words` are taken.
    """
    pairs = []
    with zipfile.ZipFile(locate("nltk_corpora") / "brown.zip") as file:
        names = sorted(name for name in file.namelist() if re.fullmatch(r"brown/c[a-r]\d\d", name))
        for name in sorted(name for start in starts for name in names[start::10]):
            pairs += [token.rpartition("/")[::2] for token in file.read(name).decode("latin-1").split()[:words]]
    # Without the marks of titles, possession, negation and contraction: "nn-tl" and "nn$" are "nn".
    tags = [re.split(r"[-+*$]", tag)[0] or tag for _, tag in pairs]
    kinds, which = np.unique(np.array([word for word, _ in pairs]), return_inverse=True)
    return [word for word, _ in pairs], tags, word_ids(kinds.tolist())[torch.from_numpy(which)]


class Known(nn.Module):
    """A full table: a row for each value of training, and zeros for all others."""

    def __init__(self, ids, seed):
        super().__init__()
        self.values = ids.unique()
        with seeded(seed):
            self.weight = nn.Parameter(torch.randn(len(self.values), DIM) * DIM**-0.5)

    def forward(self, ids):
        """Turn ids of any shape into vectors."""
        at = torch.searchsorted(self.values, ids.contiguous()).clamp(max=len(self.values) - 1)
        return nn.functional.embedding(at, self.weight) * (self.values[at] == ids).unsqueeze(-1)


class Tagger(nn.Module):
    """Tag a word by its features and those of two words on each side."""

    def __init__(self, tables, n_tags, seed):
        super().__init__()
        self.tables = nn.ModuleList(tables)
        with seeded(seed):
            self.top = nn.Sequential(nn.Linear(5 * len(tables) * DIM, 64), nn.ReLU(), nn.Linear(64, n_tags))

    def vectors(self, ids):
        """Return the vectors of (..., features) ids, side by side."""
        return torch.cat([table(ids[..., f]) for f, table in enumerate(self.tables)], -1)

    def forward(self, windows):
        """Return (n, tags) scores of (n, 5, features) ids."""
        return self.top(self.vectors(windows).flatten(1))


def windows(ids):
    """Return the (n, 5, features) ids around each word."""
    padded = nn.functional.pad(ids, (0, 0, 2, 2))
    return torch.stack([padded[i : i + len(ids)] for i in range(5)], 1)


def tag_f1(tables, train, test, *, seed, n_epochs):
    """Train a tagger; return F1 of tags, weighted by how often they occur, in points, and the tagger."""
    numbers = {tag: i for i, tag in enumerate(sorted(set(train[1])))}
    model = Tagger(tables, len(numbers), seed)
    X, y = windows(train[2]), torch.tensor([numbers[tag] for tag in train[1]])
    minimize(
        model.parameters(),
        lambda rows: nn.functional.cross_entropy(model(X[rows]), y[rows]),
        len(y),
        n_epochs=n_epochs,
        batch_size=1024,
        learning_rate=0.01,
        random_state=seed,
    )
    with torch.no_grad():
        found = model(windows(test[2])).argmax(1)
    names = list(numbers)
    return 100 * f1_score(test[1], [names[i] for i in found.tolist()], average="weighted", zero_division=0), model
