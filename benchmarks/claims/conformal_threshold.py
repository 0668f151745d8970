"""Whether a conformal cutoff keeps what is relevant as often as it promises."""

import numpy as np
from _vectors import corpus

from inlay.claims import Claim, Figure
from inlay.core.values import Hits, Search
from inlay.core.vectors import product_top_k
from inlay.data.datasets import load
from inlay.rankers.calibrate import ConformalThreshold

K = 1500  # all of Cranfield; of SciFact what lies deeper is not found
ALPHAS = (0.05, 0.1, 0.2, 0.3)
N_SPLITS = 100
N_FEW = 20
SMALL = {"N_SPLITS": 2, "ALPHAS": (0.5,), "N_FEW": 2}


def run(progress):
    """Fit on half of the queries at random, and count how often the other half keep what is relevant."""
    figures = []
    for name, keep in (("scifact", "one"), ("cranfield", "one"), ("cranfield", "all")):
        progress(f"vectors of {name}")
        X, Q, relevant = corpus(load(name))
        hits = product_top_k(Q, X, min(K, len(X)))
        order = [np.random.default_rng(seed).permutation(len(Q)) for seed in range(N_SPLITS)]
        what = f"{name}, {keep} relevant row" + "s" * (keep == "all")
        for alpha in ALPHAS:
            progress(f"{what}, alpha {alpha}")
            cutoff = ConformalThreshold(alpha, keep=keep)
            found = np.array([_held_out(cutoff, hits, relevant, rows, len(Q) // 2) for rows in order])
            figures += _figures(f"{what}, alpha {alpha}", found, alpha, len(Q) // 2)
        if keep == "one":
            alpha = ALPHAS[min(1, len(ALPHAS) - 1)]
            progress(f"{what}, few queries")
            few = np.array([_held_out(cutoff.set_params(alpha=alpha), hits, relevant, rows, N_FEW) for rows in order])
            figures += _figures(f"{what}, alpha {alpha}, fitted on {N_FEW}", few, alpha, N_FEW)
    return figures


def _held_out(cutoff, hits, relevant, rows, n):
    """Return coverage and hits kept of the queries beyond the first n, and the coverage of the plain quantile."""
    learn, ask = (Search(Hits(hits.ids[part], hits.scores[part])) for part in (rows[:n], rows[n:]))
    y = [relevant[i] for i in rows[:n]]
    left = cutoff.fit(learn, y).rank(ask).hits
    kept = [np.isin(list(relevant[i]), ids) for i, ids in zip(rows[n:], left.ids, strict=True)]
    covered = np.mean([one.any() if cutoff.keep == "one" else one.all() for one in kept])
    true, other = _true(learn.hits, y, cutoff.keep), _true(ask.hits, [relevant[i] for i in rows[n:]], cutoff.keep)
    return covered, left.counts.mean(), np.mean(other > np.quantile(true, cutoff.alpha))


def _true(hits, relevant, keep):
    """Return the score of the relevant row of each query; below all others where it is not found."""
    out = []
    for ids, scores, rows in zip(hits.ids, hits.scores, relevant, strict=True):
        good = scores[np.isin(ids, list(rows))]
        out.append(-1.0 if len(good) < (len(rows) if keep == "all" else 1) else good[0 if keep == "one" else -1])
    return np.array(out)


def _figures(what, found, alpha, n):
    covered, kept, plain = found.mean(axis=0).tolist()
    slack = 3 * float(found[:, 0].std(ddof=1)) / np.sqrt(len(found))
    low, high = 1 - alpha, 1 - alpha + 1 / (n + 1)
    return [
        Figure(f"{what}, coverage", covered, low=low - slack, high=high + slack),
        Figure(f"{what}, coverage of the plain quantile", plain),
        Figure(f"{what}, hits kept", kept),
    ]


CLAIM = Claim(
    methods=("ConformalThreshold",),
    paper="rouzrokh2024conflare",
    says="A cutoff of the similarity at the quantile of judged queries, corrected for their number, retrieves what is "
    "relevant for at least the share of further queries that was asked for.",
    data="SciFact, the best 1,500 of its abstracts, and Cranfield, all its documents, by the cosine of "
    "all-MiniLM-L6-v2; 100 random halves of the queries, and 20 of them against the rest.",
    baseline="The plain quantile, with nothing corrected.",
    rule="For each alpha the mean coverage lies between 1 - alpha and 1 - alpha + 1/(n + 1), within three standard "
    "errors of the mean over the splits.",
    run=run,
)
