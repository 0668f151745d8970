"""Whether the first numbers of nested vectors are an embedding in their own right."""

import numpy as np
from _vectors import encoded
from scipy.stats import spearmanr

from inlay.claims import Claim, Figure
from inlay.core.vectors import normalize
from inlay.data.datasets import load
from inlay.encoders.text import TextEncoder, WordLlama
from inlay.transforms.reduce import MatryoshkaTruncation, PrincipalComponents

N_DRAWS = 10
SMALL = {"N_DRAWS": 2}


def run(progress):
    """Correlate cosines with judgements at a half and a quarter of the dimensions, cut in several ways."""
    pairs = load("stsbenchmark")
    judged = np.asarray(pairs["score"], float)
    n = len(judged)

    def score(Z):
        Z = normalize(Z)
        return 100 * float(spearmanr(np.vecdot(Z[:n], Z[n:]), judged).statistic)

    kept, figures = {}, []
    for name, encoder in (("WordLlama", WordLlama()), ("all-MiniLM-L6-v2", TextEncoder())):
        progress(f"the vectors of {name}")
        X = np.concatenate([encoded(pairs["text1"], encoder), encoded(pairs["text2"], encoder)])
        whole = score(X)
        figures.append(Figure(f"{name}, all {X.shape[1]} dimensions", whole))
        for part in (2, 4):
            dim = X.shape[1] // part
            cut = score(MatryoshkaTruncation(dim).fit_transform(X))
            kept[name, part] = cut / whole
            figures.append(Figure(f"{name}, the first {dim}", cut))
            if name == "WordLlama":
                draws = [np.random.default_rng(seed).choice(X.shape[1], dim, replace=False) for seed in range(N_DRAWS)]
                others = float(np.mean([score(X[:, draw]) for draw in draws]))
                figures.append(Figure(f"the first {dim} less as many drawn at random, points", cut - others, low=0.0))
                fitted = score(PrincipalComponents(min(dim, *X.shape)).fit_transform(X))
                figures.append(Figure(f"the first {dim} less as many principal components, points", cut - fitted))
    for part in (2, 4):
        more = 100 * (kept["WordLlama", part] - kept["all-MiniLM-L6-v2", part])
        figures.append(Figure(f"share kept in 1/{part}, WordLlama less all-MiniLM-L6-v2, points", more, low=0.0))
    return figures


CLAIM = Claim(
    methods=("MatryoshkaTruncation", "WordLlama"),
    paper="kusupati2022matryoshka",
    says="Where an encoder was trained on nested prefixes, its first numbers are an embedding in their own right.",
    data="STS-B, Spearman's correlation of cosines with judgements.",
    baseline="As many numbers drawn at random; all-MiniLM-L6-v2, which was not trained so, cut to the same share; "
    "principal components, which may look at the data, for comparison.",
    rule="The first half and the first quarter of WordLlama's numbers are no worse than as many drawn at random, and "
    "keep no smaller a share of the score than the same share of all-MiniLM-L6-v2 does.",
    run=run,
    guess="At a quarter of the numbers any choice of them does for STS, nested or not, and principal components are no "
    "better; the gain of nested training is at widths below 64, which WordLlama was not trained for. all-MiniLM-L6-v2 "
    "has more numbers left at the same share.",
)
