"""Whether sets of examples pick out what they show better once vectors are tuned to them."""

import numpy as np
from _names import GRID
from _vectors import encoded

from inlay.claims import Claim, Figure
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize
from inlay.data.datasets import load
from inlay.rankers.feedback import SetOperations
from inlay.transforms.conditional import SetContrast

NAMES = {"banking77": "Banking77", "trec": "TREC", "agnews-short": "AG News"}
N_EXAMPLES = 20
N_STORED = 3000
K = 50
SEEDS = (0, 1, 2)
SMALL = {"N_EXAMPLES": 3, "K": 5, "SEEDS": (0,)}


def rows_of(data, rng):
    """Return vectors and labels of examples to draw from and of rows to be stored, none of which are both."""
    if "train_text" in data:
        X, E = encoded(data["text"]), encoded(data["train_text"])
        return E, np.asarray(data["train_label"]), X, np.asarray(data["label"])
    X, y = encoded(data["text"]), np.asarray(data["label"])
    first, second = np.array_split(rng.permutation(len(X)), 2)
    return X[first], y[first], X[second[:N_STORED]], y[second[:N_STORED]]


def accuracies(X, labels, sets):
    """Return the accuracy of the best rows of each set, and of those that are left where it is taken away."""
    everything = Search(Hits(np.arange(len(X))[None], np.zeros((1, len(X)))), X=X)
    found = []
    for label, examples in sets.items():
        own = labels == label
        with_it, without = own.sum(), (~own).sum()
        like = SetOperations([examples]).rank(everything).hits.ids[0, :with_it]
        unlike = SetOperations([], [examples]).rank(everything).hits.ids[0, :without]
        found.append((own[like].mean(), (~own[unlike]).mean()))
    return np.mean(found, axis=0)


def run(progress):
    """Pick out each class by examples of it, and all but it, with vectors as they are and tuned."""
    figures, gains = [], []
    for name, called in NAMES.items():
        reached = []
        for seed in SEEDS:
            progress(f"{called}, seed {seed}")
            rng = np.random.default_rng(seed)
            E, shown, X, stored = rows_of(load(name), rng)
            classes = [one for one in np.unique(shown) if (stored == one).any() and (stored != one).any()]
            drawn = [rng.permutation(np.flatnonzero(shown == one))[:N_EXAMPLES] for one in classes]
            tuned = SetContrast().fit(E[np.concatenate(drawn)], shown[np.concatenate(drawn)])
            reached.append(
                [
                    accuracies(Z, stored, {one: V[rows] for one, rows in zip(classes, drawn, strict=True)})
                    for Z, V in ((normalize(X), E), (tuned.transform(X), tuned.transform(E)))
                ]
            )
        before, after = np.mean(reached, axis=0)
        relative = 100 * (after / before - 1)
        gains.append(relative[0])
        for i, (what, low) in enumerate((("intersection", None), ("difference", 0.0))):
            figures += [
                Figure(f"{called}, accuracy of the {what}, untuned", float(before[i])),
                Figure(f"{called}, accuracy of the {what}, tuned", float(after[i])),
                Figure(f"{called}, {what}, relative gain, %", float(relative[i]), low=low),
            ]
    figures += [
        Figure("intersection, relative gain, %, mean of the sets", float(np.mean(gains)), low=13.0, published=39.0),
        Figure("intersection, relative gain, %, the least of the sets", float(min(gains)), low=0.0),
    ]
    progress("two sides crossed")
    return [*figures, *crossed()]


def crossed():
    """Return the precision of sides of Banking77 that are crossed, tuned to the examples of all sides."""
    data = load("banking77")
    X, E = encoded(data["train_text"]), encoded(data["text"])
    of = {intent: cell for cell, intents in GRID.items() for intent in intents}
    stored, shown = ([of.get(label) for label in data[part]] for part in ("train_label", "label"))
    reached = []
    rng = np.random.default_rng(0)
    for thing, event in GRID:
        sides = [
            [i for i, cell in enumerate(shown) if cell is not None and cell[at] == one and cell[1 - at] != other]
            for at, one, other in ((0, thing, event), (1, event, thing))
        ]
        sides = [E[rng.permutation(some)[:N_EXAMPLES]] if some else E[:1] for some in sides]
        target = np.array([cell == (thing, event) for cell in stored])
        tuned = SetContrast().fit(np.concatenate(sides), np.repeat([0, 1], [len(side) for side in sides]))
        reached.append([])
        for Z, some in ((normalize(X), sides), (tuned.transform(X), [tuned.transform(side) for side in sides])):
            everything = Search(Hits(np.arange(len(Z))[None], np.zeros((1, len(Z)))), X=Z)
            reached[-1].append(target[SetOperations(some).rank(everything).hits.ids[0, :K]].mean())
    before, after = np.mean(reached, axis=0)
    return [
        Figure(f"sides crossed, precision at {K}, untuned", float(before)),
        Figure(f"sides crossed, precision at {K}, tuned to the two sides", float(after)),
    ]


CLAIM = Claim(
    methods=("SetContrast", "SetOperations"),
    paper="liu2024setcse",
    says="Tuned on the sets by inter-set contrast, with 20 examples each, vectors tell much better what belongs to a "
    "set, by intersection with it and by difference.",
    data="Banking77 (77 intents), TREC (6 kinds of question) and AG News (4 topics), all-MiniLM-L6-v2; each class is a "
    "set of 20 examples, none of which is stored; as many rows as are of the class (not of it) are taken, three seeds.",
    baseline="The same operations on vectors as they are.",
    rule="Accuracy of the intersection rises by 13 % on average over the sets and falls on none, and that of the "
    "difference, which starts near 1 where classes are many, falls on none.",
    run=run,
    guess="The gain is smaller the better vectors already tell the sets apart: all-MiniLM-L6-v2 starts at 0.6 to 0.7 "
    "here, where the paper averages over encoders, BERT among them, and tunes all of their layers. Two sides that are "
    "crossed share what is sought, and the loss pushes them apart.",
)
