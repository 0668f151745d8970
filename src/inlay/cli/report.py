"""The report of a build or an add."""

import logging
import shlex
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from .options import OnError
from .output import count, print_json, size

SHOWN = 10  # problems named one by one; the rest is counted, and --json has them all


class _Stderr(logging.Handler):
    """Writes where stderr is at that moment, which is above the bars while there are any."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"{record.getMessage()}\n")
        sys.stderr.flush()


@contextmanager
def announced() -> Iterator[None]:
    """Print on stderr what the library has to say meanwhile, a line each, its warnings too."""
    log, handler = logging.getLogger("inlay"), _Stderr()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            shown = warnings.showwarning

            def tell(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
                if category is UserWarning:  # what is for users; the line of code that it came from is not
                    log.warning("%s", message)
                else:
                    shown(message, category, *where, **more)

            warnings.showwarning = tell
            yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def peak_memory() -> int | None:
    """Return the most memory that this process has held, in bytes; None where the system does not tell."""
    status = Path("/proc/self/status")  # of Linux, whose getrusage counts what the parent held at the fork
    lines = status.read_text().splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def finish(report: Any, space: str, *, on_error: OnError, as_json: bool) -> None:
    """Print the report, and exit with 1 where something was passed over and `on_error` is fail."""
    problems = report.problems
    for problem in problems[:SHOWN]:
        typer.echo(f"Passed over: {problem}", err=True)
    if len(problems) > SHOWN:
        typer.echo(f"... and {len(problems) - SHOWN:,} more; --json lists them all.", err=True)
    if as_json:
        print_json({"space": space, **asdict(report), "peak_memory_bytes": peak_memory()})
    else:
        _print_summary(report, space)
    if problems and on_error == "fail":
        typer.echo(f"Error: {count(len(problems), 'piece')} of the input passed over.", err=True)
        raise typer.Exit(1)


def _print_summary(report: Any, space: str) -> None:
    changes = [f"{getattr(report, kind):,} {kind}" for kind in ("added", "updated", "unchanged", "deleted")]
    peak = peak_memory()
    rate = report.passages / report.seconds if report.seconds else 0
    typer.echo(f"{count(report.documents, 'document')}, {count(report.passages, 'passage')}: {', '.join(changes)}")
    typer.echo(
        f"{report.seconds:.1f} s, {rate:,.{0 if rate >= 10 else 1}f} passages/s"
        + (f", at most {size(peak)} of memory" if peak else "")
    )
    if report.tokens_lost:
        touched = count(report.documents_touched, "document")
        typer.echo(f"Truncation cut {count(report.tokens_lost, 'token')} of {report.tokens:,} in {touched}.")
    typer.echo(f'Ask it: inlay search {shlex.quote(space)} "..."')
    sys.stdout.flush()
