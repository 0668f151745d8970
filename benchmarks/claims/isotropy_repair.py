"""Whether the repairs of a space that crowds in a cone raise isotropy, and the correlation with judgements."""

import numpy as np
from _pairs import cosines, gain, judged_pairs, mean_cosine

from inlay.claims import Claim, Figure
from inlay.data.datasets import load
from inlay.encoders.text import TextEncoder
from inlay.transforms.linear import ClusterIsotropy, CommonComponentRemoval, Whitening

SETS = ("stsbenchmark", "sts16", "sts13")
LAYER = 1  # the one with the largest mean cosine of all layers
N_TOKENS = 10_000  # that clusters are made of, as in the paper of Rajaee and Pilehvar
EVERY = 2  # of the pairs, for their tokens, which are not kept
N_CLUSTERS = 27
SMALL = {"SETS": ("stsbenchmark",), "N_TOKENS": 300, "N_CLUSTERS": 2}


def run(progress):
    """Repair tokens or their averages, fitted on the sentences of the set, and compare the averages of sentences."""
    figures = []
    for data in SETS:
        progress(f"{data}: averages of layer {LAYER}")
        A, B, judged = judged_pairs(data, TextEncoder(layers=(LAYER,), normalize=False, device="cpu"))
        X = np.concatenate([A, B])
        for name, repair in (("ZCA whitening", Whitening("zca")), ("common components", CommonComponentRemoval())):
            figures += compared(f"{data}: {name}", X, repair.fit(X).transform(X), judged)
        progress(f"{data}: tokens of layer {LAYER}")
        columns = load(data)
        texts = [*columns["text1"][::EVERY], *columns["text2"][::EVERY]]
        tokens = TextEncoder(device="cpu").encode_tokens(texts, layer=LAYER)
        progress(f"{data}: clusters")
        some = np.random.default_rng(0).permutation(len(tokens.values))[:N_TOKENS]
        repaired = ClusterIsotropy(N_CLUSTERS).fit(tokens.values[some]).transform(tokens.values)
        X, Z = (averages(values, tokens.offsets) for values in (tokens.values, repaired))
        figures += compared(f"{data}: cluster isotropy", X, Z, judged[::EVERY])
    return figures


def compared(name, X, Z, judged):
    """Compare the vectors of pairs, whose first sentences stand before the second ones, before and after a repair."""
    before, after = (cosines(*np.split(V, 2)) for V in (X, Z))
    fall = mean_cosine(Z) - mean_cosine(X)
    return [
        gain(f"{name}, points", before, after, judged),
        Figure(f"{name}, mean cosine before", mean_cosine(X)),
        Figure(f"{name}, mean cosine less that before", fall, high=0.0),
    ]


def averages(values, offsets):
    """Return the mean of the tokens of each sentence."""
    return np.add.reduceat(values, offsets[:-1], axis=0) / np.diff(offsets)[:, None]


CLAIM = Claim(
    methods=("ClusterIsotropy", "CommonComponentRemoval", "Whitening"),
    paper="hammerl2023exploring",
    says="Enhancing the isotropy of clusters and ZCA whitening each raise the isotropy of an untuned space and its "
    "correlation with people's judgements, without training; so does removing common components (Mu, Viswanath 2018).",
    data="STS-B (test), STS 2016 and STS 2013; averages of the tokens of the first layer of all-MiniLM-L6-v2, whose "
    "space crowds most of all layers. Cluster isotropy repairs the tokens, of every second pair, and the others "
    "the averages.",
    baseline="The averages as they are.",
    rule="For each of the three repairs and all three sets Spearman's correlation rises, and the mean cosine of "
    "sentences falls.",
    run=run,
)
