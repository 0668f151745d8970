"""Whether a number of vectors that grows with the text serves better than one number for all."""

import numpy as np
from _tokens import difference, drawn, max_sim, ndcg, some_documents

from inlay.claims import Claim, Figure
from inlay.core.values import Ragged
from inlay.data import datasets
from inlay.multivectors import Nuggets

N_DOCUMENTS, N_EPOCHS, LENGTH, RATIO, SEEDS = 400, 10, 64, 0.1, (0, 1, 2)
SMALL = {"N_EPOCHS": 1, "SEEDS": (0,)}


class Fixed(Nuggets):
    """The same with one number of vectors for all items, `FIXED`."""

    fixed = 1

    def count(self, n):
        """Return how many are kept, whatever the item."""
        return min(n, self.fixed)


def run(progress):
    """Learn from some items of one, two or four abstracts, and search others for a third of the queries."""
    progress("vectors of tokens")
    documents, queries, relevant = some_documents(datasets.load("scifact"), N_DOCUMENTS)
    rng = np.random.default_rng(0)
    first = 2 * len(queries) // 3
    asked = {d for rows in relevant[first:] for d in rows}
    learned = sorted({d for rows in relevant[:first] for d in rows} - asked)
    shown, _ = _bundles(documents, learned, rng)
    stored, places = _bundles(documents, sorted(set(range(len(documents))) - set(learned)), rng)
    tests = [[places[d] for d in rows] for rows in relevant[first:]]
    queries = Ragged.stack([queries[q] for q in range(first, len(queries))])

    def quality(kept):
        return ndcg(max_sim(queries, kept), tests)

    nuggets, fixed, chance = [], [], []
    for seed in SEEDS:
        progress(f"seed {seed}")
        grown = Nuggets(RATIO, n_epochs=N_EPOCHS, random_state=seed).fit(shown).transform(stored)
        nuggets.append(quality(grown))
        Fixed.fixed = round(grown.lengths.mean())
        same = Fixed(RATIO, n_epochs=N_EPOCHS, random_state=seed).fit(shown).transform(stored)
        fixed.append(quality(same))
        chance.append(quality(drawn(stored, grown.lengths, seed)))
    nuggets, fixed, chance = (np.mean(found, axis=0) for found in (nuggets, fixed, chance))
    gain, interval = difference(nuggets, fixed)
    above, around = difference(nuggets, chance)
    return [
        Figure("vectors that are kept, nuggets", len(grown.values)),
        Figure("vectors that are kept, one number for all", len(same.values)),
        Figure("nDCG@10, all vectors", float(quality(stored).mean())),
        Figure("nDCG@10, nuggets", float(nuggets.mean())),
        Figure("nDCG@10, nuggets minus one number for all", gain, low=0.02, interval=interval),
        Figure("nDCG@10, nuggets minus as many drawn at random", above, low=0.0, interval=around),
    ]


def _bundles(documents, rows, rng):
    """Put one, two or four documents into an item, `LENGTH` vectors of each, and say which item holds which."""
    rows, groups = rng.permutation(rows), []
    while len(rows):
        n = int(rng.choice((1, 2, 4)))
        groups.append(rows[:n])
        rows = rows[n:]
    items = Ragged.stack([np.concatenate([documents[int(row)][:LENGTH] for row in group]) for group in groups])
    return items, {int(row): number for number, group in enumerate(groups) for row in group}


CLAIM = Claim(
    methods=("Nuggets",),
    paper="qin2023nugget",
    says="A dynamically selected share of the tokens of a text, whose number grows with its length, serves semantic "
    "comparison better than a representation of one size.",
    data="Items of one, two or four abstracts of SciFact, 64 vectors of the tokens of all-MiniLM-L6-v2 from each; 100 "
    "queries search items that were not learned from. A tenth of the vectors is kept. Three seeds.",
    baseline="The same scorer used with one number of vectors for all items, as many in all; and vectors "
    "drawn at random, as many of each item.",
    rule="nDCG@10 is at least 0.02 above that of one number for all, and above that of random vectors.",
    run=run,
)
