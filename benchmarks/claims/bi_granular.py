"""Whether vectors that are optimised for the shortlist of the codes before them find more than vectors that are not."""

import csv
import io
import re
import zipfile

import numpy as np
from _vectors import corpus, encoded, ndcg
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from inlay.claims import Claim, Figure
from inlay.core.frozen import Frozen
from inlay.core.values import Search
from inlay.data.datasets import load, locate
from inlay.indexes import Coded
from inlay.rankers.rerank import PostVerification
from inlay.transforms.quantize import MoPQ

K = 10
DEPTH = 100  # candidates that are verified
BYTES = (4, 8, 16)
N_PARTS = 3
PAIRS = 2000
N_CODEWORDS = 256
N_EPOCHS = 10
WAYS = {
    "in-batch negatives": {"n_negatives": 0, "n_walk": 1},
    "negatives of the shortlist, random batches": {"n_walk": 1},
    "shortlist": {},
}
SMALL = {"PAIRS": 30, "N_CODEWORDS": 8, "N_EPOCHS": 1, "BYTES": (4,)}


def run(progress):
    """Learn codes, then a map of queries in each way, and ask other queries."""
    figures, gains = [], {}
    for made in (_scifact, _cranfield):
        progress(f"vectors, {made.__name__}")
        X, titles, parts = made()
        for n_bytes in BYTES:
            progress(f"codes of {n_bytes} bytes, {made.__name__}")
            index = _codes(X, titles, n_bytes)
            for name, splits in parts.items():
                found = _of_queries(progress, f"{name}, {n_bytes} bytes", index, X, splits)
                for way, values in found.items():
                    gains.setdefault(name, {}).setdefault(way, []).append(values)
                    for what, column in (("recall@10", 0), ("nDCG@10", 1)):
                        figures.append(_figure(f"{name}, {n_bytes} bytes, {what}, {way}", values[:, column]))
                figures.append(_figure(f"{name}, {n_bytes} bytes, recall of the shortlist", found["codes alone"][:, 2]))
        share = index.bytes_per_vector / (4 * X.shape[1])
        figures.append(Figure(f"bytes in memory over those of vectors, {made.__name__[1:]}", share, high=1 / 32))
    for name, of_sizes in gains.items():
        of_ways = {way: np.mean(values, axis=0) for way, values in of_sizes.items()}
        for other, low in (
            ("in-batch negatives", 0.01),
            ("vectors as they are", 0.01),
            ("codes alone", 0.01),
            ("negatives of the shortlist, random batches", None),
        ):
            more = of_ways["shortlist"] - of_ways[other]
            figures += [
                _figure(f"{name}, recall@10, shortlist less {other}", more[:, 0], low),
                _figure(f"{name}, nDCG@10, shortlist less {other}", more[:, 1]),
            ]
    return figures


def _codes(X, titles, n_bytes):
    """Return codes in memory, learned from documents and their titles alone."""
    known = np.random.default_rng(0).permutation(len(X))[:PAIRS]
    codec = MoPQ(n_bytes, N_CODEWORDS, 128, batch_size=128, n_epochs=2).fit(X[known], titles[known])
    return Coded(Frozen(codec)).fit(X)


def _of_queries(progress, name, index, X, splits):
    """Return for each way the recall, nDCG and recall of the shortlist of each query."""
    found = {}
    for part, ((Q, grades), (asked, relevant)) in enumerate(splits):
        progress(f"{name}, part {part}")
        learn, ask = (Search(index.search(queries, DEPTH), Q=queries, X=X) for queries in (Q, asked))
        reached = {
            "codes alone": ask,
            "vectors as they are": PostVerification(n_epochs=0).fit(learn, grades).rank(ask),
        }
        for way, parameters in WAYS.items():
            # Another seed for each size, so that their mean is one over seeds as well.
            ranker = PostVerification(**parameters, n_epochs=N_EPOCHS, random_state=index.bytes_per_vector)
            reached[way] = ranker.fit(learn, grades).rank(ask)
        for way, search in reached.items():
            found.setdefault(way, []).append(_gains(search.hits.ids, relevant))
    return {way: np.concatenate(values) for way, values in found.items()}


def _gains(ids, relevant):
    good = [[row for row, grade in grades.items() if grade > 0] for grades in relevant]
    recalls = [[np.isin(rows, some).mean() for rows, some in zip(good, of, strict=True)] for of in (ids[:, :K], ids)]
    return np.stack([recalls[0], ndcg(ids, relevant), recalls[1]], axis=1)


def _scifact():
    """Claims of the training part to learn from and those of the test part to ask; and all, parted by documents."""
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
    parts = {
        "scifact": [((judged, y), (asked, relevant))],
        "scifact, new documents": _apart(np.concatenate([judged, asked]), [*y, *relevant], len(X)),
    }
    return X, _titles(columns, ". "), parts


def _apart(Q, grades, n_rows):
    """Return parts of the queries to learn from and to ask that have no relevant document in common."""
    known = np.array([any(grade > 0 for grade in some.values()) for some in grades])
    Q, grades = Q[known], [grades[i] for i in np.flatnonzero(known)]
    pairs = np.array([(i, row) for i, some in enumerate(grades) for row, grade in some.items() if grade > 0])
    graph = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], len(Q) + pairs[:, 1])), (len(Q) + n_rows,) * 2)
    groups = np.unique(connected_components(graph, directed=False)[1][: len(Q)], return_inverse=True)[1]
    part = (np.random.default_rng(0).permutation(groups.max() + 1) % N_PARTS)[groups]

    def chosen(rows):
        return Q[rows], [grades[i] for i in np.flatnonzero(rows)]

    return [(chosen(part != number), chosen(part == number)) for number in range(N_PARTS)]


def _cranfield():
    """Each half of the queries to learn from, and the other half to ask."""
    columns = load("cranfield")
    X, Q, grades = corpus(columns)
    halves = np.array_split(np.random.default_rng(0).permutation(len(Q)), 2)
    parts = [(Q[half], [grades[i] for i in half]) for half in halves]
    return X, _titles(columns, " . "), {"cranfield": [(parts[0], parts[1]), (parts[1], parts[0])]}


def _titles(columns, end):
    """Return the vectors of the first sentences, which are titles."""
    return encoded([text.partition(end)[0] for text in columns["documents"].values()], role="query")


def _figure(name, values, low=None):
    """Return the mean over queries, with its interval."""
    mean, error = float(values.mean()), 1.96 * float(values.std()) / len(values) ** 0.5
    return Figure(name, mean, low=low, interval=(mean - error, mean + error))


CLAIM = Claim(
    methods=("PostVerification",),
    paper="xiao2022progressively",
    says="Search among codes in memory, verified by vectors on disk that were optimised for the shortlists of these "
    "codes, finds more than with vectors that were optimised independently of them, at equal memory: up to 4.3 % of "
    "recall on a corpus of millions.",
    data="SciFact, 809 claims of the training part to learn from and 300 of the test part to ask of 5,183 abstracts; "
    "as two of three test claims are about abstracts that training claims are about, also all 1,109 claims in three "
    "parts without a common abstract; Cranfield, each half of 225 queries to learn from and the other half to ask of "
    "1,400 abstracts; vectors of all-MiniLM-L6-v2. Codes of 4, 8 and 16 bytes, learned from titles; 100 candidates; a "
    "seed for each size of codes.",
    baseline="The same ranker with the negatives of random batches alone, which does not see the shortlist; the "
    "candidates ordered by the vectors as they are; codes alone.",
    rule="In the mean over the sizes of codes, recall@10 of what is learned on the shortlist is at least 0.01 above "
    "that of in-batch negatives, of the vectors as they are and of codes alone, on all three; and codes take at most "
    "1/32 of the bytes of vectors.",
    run=run,
    guess="The paper learns encoders from hundreds of thousands of queries; a linear map over frozen vectors learns "
    "from some hundreds little that holds for other documents. Of new claims about known abstracts in-batch negatives "
    "reach a recall within 0.06 of that of the shortlist, which leaves little to gain; what its own negatives add is "
    "seen in the first places, in nDCG on SciFact, and not in recall at 10. Cranfield has 112 queries to learn from.",
)
