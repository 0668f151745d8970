"""Whether reductions that learn from neighbours keep more of them than principal components do."""

import numpy as np
from _vectors import corpus, encoded

from inlay.claims import Claim, Figure
from inlay.core.vectors import normalize, product_top_k
from inlay.data.datasets import load
from inlay.transforms.reduce import MPAD, TLDR, PrincipalComponents

DIMS = (16, 32)
N_ROWS, N_QUERIES, N_EPOCHS, N_STEPS, K = 4000, 500, 30, 60, 10
SMALL = {"DIMS": (4,), "N_QUERIES": 10, "N_EPOCHS": 1, "N_STEPS": 2, "K": 3}


def kept(D, Q, Z, queries):
    """Return the share of each query's true nearest that are its nearest after the reduction."""
    true = product_top_k(normalize(Q), normalize(D), K).ids
    found = product_top_k(normalize(queries), normalize(Z), K).ids
    return (true[:, :, None] == found[:, None, :]).any(axis=2).mean(axis=1)


def gain(Z, queries, relevant):
    """Return nDCG at ten of each query by what people judged relevant."""
    ids = product_top_k(normalize(queries), normalize(Z), 10).ids
    discount = 1 / np.log2(np.arange(2, 12))
    out = []
    for row, grades in zip(ids, relevant, strict=True):
        best = sorted(grades.values(), reverse=True)[:10]
        reached = [grades.get(int(i), 0) for i in row]
        out.append(float(discount[: len(row)] @ reached / (discount[: len(best)] @ best)))
    return np.array(out)


def compared(name, one, other, low=0.0):
    """Return the mean difference in points, with its interval over queries."""
    difference = 100 * (one - other)
    mean, error = float(difference.mean()), 1.96 * float(difference.std() / np.sqrt(len(difference)))
    return Figure(name, mean, low=low, interval=(mean - error, mean + error))


def run(progress):
    """Fit on documents, and look for the neighbours of queries that were not seen."""
    progress("vectors")
    documents, queries, relevant = corpus(load("scifact"))
    news = encoded(load("agnews-short")["text"])
    news = news[np.random.default_rng(0).permutation(len(news))[: N_ROWS + N_QUERIES]]
    sets = {"SciFact": (documents, queries), "AG News": (news[N_QUERIES:], news[:N_QUERIES])}
    figures = []
    for name, (D, Q) in sets.items():
        for dim in DIMS:
            ways = {
                "PCA": PrincipalComponents(dim),
                "TLDR": TLDR(dim, n_epochs=N_EPOCHS),
                "MPAD": MPAD(dim, n_rows=len(D), n_steps=N_STEPS),
            }
            shares, judged = {}, {}
            for way, transform in ways.items():
                progress(f"{way} to {dim} dimensions on {name}")
                Z = transform.fit_transform(D)
                shares[way] = kept(D, Q, Z, transform.transform(Q))
                if name == "SciFact":
                    judged[way] = gain(Z, transform.transform(Q), relevant)
            figures.append(
                Figure(f"{name}, {dim} dimensions, PCA, recall of true neighbours", float(shares["PCA"].mean()))
            )
            for way in ("TLDR", "MPAD"):
                figures.append(compared(f"{name}, {dim} dimensions, {way} less PCA", shares[way], shares["PCA"]))
            if judged:
                title = f"{name}, {dim} dimensions, TLDR less PCA, nDCG@10 of judged documents"
                figures.append(compared(title, judged["TLDR"], judged["PCA"], low=None))
    return figures


CLAIM = Claim(
    methods=("TLDR", "MPAD", "PrincipalComponents"),
    paper="kalantidis2022tldr",
    says="A linear map that learns from pairs of neighbours (TLDR), or that holds near rows apart (MPAD, Fu and Zhao "
    "2025), keeps more of the true nearest neighbours than principal components of the same number.",
    data="SciFact and 4000 texts of AG News as vectors of all-MiniLM-L6-v2, 16 and 32 dimensions; queries not learned "
    "from; the ten nearest by cosine.",
    baseline="Principal components of the same number.",
    rule="Recall of the true ten nearest is no lower than that of principal components, for either method, on either "
    "set, at either number of dimensions. The documents that people judged are shown besides.",
    run=run,
    guess="TLDR evens out the spread of coordinates, as whitening does, which reorders near neighbours the more the "
    "more dimensions there are; its authors measure what people judge relevant, with a projector of width 2048. The "
    "vectors are nearly Gaussian, so that mean differences are in step with standard deviations, and MPAD finds "
    "principal components but for chance.",
)
