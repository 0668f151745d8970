"""Whether neighbours tell which queries a cheap model answers as well as a costly one."""

import numpy as np
from _vectors import encoded

from inlay.claims import Claim, Figure
from inlay.core.values import Search
from inlay.data.datasets import load
from inlay.encoders.text import WordLlama
from inlay.indexes import Exact
from inlay.rankers.label import LabelVote

K = 10
SEEDS = (0, 1, 2)
SMALL = {"SEEDS": (0,)}


def run(progress):
    """Route questions between a classifier on static vectors and one on those of a transformer."""
    progress("vectors")
    data = load("banking77")
    texts, questions = data["train_text"], data["text"]
    y, wanted = np.array(data["train_label"]), np.array(data["label"])
    spaces = {
        "cheap": (encoded(texts, WordLlama()), encoded(questions, WordLlama())),
        "costly": (encoded(texts), encoded(questions)),
    }
    rows = {name: [] for name in ("routed", "costly", "cheap", "calls", "random")}
    for seed in SEEDS:
        progress(f"seed {seed}")
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(y))
        taught, held = order[: len(y) // 2], order[len(y) // 2 :]
        right, answers = {}, {}
        for name, (X, Q) in spaces.items():
            right[name] = classify(X[taught], y[taught], X[held]) == y[held]
            answers[name] = classify(X[taught], y[taught], Q) == wanted
        # An exemplar belongs to the cheapest model that answers it; there are as many of one model as of the other.
        pools = [np.flatnonzero(right["cheap"]), np.flatnonzero(right["costly"] & ~right["cheap"])]
        size = min(map(len, pools))
        exemplars = np.concatenate([rng.permutation(pool)[:size] for pool in pools])
        X, Q = spaces["cheap"]
        router = np.array(classify(X[held[exemplars]], np.repeat(["cheap", "costly"], size), Q))
        costly = router == "costly"
        routed = np.where(costly, answers["costly"], answers["cheap"])
        calls = costly.mean()
        rows["routed"].append(routed.mean())
        rows["costly"].append(answers["costly"].mean())
        rows["cheap"].append(answers["cheap"].mean())
        rows["calls"].append(calls)
        rows["random"].append(calls * answers["costly"].mean() + (1 - calls) * answers["cheap"].mean())
    mean = {name: float(np.mean(values)) for name, values in rows.items()}
    return [
        Figure("accuracy, cheap alone", mean["cheap"]),
        Figure("accuracy, costly alone", mean["costly"]),
        Figure("accuracy, routed", mean["routed"]),
        Figure("share of questions that the costly one answers", mean["calls"], high=0.5, published=0.5),
        Figure("routed less costly alone, points", 100 * (mean["routed"] - mean["costly"]), low=-1.0),
        Figure("routed less routed at random, points", 100 * (mean["routed"] - mean["random"]), low=0.0),
    ]


def classify(X, y, Q):
    """Return the class that the neighbours of each query vote for."""
    search = Search(Exact().fit(X).search(Q, K), X=X)
    return np.array(LabelVote().fit(search, y).winners(search))


CLAIM = Claim(
    methods=("LabelVote",),
    paper="lee2024orchestrallm",
    says="The neighbours of a query among exemplars, each labelled with the model that answers it reliably, vote for "
    "the model that should answer it: as good as the costly model alone, at less than half of its calls.",
    data="Banking77, 77 classes; half of the 10,003 questions teach both models, the other half are exemplars, 3,080 "
    "are asked; three seeds. The models are votes of 10 neighbours by vectors of WordLlama and of all-MiniLM-L6-v2; "
    "the router sees the cheap vectors only.",
    baseline="The costly model alone, the cheap one alone, and routing at random at as many calls.",
    rule="The routed answers are right at most one point less often than those of the costly model, which answers at "
    "most half of the questions, and more often than at random.",
    run=run,
)
