"""The tasks of MTEB give the scores that MTEB published."""

from inlay.claims import Claim, Figure
from inlay.data.datasets import known_sets
from inlay.evaluation import evaluate
from inlay.pipeline import named_encoder
from inlay.tasks.bitext import BitextMining

MODEL = "all-MiniLM-L6-v2"


def run(progress):
    """Score the model on every task whose data is the very same."""
    figures = _suite(progress)
    encoder, scores = named_encoder(MODEL), []
    for name in [name for name in known_sets() if name.startswith("tatoeba-")]:
        progress(name)
        scores.append(100 * BitextMining(name).run(encoder)[0].value)
    mean = sum(scores) / len(scores)
    return [*figures, Figure(f"Tatoeba, mean of {len(scores)} languages, f1", mean, 3.58, 4.18, published=3.88)]


def _suite(progress):
    evaluation = evaluate(MODEL, "yardstick", on_progress=lambda task, n: progress(task))
    [published] = evaluation.rows.values()
    return [
        Figure(
            f"{result.task}, {result.main.name}",
            100 * result.main.value,
            low=published[result.task] - 0.3,
            high=published[result.task] + 0.3,
            published=published[result.task],
            interval=result.main.interval and tuple(100 * end for end in result.main.interval),
        )
        for result in evaluation.results
    ]


CLAIM = Claim(
    methods=("TextEncoder", "STS", "Retrieval", "Classification", "BitextMining"),
    paper="reimers2019sentence",
    says="all-MiniLM-L6-v2 reaches the main scores that MTEB published for it.",
    data="The tasks of MTEB whose data is the very same here: the suite yardstick.",
    baseline="The scores that MTEB published.",
    rule="Every main score lies within 0.3 points of the published one.",
    run=run,
)
