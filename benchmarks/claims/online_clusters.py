"""Whether a bounded memory of clusters knows what a stream has visited, and forgets what it left."""

import numpy as np
from _vectors import encoded
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from inlay.claims import Claim, Figure
from inlay.data.datasets import load
from inlay.transforms.cluster import OnlineClusters

N = 4000
ATOMS = 200
DIM = 32
TOPICS = 10
SEEDS = range(2)


def run(progress):
    """Follow a stream of questions whose topics change half-way."""
    found = load("stackoverflow-short")
    label = np.array(found["label"])
    X = encoded(found["text"])
    X = PCA(DIM, random_state=0).fit_transform(X).astype(np.float32)
    names = np.unique(label)
    before, after = (np.flatnonzero(np.isin(label, part)) for part in (names[:TOPICS], names[TOPICS:]))
    if not len(after):
        before, after = before[::2], before[1::2]
    rows = {"novelty": [], "visited": [], "atoms": [], "kept": [], "left": [], "density": []}
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        first, second = rng.permutation(before), rng.permutation(after)
        n = min(N // 2, len(first) // 2, len(second) // 2)
        first, unseen, second, later = first[:n], first[n : 2 * n], second[:n], second[n : 2 * n]
        stream = OnlineClusters(n_atoms=ATOMS, insertion=1.0, random_state=seed)
        progress(f"seed {seed}: the first topics")
        stream.fit(X[first])
        rows["visited"].append(_median(stream, X[unseen]) / _median(stream, X[later]))
        rows["density"].append(_agreement(stream, X[unseen], X[first]))
        home = stream.visits(X[unseen]).mean()
        progress(f"seed {seed}: the others")
        stream.partial_fit(X[second])
        rows["kept"].append(_agreement(stream, X[later], X[second]))
        rows["left"].append(stream.visits(X[unseen]).mean() / home)
        rows["atoms"].append(len(stream.atoms_))
        place = X[unseen[:1]]
        once = stream.partial_fit(place).transform(place).item()
        for _ in range(9):
            stream.partial_fit(place)
        rows["novelty"].append(stream.transform(place).item() / once)
    mean = {name: float(np.mean(values)) for name, values in rows.items()}
    return [
        Figure("novelty of a vector after 10 visits over that after 1", mean["novelty"], high=0.5),
        Figure("novelty of unseen questions of visited topics over those of others", mean["visited"], high=0.8),
        Figure("rank correlation of counts with the density of the first half", mean["density"], low=0.5),
        Figure("rank correlation of counts with the density of the second half", mean["kept"], low=0.5),
        Figure("counts of topics that were left, at the end over when they were left", mean["left"], high=0.5),
        Figure("atoms in memory", max(rows["atoms"]), high=float(ATOMS)),
    ]


def _median(stream, X):
    return float(np.median(stream.transform(X)))


def _agreement(stream, asked, seen):
    """Spearman's correlation of the counts with a density from all rows that were seen: their mean kernel."""
    far = cdist(asked, seen, "sqeuclidean")
    density = np.exp(-4 * far / far.mean()).mean(axis=1)
    return float(spearmanr(stream.visits(asked), density)[0])


SMALL = {"ATOMS": 10, "TOPICS": 1, "DIM": 4}
CLAIM = Claim(
    methods=("OnlineClusters",),
    paper="saade2023unlocking",
    says="Counts of clusters in a bounded memory follow how often a stream visits a region, also as it drifts.",
    data="A stream of 4000 questions, whose 10 topics give way to 10 others half-way; 32 principal components of "
    "all-MiniLM-L6-v2, 2 seeds.",
    baseline="The density made from all vectors that were seen, and the counts before the drift.",
    rule="Ten visits halve the novelty of one at least; unseen questions of visited topics have 0.8 of the novelty of "
    "others at most; counts correlate with density by 0.5 at least in both halves; counts of topics that were left "
    "fall to half at most; and memory holds 200 atoms at most.",
    run=run,
)
