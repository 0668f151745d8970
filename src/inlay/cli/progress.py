"""Progress on stderr: rate and time left, for whatever takes longer than a second, and only on a terminal."""

import sys
import threading
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .output import size

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID


class Meter:
    """A context whose call ``meter(stage, done, total, unit)`` moves one bar for each stage.

    Nothing is drawn in the first `delay` seconds, and nothing at all where stderr is not a terminal.

    Examples
    --------
    >>> with Meter("loading") as meter:
    ...     meter("read", 1, 2, "bytes")
    """

    def __init__(self, waiting: str, *, delay: float = 1.0) -> None:
        self._waiting = waiting
        self._delay = delay
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._progress = _progress()
            self._tasks[""] = self._progress.add_task(self._waiting, total=None, unit="")
            self._timer = threading.Timer(self._delay, self._progress.start)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._progress is not None and self._timer is not None:
            self._timer.cancel()
            self._timer.join()  # else a bar that starts this very moment would stay on the screen
            self._progress.stop()

    def __call__(self, stage: str, done: int, total: int, unit: str) -> None:
        """Say that `done` of `total` units of `stage` are finished; a total of 0 is one that nobody knows."""
        if self._progress is None:
            return
        if "" in self._tasks:
            self._progress.remove_task(self._tasks.pop(""))
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total or None, unit=unit)
        self._progress.update(self._tasks[stage], completed=done, total=total or None)


def amount(n: float, unit: str) -> str:
    """Return `n` of `unit` for people."""
    return size(n) if unit == "bytes" else f"{int(n):,} {unit}".strip()


def _progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """How much is done, how fast, and how long the rest takes."""

        def render(self, task: "Task") -> Text:
            unit = task.fields["unit"]
            if not unit:
                return Text(f"{task.elapsed or 0:.0f} s")
            done = amount(task.completed, unit)
            parts = [f"{done} of {amount(task.total, unit)}" if task.total else done]
            speed = task.finished_speed or task.speed
            if speed:
                parts.append(f"{amount(speed, unit)}/s")
            if task.time_remaining is not None and not task.finished:
                parts.append(f"{timedelta(seconds=int(task.time_remaining))} left")
            return Text("  ".join(parts))

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=None), Rate()
    return Progress(*columns, console=Console(stderr=True), transient=True, expand=True)
