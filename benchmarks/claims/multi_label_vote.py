"""Whether the neighbours of a text tell all of its labels."""

import numpy as np
from _vectors import encoded

from inlay.claims import Claim, Figure
from inlay.core.values import Search
from inlay.core.vectors import normalize, product_top_k
from inlay.data.datasets import load
from inlay.rankers.label import MultiLabelVote

N_STORED, N_ASKED = 2500, 500
K = 8
LEAST = 2  # triples of a text
ASKED = "dev"  # which part of the data is asked
SMALL = {"ASKED": "train", "LEAST": 1}


def run(progress):
    """Store texts with the properties that they tell, and vote on those of others."""
    progress("texts")
    X, stored, Q, asked = sampled()
    search = Search(product_top_k(normalize(Q), normalize(X), K), Q=Q, X=X)
    progress("votes")
    vote = MultiLabelVote().fit(search, stored)
    told = vote.winners(search)
    names, counts = np.unique([label for row in stored for label in set(row)], return_counts=True)
    frequent = names[np.argsort(-counts, kind="stable")].tolist()
    constant = max(micro_f1(asked, [frequent[:n]] * len(asked)) for n in range(1, 11))
    nearest = [stored[row] for row in search.hits.ids[:, 0]]
    reached = micro_f1(asked, told)
    exact = np.mean([set(one) == set(other) for one, other in zip(asked, told, strict=True)])
    return [
        Figure("micro F1, vote", reached, low=0.5),
        Figure("micro F1, the most frequent labels, as many as serve best", constant),
        Figure("micro F1, labels of the nearest alone", micro_f1(asked, nearest)),
        Figure("vote less the most frequent labels, points", 100 * (reached - constant), low=20.0),
        Figure("texts whose labels are all told and no others", float(exact)),
    ]


def sampled():
    """Return vectors and properties of stored texts and of asked ones, one text for each set of triples."""
    data = load("webnlg")
    first = {}
    for row, (size, triples, split) in enumerate(zip(data["size"], data["triples"], data["split"], strict=True)):
        if size >= LEAST:
            first.setdefault((split, tuple(sorted(triples))), row)
    rng = np.random.default_rng(0)
    out = []
    for wanted, n in (("train", N_STORED), (ASKED, N_ASKED)):
        rows = rng.permutation([row for (split, _), row in first.items() if split == wanted])[:n]
        out += [encoded([data["text"][row] for row in rows]), [data["properties"][row] for row in rows]]
    return out


def micro_f1(truth, told):
    """Return the F1 over all labels of all texts."""
    right = sum(len({*one} & {*other}) for one, other in zip(truth, told, strict=True))
    return 2 * right / sum(len({*one}) + len({*other}) for one, other in zip(truth, told, strict=True))


CLAIM = Claim(
    methods=("MultiLabelVote",),
    paper="bekamiri2021patentsberta",
    says="The classes of the nearest neighbours tell all the classes of a document, of which it has several.",
    data="WebNLG: texts of two to seven triples, one for each set of triples, whose labels are the properties that "
    "they tell; 2500 of the training part are stored, 500 of the development part asked. all-MiniLM-L6-v2.",
    baseline="The most frequent labels for every text, as many of them as serve best.",
    rule="The micro F1 of a vote of eight neighbours is at least 0.5, and at least 20 points above the baseline.",
    run=run,
)
