"""EvalRank follows what an encoder is good for."""

from scipy.stats import spearmanr

from inlay.claims import Claim, Figure
from inlay.encoders.text import HashingEncoder, TextEncoder, WordLlama
from inlay.tasks.classify import Classification
from inlay.tasks.similarity import STS, EvalRank

DOWNSTREAM = ("trec", "cr", "mr", "subj", "sst2")


def run(progress):
    """Correlate two intrinsic scores with the mean accuracy of classifiers, over seven encoders."""
    encoders = {
        "hashing, 64": HashingEncoder(dim=64),
        "hashing, 1024": HashingEncoder(),
        "WordLlama, 64": WordLlama(dim=64),
        "WordLlama, 256": WordLlama(),
        "all-MiniLM-L6-v2, 32": TextEncoder(dim=32),
        "all-MiniLM-L6-v2, 128": TextEncoder(dim=128),
        "all-MiniLM-L6-v2, 384": TextEncoder(),
    }
    figures, ranked, correlated, useful = [], [], [], []
    for name, encoder in encoders.items():
        progress(name)
        ranked.append(EvalRank("stsbenchmark").run(encoder)[0].value)
        correlated.append(STS("stsbenchmark").run(encoder)[0].value)
        useful.append(sum(Classification(data).run(encoder)[0].value for data in DOWNSTREAM) / len(DOWNSTREAM))
        figures += [
            Figure(f"EvalRank MRR, {name}", ranked[-1]),
            Figure(f"STS-B Spearman, {name}", correlated[-1]),
            Figure(f"mean accuracy of five classifiers, {name}", useful[-1]),
        ]
    return [
        Figure(
            "EvalRank against accuracy, Spearman over encoders", float(spearmanr(ranked, useful).statistic), low=0.5
        ),
        Figure("STS-B against accuracy, Spearman over encoders", float(spearmanr(correlated, useful).statistic)),
        *figures,
    ]


CLAIM = Claim(
    methods=("EvalRank",),
    paper="wang2022just",
    says="Ranking similar texts among all others follows downstream scores more closely than correlations do.",
    data="EvalRank and STS on the test part of STS-B; classification of TREC, CR, MR, SUBJ and SST-2; seven encoders.",
    baseline="Spearman's correlation on STS-B.",
    rule="EvalRank's MRR and the mean accuracy have a rank correlation of at least 0.5 over the seven encoders.",
    run=run,
    guess="Seven encoders of three families are few, and rank correlations over so few move much.",
)
