"""Exit codes, and the one place where an error becomes a line of text and a code."""

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import typer

P = ParamSpec("P")

CODES = {
    0: "done",
    1: "a file, record or space cannot be used, or something was passed over with --on-error fail",
    2: "a wrong argument",
    3: "an optional library is missing; the message names the command that installs it",
    4: "another process is writing to the same space; try again when it is done",
    5: "the space holds vectors of another encoder",
    130: "stopped by Ctrl-C; what was committed is kept, the same command goes on from there",
}

EPILOG = "\b\nExit codes:\n" + "\n".join(f"{code:>5}  {meaning}" for code, meaning in CODES.items())


def code_of(error: BaseException) -> int:
    """Return the exit code for `error`."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    if isinstance(error, BrokenPipeError):
        return 0
    from inlay.core import errors

    codes = {
        errors.ConflictError: 4,
        errors.FingerprintError: 5,
        errors.MissingExtra: 3,
        errors.ParameterError: 2,
    }
    return next((code for kind, code in codes.items() if isinstance(error, kind)), 1)


def _message(error: BaseException) -> str:
    from inlay.core.errors import InlayError

    text = " ".join(str(error).split())
    if isinstance(error, InlayError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return "Out of memory."
    return f"{type(error).__name__}: {text} (not expected; INLAY_DEBUG=1 shows where it happened)"


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect the presses of Ctrl-C, since a native library may turn one into an error of its own."""
    seen: list[int] = []

    def notice(number: int, frame: object) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # ignored, or somebody else's business
        yield seen
        return
    signal.signal(signal.SIGINT, notice)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def guarded(stopped: str = "Stopped.") -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Turn an error of a command into one line on stderr and an exit code; INLAY_DEBUG=1 shows the traceback.

    With ``--json``, stdout still gets exactly one document: ``{"error": {"type", "message", "exit_code"}}``.

    Parameters
    ----------
    stopped : what to say after Ctrl-C.
    """

    def decorate(command: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            with _interrupts() as interrupts:
                try:
                    command(*args, **kwargs)
                    sys.stdout.flush()  # a reader that has gone away is noticed here, not in the interpreter's farewell
                except (typer.Exit, typer.Abort, typer.BadParameter):
                    raise
                except BrokenPipeError as error:
                    # Nobody is left to read what is still buffered.
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                    raise typer.Exit(code_of(error)) from None
                except (Exception, KeyboardInterrupt) as error:
                    if interrupts or isinstance(error, KeyboardInterrupt):
                        typer.echo(stopped, err=True)
                        raise typer.Exit(code_of(KeyboardInterrupt())) from None
                    if os.environ.get("INLAY_DEBUG", "0") not in ("", "0"):
                        raise
                    _report(error, as_json=bool(kwargs.get("as_json")))
                    raise typer.Exit(code_of(error)) from None

        return run

    return decorate


def _report(error: Exception, *, as_json: bool) -> None:
    message = _message(error)
    typer.echo(f"Error: {message}", err=True)
    if as_json:
        from .output import print_json

        print_json({"error": {"type": type(error).__name__, "message": message, "exit_code": code_of(error)}})
