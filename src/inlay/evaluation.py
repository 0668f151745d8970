"""How good an encoder is, how sure that is, and whether it is better than another."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._evaluation.result import Result
from ._evaluation.run import Skipped, run
from ._evaluation.suites import Suite, chosen
from .core.contracts import Encoder
from .core.errors import ParameterError
from .core.resampling import Difference, difference
from .pipeline import Pipeline, named_encoder
from .tasks._downsample import Selection, downsample
from .tasks._subsets import hard_negatives

__all__ = [
    "Comparison",
    "Evaluation",
    "Result",
    "Selection",
    "Skipped",
    "compare",
    "downsample",
    "evaluate",
    "hard_negatives",
    "mteb_tasks",
]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What one encoder reached on the tasks that were asked for.

    Parameters
    ----------
    model : its name.
    results : of the tasks that were run, in their order.
    skipped : the others, each with the reason.
    rows : known scores of other systems, or of people, in points by task.
    """

    model: str
    results: tuple[Result, ...]
    skipped: tuple[Skipped, ...] = ()
    rows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the first encoder differs from the second on a task, in its main score.

    Parameters
    ----------
    task : its name.
    score : name of the main score.
    first, second : what the two reached.
    difference : of the first from the second; None where the score is no statistic of items, or is not defined.
    better : which direction is better.
    """

    task: str
    score: str
    first: float
    second: float
    difference: Difference | None
    better: str | None

    @property
    def verdict(self) -> str:
        """What follows, in words."""
        if self.difference is None:
            return "no test is possible, for this score is not made of items or not defined"
        if not self.difference.is_real():
            return "no difference that these items can show"
        first = (self.difference.value > 0) == (self.better != "lower")
        return f"the {'first' if first else 'second'} is better"


def evaluate(
    encoder: str | Encoder | Pipeline,
    tasks: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    results: str | os.PathLike[str] | None = None,
    name: str | None = None,
    again: bool = False,
    intervals: bool = True,
    on_progress: Callable[[str, int], object] = lambda task, n: None,
) -> Evaluation:
    """Score an encoder, or a pipeline, on tasks.

    Parameters
    ----------
    encoder : an encoder, a pipeline, or a name as `inlay.build` takes it.
    tasks : names of tasks or suites, suites in ``.toml`` files, or files of data, whose columns say which protocol
        they are for.
    results : the folder where results are kept and looked for; None neither reads nor writes.
    name : under which results are kept; None takes that of the model.
    again : run also what `results` has.
    intervals : give every score that is a statistic of items its 95 % bootstrap interval.
    on_progress : called with the name of a task and the number of items encoded since the last call.

    Raises
    ------
    ParameterError
        If there is no task, suite or file of a name.
    DataError
        If a file is damaged.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "pairs.json")
    >>> pairs = {"text1": ["a cat sat"] * 3, "text2": ["a cat sat down", "a dog sat", "stocks"], "score": [5, 3, 0]}
    >>> _ = file.write_text(json.dumps(pairs))
    >>> evaluation = evaluate("hashing", file)
    >>> evaluation.results[0].task, evaluation.results[0].main.name, evaluation.results[0].main.value
    ('pairs', 'cosine_spearman', 1.0)
    """
    suites = _suites(tasks)
    planned = {task.name: task for suite in suites for task in suite.tasks}
    made = named_encoder(encoder) if isinstance(encoder, str) else encoder
    if not isinstance(made, Encoder | Pipeline):
        raise ParameterError(f"encoder must be an Encoder, a Pipeline or a name, got {type(made).__name__}.")
    model = name or (encoder if isinstance(encoder, str) else _name(made))
    folder = None if results is None else Path(results)
    found = list(run(made, model, tuple(planned.values()), folder=folder, again=again, progress=on_progress))
    done = [one for one in found if isinstance(one, Result)]
    rows: dict[str, dict[str, float]] = {}
    for suite in suites:
        for row, scores in suite.rows.items():
            rows.setdefault(row, {}).update(scores)
    return Evaluation(
        model,
        tuple(one.with_intervals() for one in done) if intervals else tuple(done),
        tuple(one for one in found if isinstance(one, Skipped)),
        rows,
    )


def compare(first: Evaluation, second: Evaluation, *, n_resamples: int = 10_000) -> list[Comparison]:
    """Compare two encoders on the tasks that both have, item by item.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "pairs.json")
    >>> pairs = {"text1": ["a cat sat"] * 3, "text2": ["a cat sat down", "a dog sat", "stocks"], "score": [5, 3, 0]}
    >>> _ = file.write_text(json.dumps(pairs))
    >>> [comparison] = compare(evaluate("hashing", file), evaluate("hashing", file))
    >>> comparison.verdict
    'no difference that these items can show'
    """
    others = {result.task: result for result in second.results}
    found = []
    for one in first.results:
        other = others.get(one.task)
        if other is None:
            continue
        if one.provenance["data"] != other.provenance["data"] or one.main.name != other.main.name:
            raise ParameterError(f"{one.task} was run on other data, or with another main score; run both again.")
        a, b = one.main.sample, other.main.sample
        is_defined = math.isfinite(one.main.value + other.main.value)
        gap = difference(a, b, n_resamples=n_resamples) if a and b and is_defined else None
        found.append(Comparison(one.task, one.main.name, one.main.value, other.main.value, gap, one.main.better))
    return found


def mteb_tasks(tasks: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Any]:
    """Return tasks of Inlay as ``mteb.evaluate`` takes them, named as `evaluate` names them.

    Raises
    ------
    MissingExtra
        If mteb is not installed.
    MissingData
        If the data of a task is not on this machine.
    """
    from ._evaluation.mteb_task import mteb_task

    return [mteb_task(planned) for suite in _suites(tasks) for planned in suite.tasks]


def _suites(tasks: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Suite]:
    names = [tasks] if isinstance(tasks, str | os.PathLike) else list(tasks)
    return chosen([os.fspath(one) for one in names])


def _name(encoder: Encoder | Pipeline) -> str:
    inner = encoder.encoder if isinstance(encoder, Pipeline) else encoder
    return str(getattr(inner, "model", type(inner).__name__))
