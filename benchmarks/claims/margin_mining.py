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

# Those that the encoder and Tatoeba share, and others whose English side is searched as well.
LANGUAGES = ("ara", "cmn", "deu", "fra", "ita", "jpn", "kor", "nld", "pol", "por", "rus", "spa", "tha", "tur")
OTHERS = ("bul", "ces", "dan", "ell", "epo", "fin", "heb", "hun", "ron", "swe", "ukr", "vie")
DRAWS = 5
MAPPED = ("banking77", "stackoverflow-short", "agnews-short")
LEARNED = 1000  # texts from which a map is learned
SOURCES = 2000
SMALL = {"LEARNED": 20, "SOURCES": 20, "LANGUAGES": ("deu",), "OTHERS": ("fra",), "DRAWS": 1}
DEPTH = 16  # hits among which the best margin is taken


def run(progress):
    """F1 of pairs that are mined by one threshold, which was chosen on other sentences."""
    figures, gains = [], []
    for name in MAPPED:
        progress(f"mining of {name}")
        given = _mapped(name)
        found = _f1(*given)
        gains.append(found["ratio"] - found["absolute"])
        figures += [Figure(f"{name}, F1 by {kind}", value) for kind, value in found.items()]
        figures += [Figure(f"{name}, best of both sides, F1 by {kind}", f1) for kind, f1 in _f1(*given, "both").items()]
    figures.append(Figure("mapped spaces, gain of F1 by ratio, mean", float(np.mean(gains)), low=0.1))
    figures.append(Figure("mapped spaces, gain of F1 by ratio, least", float(np.min(gains)), low=0.0))
    X, sources = _sentences(progress)
    every = tuple(np.concatenate(sides) for sides in zip(*sources, strict=True))
    for what, share, some, low in (
        ("one language at a time, 2.5 % translated", 0.025, sources, 0.1),
        ("all languages, 2.5 % translated", 0.025, [every], None),
        ("all languages, 50 % translated", 0.5, [every], None),
    ):
        found, both = [], []
        for i, (Q, truth) in enumerate(some):
            progress(f"mining of Tatoeba, {what}, {i + 1} of {len(some)}")
            draws = [_some_translated(Q, X, truth, share, seed) for seed in range(DRAWS)]
            found += [_f1(*draw) for draw in draws]
            both += [_f1(*draws[0], "both")]
        means = _means(found)
        figures += [Figure(f"Tatoeba, {what}, F1 by {kind}", value) for kind, value in means.items()]
        gain = means["ratio"] - means["absolute"]
        figures.append(Figure(f"Tatoeba, {what}, gain of F1 by ratio", gain, low=low))
        figures += [Figure(f"Tatoeba, {what}, best of both sides, F1 by {k}", f1) for k, f1 in _means(both).items()]
    return figures


def _mapped(name):
    """Return texts mapped into another space, that space, and the pairs: the first half of the sources has one."""
    texts = list(load(name)["text"])[: LEARNED + 3 * SOURCES]
    Q, X = encoded(texts, WordLlama()), encoded(texts)
    Q = normalize(Ridge(1.0).fit(Q[:LEARNED], X[:LEARNED]).predict(Q[LEARNED:]))
    X = normalize(X[LEARNED:])
    sources = min(SOURCES, 2 * len(Q) // 3)
    pairs = sources // 2
    truth = np.where(np.arange(sources) < pairs, np.arange(sources), -1)
    return Q[:sources], np.concatenate([X[:pairs], X[sources:]]), truth


def _sentences(progress):
    """Return vectors of English sentences; for each language those of its own, and which ones they translate to."""
    texts = {name: load(f"tatoeba-{name}") for name in (*LANGUAGES, *OTHERS)}
    english = sorted({sentence for text in texts.values() for sentence in text["target"]})
    progress(f"vectors of {len(english)} English sentences")
    X, sources, row = multilingual(english), [], {sentence: i for i, sentence in enumerate(english)}
    for name in LANGUAGES:
        progress(f"vectors of {name}")
        Q = multilingual(list(texts[name]["source"]))
        sources.append((normalize(Q), np.array([row[sentence] for sentence in texts[name]["target"]])))
    return normalize(X), sources


def _some_translated(Q, X, truth, share, seed):
    """Leave of the English sentences that are translations only those of a share of the sources."""
    kept = np.random.default_rng(seed).permutation(len(truth))[: max(2, round(share * len(truth)))]
    there = np.ones(len(X), bool)
    there[truth] = False
    there[truth[kept]] = True
    place = np.where(there, np.cumsum(there) - 1, -1)
    return Q, X[there], place[truth]


def _means(found):
    return {kind: float(np.mean([f1[kind] for f1 in found])) for kind in found[0]}


def _f1(Q, X, truth, sides="sources"):
    """Return F1 by each margin, of the best row of each source, or of the best of both sides, one to one."""
    found = {}
    for kind in ("absolute", "distance", "ratio"):
        source, row, score = _best(Q, X, kind)
        if sides == "both":
            other = _best(X, Q, kind)
            source, row, score = _one_to_one(
                np.append(source, other[1]), np.append(row, other[0]), np.append(score, other[2])
            )
        found[kind] = _mined(source, row, score, truth)
    return found


def _best(Q, X, kind):
    """Return queries, and of each its best row with the margin."""
    search = Search(product_top_k(Q, X, min(DEPTH, len(X))), Q=Q, X=X)
    hits = Margin(kind=kind).fit(search).rank(search).hits
    return np.arange(len(Q)), hits.ids[:, 0], hits.scores[:, 0]


def _one_to_one(source, row, score):
    """Take pairs from the best on, each source and each row once: "max. score" in the paper."""
    sources, rows, kept = set(), set(), []
    for i in np.argsort(-score, kind="stable").tolist():
        if source[i] not in sources and row[i] not in rows:
            sources.add(source[i])
            rows.add(row[i])
            kept.append(i)
    return source[kept], row[kept], score[kept]


def _mined(source, row, score, truth):
    """Return the mean F1 on each half of the sources, by the threshold that is best on the other half."""
    right = truth[source] == row
    half = np.random.default_rng(0).permutation(len(truth)) % 2 == 0
    found = []
    for dev, test in ((half, ~half), (~half, half)):
        known, asked = dev[source], test[source]
        order = np.argsort(-score[known], kind="stable")
        hit = np.cumsum(right[known][order])
        f1 = 2 * hit / (np.arange(1, len(order) + 1) + (truth[dev] >= 0).sum())
        kept = asked & (score >= score[known][order][f1.argmax()])
        found.append(2 * (right & kept).sum() / (kept.sum() + (truth[test] >= 0).sum()))
    return float(np.mean(found))


CLAIM = Claim(
    methods=("Margin",),
    paper="artetxe2019margin",
    says="A threshold on margins finds translations among other sentences far better than one on the cosine: over ten "
    "points of F1 more on BUCC.",
    data="Texts of Banking77, Stack Overflow and AG News by WordLlama, mapped by ridge regression to all-MiniLM-L6-v2, "
    "half of them without their pair there. And sentences of 14 languages of Tatoeba among the English ones of 26, by "
    "the multilingual Universal Sentence Encoder, one language at a time; one sentence in forty has a translation "
    "there, as in BUCC, mean of five draws. All languages with one threshold are shown besides, and the best "
    "pairs of both sides, one to one (of Tatoeba in one draw). The threshold is chosen on one half of the sources and "
    "measured on the other.",
    baseline="The cosine, which is the absolute margin.",
    rule="By the ratio, F1 of translations is at least 0.1 above that of the cosine in the mean, and that in mapped "
    "spaces as well, where it is below that of the cosine in none.",
    run=run,
    guess="The encoder of Tatoeba's sentences was trained to tell translations apart, so that its cosines compare "
    "within a language, and these sentences are short and alike in length; that of the paper was trained to translate. "
    "Where languages share a threshold, which their cosines do not, the gain is as large as in the paper. Pairs that "
    "are taken one to one, as the paper recommends, are found better by the cosine alone already, so that margins gain "
    "less.",
)
