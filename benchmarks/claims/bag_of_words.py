"""Whether a bag of words is better than dense vectors on a set of sentence pairs."""

from inlay.claims import Claim, Figure
from inlay.encoders.text import HashingEncoder, TextEncoder, WordLlama
from inlay.evaluation import compare, evaluate

TASKS = ["STS12", "STS13", "STS14", "STS15", "STS16", "STSBenchmark"]


def run(progress):
    """Compare hashed words with two dense encoders, pair by pair."""
    bag = evaluate(HashingEncoder(), TASKS, intervals=False, on_progress=lambda task, n: progress(task))
    figures = []
    for name, dense in (("WordLlama", WordLlama()), ("all-MiniLM-L6-v2", TextEncoder())):
        other = evaluate(dense, TASKS, intervals=False, on_progress=lambda task, n: progress(task))
        for one in compare(bag, other):
            low, high = one.difference.interval
            figures.append(
                Figure(
                    f"{one.task}, words minus {name}, points",
                    100 * one.difference.value,
                    high=0.0 if name == "all-MiniLM-L6-v2" else None,
                    interval=(100 * low, 100 * high),
                )
            )
    return figures


CLAIM = Claim(
    methods=("HashingEncoder", "WordLlama"),
    paper="weinberger2009feature",
    says="A bag of words, which FinMTEB found ahead of dense vectors on financial STS, is behind them on general STS.",
    data="STS 2012 to 2016 and STS-B, Spearman's correlation, paired bootstrap over pairs.",
    baseline="Hashed words; a static and a contextual encoder stand against them.",
    rule="The words are ahead of all-MiniLM-L6-v2 on none of the six sets.",
    run=run,
)
