"""Whether a query knows that it will not be answered: sentences of abstracts, some of which say little."""

import re

import numpy as np
from _vectors import encoded
from scipy.stats import spearmanr

from inlay.claims import Claim, Figure
from inlay.core.vectors import normalize
from inlay.data import datasets
from inlay.transforms.uncertainty import ProbabilisticAdapter

N_DOCUMENTS, N_TEST, N_EPOCHS = 3000, 1000, 20
SMALL = {"N_DOCUMENTS": 60, "N_TEST": 20, "N_EPOCHS": 1}


def run(progress):
    """Learn from sentences and their documents how far they are apart, and search with other sentences."""
    progress("vectors")
    texts = list(datasets.load("scifact")["documents"].values())
    X = normalize(encoded(texts))
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(texts))[:N_DOCUMENTS]
    sentences = [rng.choice(re.split(r"(?<=[.?!])\s+", texts[row])) for row in rows]
    Q = normalize(encoded(sentences))
    test, train = slice(0, N_TEST), slice(N_TEST, None)
    progress("adapter")
    adapter = ProbabilisticAdapter(n_epochs=N_EPOCHS).fit(Q[train], X[rows[train]])
    progress("search")
    scores = Q[test] @ X.T
    own = scores[np.arange(len(scores)), rows[test]]
    rank = 1 + (scores > own[:, None]).sum(axis=1)
    after = adapter.transform(Q[test]) @ adapter.transform(X).T
    moved = int((after.argsort(axis=1) != scores.argsort(axis=1)).sum())
    expected = adapter.uncertainty(Q[test])
    centre = 1 - normalize(Q[train].mean(axis=0)[None])[0] @ Q[test].T
    drawn = rng.integers(len(rank), size=(1000, len(rank)))
    low, high = np.quantile([spearmanr(expected[one], rank[one])[0] for one in drawn], [0.025, 0.975])
    thirds = np.array_split(np.argsort(expected, kind="stable"), 3)
    hit = [100 * float((rank[third] == 1).mean()) for third in thirds]
    return [
        Figure("recall@1 of the document among all, %", 100 * float((rank == 1).mean())),
        Figure(
            "rank correlation of uncertainty and rank of the document",
            float(spearmanr(expected, rank)[0]),
            low=0.2,
            interval=(float(low), float(high)),
        ),
        Figure("the same of the closeness to the mean of all queries", float(spearmanr(-centre, rank)[0])),
        Figure("recall@1, the most certain third, %", hit[0]),
        Figure("recall@1, the least certain third, %", hit[2]),
        Figure("recall@1, the most certain third minus the least, points", hit[0] - hit[2], low=15.0),
        Figure("expected minus true cosine distance, mean", float(expected.mean() - (1 - own).mean()), -0.02, 0.02),
        Figure("ranks that moved in the search", moved, high=0),
    ]


CLAIM = Claim(
    methods=("ProbabilisticAdapter",),
    paper="upadhyay2023probvlm",
    says="An adapter over frozen vectors predicts an uncertainty that falls in step with recall, and leaves the "
    "vectors and what is found with them as they are.",
    data="A sentence drawn from each of 3,000 abstracts of SciFact, and the abstract as its partner, as vectors of "
    "all-MiniLM-L6-v2; 2,000 pairs are learned from, 1,000 sentences search all 5,183 abstracts.",
    baseline="How near a query lies to the mean of all queries.",
    rule="Spearman's correlation of the uncertainty with the rank of the right abstract is at least 0.2, recall@1 of "
    "the most certain third is at least 15 points above that of the least certain, the expected distance is right "
    "to 0.02 on average, and no rank moves.",
    run=run,
)
