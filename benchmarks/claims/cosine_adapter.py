"""Whether a mapping of cosines that depends on the query makes one threshold do for all queries."""

import csv
import io
import re
import zipfile

import numpy as np
from _vectors import corpus, encoded
from sklearn.metrics import average_precision_score

from inlay.claims import Claim, Figure
from inlay.core.values import Search
from inlay.core.vectors import product_top_k
from inlay.data.datasets import load, locate
from inlay.rankers.calibrate import CosineAdapter

K = 100
SEEDS = (0, 1, 2)
RECALL = 0.9  # of what is among the hits
N_DOCUMENTS, N_JUDGED, N_ASKED = 2000, 3500, 1000  # of Banking77
SMALL = {"SEEDS": (0,), "N_DOCUMENTS": 30, "N_JUDGED": 20, "N_ASKED": 20}


def run(progress):
    """Fit on judged queries, and filter the hits of others."""
    figures = []
    for name, made in (("banking77", _banking), ("scifact", _scifact), ("cosqa", _cosqa)):
        progress(f"vectors of {name}")
        X, (judged, y), (asked, relevant) = made()
        learn, ask = (Search(product_top_k(Q, X, K), Q=Q) for Q in (judged, asked))
        good, known = (_good(search.hits, named) for search, named in ((ask, relevant), (learn, y)))
        real = ask.hits.ids >= 0
        scores = {
            "one cutoff of the cosine": [ask.hits.scores],
            "a fixed number": [np.broadcast_to(-np.arange(ask.hits.k, dtype=float), good.shape)],
            "adapter": [],
        }
        kept = []
        for seed in SEEDS:
            progress(f"adapter of {name}, seed {seed}")
            adapter = CosineAdapter(random_state=seed).fit(learn, y)
            scores["adapter"].append(_by_place(adapter, ask))
            # The threshold that leaves 95 % of what was found for the judged queries.
            threshold = float(np.quantile(_by_place(adapter, learn)[known], 0.05))
            left = scores["adapter"][-1] >= threshold
            kept.append([good[left & real].mean() / good[real].mean(), good[left].sum() / good.sum()])
        area, precision = (
            {which: float(np.mean([measure(s[real], good[real]) for s in all_])) for which, all_ in scores.items()}
            for measure in (lambda s, g: average_precision_score(g, s), _precision)
        )
        many = name == "banking77"
        for what, values in (("area under precision and recall", area), ("precision at 0.9 of the recall", precision)):
            raw, fixed, mapped = values.values()
            figures += [
                Figure(f"{name}, {what}, adapter", mapped),
                Figure(f"{name}, {what}, adapter over one cutoff of the cosine", mapped / raw, low=1.05),
                Figure(f"{name}, {what}, adapter over a fixed number", mapped / fixed, low=1.05 if many else None),
            ]
        gain, recall = np.mean(kept, axis=0).tolist()
        figures += [
            Figure(f"{name}, precision at the threshold over that of all hits", gain, low=1.25),
            Figure(f"{name}, share of what was found that is left at the threshold", recall, low=0.85),
        ]
    return figures


def _good(hits, relevant):
    return np.stack([np.isin(ids, list(rows)) for ids, rows in zip(hits.ids, relevant, strict=True)]) & (hits.ids >= 0)


def _by_place(adapter, search):
    """Return the probabilities; a rising mapping leaves the hits at their places."""
    hits = adapter.rank(search).hits
    assert (hits.ids == search.hits.ids).all()
    return hits.scores


def _precision(scores, good):
    """Return the precision among the best hits of all queries that have 0.9 of what was found."""
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(good[order])
    # What is equal to the last one kept is kept as well.
    last = scores[order][np.searchsorted(found, RECALL * found[-1])]
    return good[scores >= last].mean()


def _banking():
    columns = load("banking77")
    X, labels = encoded(columns["train_text"]), np.array(columns["train_label"])
    order = np.random.default_rng(0).permutation(len(X))
    documents, judged = np.split(order[: N_DOCUMENTS + N_JUDGED], [N_DOCUMENTS])
    asked = np.random.default_rng(1).permutation(len(columns["text"]))[:N_ASKED]
    rows = {label: dict.fromkeys(np.flatnonzero(labels[documents] == label).tolist(), 1) for label in set(labels)}
    test = np.array(columns["label"])[asked]
    return (
        X[documents],
        (X[judged], [rows[label] for label in labels[judged]]),
        (encoded(columns["text"])[asked], [rows.get(label, {}) for label in test]),
    )


def _scifact():
    columns = load("scifact")
    with zipfile.ZipFile(locate("scifact") / "scifact.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith("claims_train.csv"))
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8", newline="")))
    train = {
        "documents": columns["documents"],
        "queries": {row["id"]: row["claim"] for row in rows},
        "relevant": {row["id"]: dict.fromkeys(re.findall(r"\d+", row["cited_doc_ids"]), 1) for row in rows},
    }
    X, asked, relevant = corpus(columns)
    _, judged, y = corpus(train)
    return X, (judged, y), (asked, relevant)


def _cosqa():
    X, asked, relevant = corpus(load("cosqa"))
    _, judged, y = corpus({**load("cosqa-dev"), "documents": load("cosqa")["documents"]})
    return X, (judged, y), (asked, relevant)


CLAIM = Claim(
    methods=("CosineAdapter",),
    paper="rossi2024relevance",
    says="A mapping of cosines that depends on the query makes one threshold do for all queries: precision rises much "
    "at a small loss of recall, and is above that of a threshold on the cosine.",
    data="The best 100 hits by all-MiniLM-L6-v2: Banking77, texts of the same intent, 3,500 judged queries and 1,000 "
    "of the test part asked of 2,000 texts; SciFact, 809 claims of the training part and 300 of the test part; CoSQA, "
    "500 queries of the development part and 500 of the test part. Three seeds.",
    baseline="One cutoff of the cosine for all queries; a fixed number of hits.",
    rule="At 0.9 of the recall of all hits the precision is at least 1.05 times that of a cutoff of the cosine, and so "
    "is the area under precision and recall, on all three sets; on Banking77, where judged queries are many, 1.05 "
    "times those of a fixed number as well. The threshold that leaves 0.95 of what was found for the judged queries "
    "leaves at least 0.85 for the others, at 1.25 times the precision of all hits.",
    run=run,
)
