"""Whether margins find the translations among sentences that mostly have none."""

import numpy as np
from _multilingual import multilingual
from _vectors import encoded
from sklearn.linear_model import Ridge

from inlay.claims import Claim, Figure
from inlay.core.values import Search
from inlay.core.vectors import normalize, product_top_k
from inlay.data.datasets import load
from inlay.encoders.text import WordLlama
from inlay.rankers.hubness import Margin

LANGUAGES = ("deu", "fra", "rus", "cmn")
MAPPED = ("banking77", "stackoverflow-short", "agnews-short")
LEARNED = 1000  # texts from which a map is learned
SOURCES = 2000
SMALL = {"LEARNED": 20, "SOURCES": 20}
DEPTH = 16  # hits among which the best margin is taken


def run(progress):
    """F1 of pairs that are mined by one threshold, which was chosen on other sentences."""
    figures, gains = [], []
    for name in MAPPED:
        progress(f"mining of {name}")
        found = _f1(*_mapped(name))
        gains.append(found["ratio"] - found["absolute"])
        figures += [Figure(f"{name}, F1 by {kind}", value) for kind, value in found.items()]
    figures.append(Figure("mapped spaces, gain of F1 by ratio, mean", float(np.mean(gains)), low=0.1))
    figures.append(Figure("mapped spaces, gain of F1 by ratio, least", float(np.min(gains)), low=0.0))
    gains = []
    for name, space in _translations(progress):
        found = _f1(*space)
        gains.append(found["ratio"] - found["absolute"])
        figures += [Figure(f"Tatoeba {name}, F1 by {kind}", value) for kind, value in found.items()]
    figures.append(Figure("Tatoeba, gain of F1 by ratio, mean", float(np.mean(gains)), low=0.1))
    return figures


def _mapped(name):
    """Return texts mapped into another space, and that space; the first half of the sources is there, and others."""
    texts = list(load(name)["text"])[: LEARNED + 3 * SOURCES]
    Q, X = encoded(texts, WordLlama()), encoded(texts)
    Q = normalize(Ridge(1.0).fit(Q[:LEARNED], X[:LEARNED]).predict(Q[LEARNED:]))
    X = normalize(X[LEARNED:])
    sources = min(SOURCES, 2 * len(Q) // 3)
    pairs = sources // 2
    return Q[:sources], np.concatenate([X[:pairs], X[sources:]]), pairs


def _translations(progress):
    """Yield sentences of a language and English ones, which translate the first half of them, and others."""
    vectors, texts = {}, {}
    for name in LANGUAGES:
        progress(f"vectors of {name}")
        texts[name] = load(f"tatoeba-{name}")
        vectors[name] = [normalize(multilingual(list(texts[name][side]))) for side in ("source", "target")]
    for name in LANGUAGES:
        Q, own = vectors[name]
        said = set(texts[name]["target"])
        others = [
            vectors[other][1][[text not in said for text in texts[other]["target"]]]
            for other in LANGUAGES
            if other != name
        ]
        pairs = len(own) // 2
        yield name, (Q, np.concatenate([own[:pairs], *others]), pairs)


def _f1(Q, X, pairs):
    search = Search(product_top_k(Q, X, min(DEPTH, len(X))), Q=Q, X=X)
    found = {}
    for kind in ("absolute", "distance", "ratio"):
        hits = Margin(kind=kind).fit(search).rank(search).hits
        found[kind] = _mined(hits.ids[:, 0], hits.scores[:, 0], pairs)
    return found


def _mined(ids, scores, pairs):
    """Return the mean F1 on each half of the sources, by the threshold that is best on the other half."""
    right = (ids == np.arange(len(ids))) & (np.arange(len(ids)) < pairs)
    there = np.arange(len(ids)) < pairs
    half = np.random.default_rng(0).permutation(len(ids)) % 2 == 0
    found = []
    for dev, test in ((half, ~half), (~half, half)):
        order = np.argsort(-scores[dev], kind="stable")
        hit = np.cumsum(right[dev][order])
        f1 = 2 * hit / (np.arange(1, len(order) + 1) + there[dev].sum())
        threshold = scores[dev][order][f1.argmax()]
        kept = scores[test] >= threshold
        found.append(2 * (right[test] & kept).sum() / (kept.sum() + there[test].sum()))
    return float(np.mean(found))


CLAIM = Claim(
    methods=("Margin",),
    paper="artetxe2019margin",
    says="A threshold on margins finds translations among other sentences far better than one on the cosine: over ten "
    "points of F1 more on BUCC.",
    data="Texts of Banking77, Stack Overflow and AG News by WordLlama, mapped by ridge regression to all-MiniLM-L6-v2, "
    "half of them without their pair there; beside them sentences of Tatoeba by the multilingual Universal Sentence "
    "Encoder, which was trained to have cosines that compare. The threshold is chosen on one half of the sources and "
    "measured on the other.",
    baseline="The cosine, which is the absolute margin.",
    rule="By the ratio, F1 of translations is at least 0.1 above that of the cosine in the mean, and that in mapped "
    "spaces as well, where it is below that of the cosine in none.",
    run=run,
    guess="The encoder of Tatoeba's sentences was trained to tell translations apart, so that its cosines compare, and "
    "these sentences are short and alike in length; that of the paper was trained to translate.",
)
