"""Claims: small experiments that show, on real data, what a paper says of its method.

A claim is a file ``benchmarks/claims/NAME.py`` with one object ``CLAIM``. Its rule is data: each figure has the range
in which it has to lie, and the claim holds where all of them do. What was reached is kept in ``claims.json`` of this
package, from which the page of claims and the list of methods are made; nobody writes figures by hand.
"""

import importlib.util
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from .core.errors import DataError, MissingData, MissingExtra, ParameterError

RECORD = Path(__file__).with_name("claims.json")
FOLDER = Path(__file__).parents[2] / "benchmarks" / "claims"

Status = Literal["holds", "fails", "skipped"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that was reached, and the range in which it has to lie.

    Parameters
    ----------
    name : what was measured.
    value : what came out.
    low, high : the rule; without both it is shown beside the others and decides nothing.
    published : what the paper has, where it is comparable.
    interval : the 95 % interval of the value.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    published: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the value lies in its range; None where there is none."""
        if self.low is None and self.high is None:
            return None
        low, high = (-math.inf if self.low is None else self.low), (math.inf if self.high is None else self.high)
        return low <= self.value <= high

    @property
    def range(self) -> str:
        """The range in words; empty where there is none."""
        ends = (("at least", self.low), ("at most", self.high))
        return ", ".join(f"{which} {end:.4g}" for which, end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a paper says of a method, and the experiment that shows it.

    Parameters
    ----------
    methods : names of the classes that it is about.
    paper : key in ``papers.bib``.
    says : what the paper says, in a sentence.
    data : on what it is shown here.
    baseline : against what.
    rule : when it holds, in words, with the margin; `Figure` has it in numbers.
    run : the experiment; takes a function that is told what is being done, and returns figures.
    guess : why it fails, where it does.
    """

    methods: tuple[str, ...]
    paper: str
    says: str
    data: str
    baseline: str
    rule: str
    run: Callable[[Callable[[str], object]], Sequence[Figure]]
    guess: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a claim.

    Parameters
    ----------
    name : of the claim, which is that of its file.
    status : ``"holds"``, ``"fails"``, or ``"skipped"`` where its data or a library is not there.
    why : the reason, where it was skipped or fails.
    figures : what was reached.
    seconds, date, commit, version : of the run.
    """

    name: str
    status: Status
    figures: tuple[Figure, ...] = ()
    why: str = ""
    seconds: float = 0.0
    date: str = ""
    commit: str = ""
    version: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


def claims(folder: Path = FOLDER, names: Sequence[str] = ()) -> dict[str, Claim]:
    """Return the claims of a checkout by name, those of `names` alone where there are some.

    Raises
    ------
    ParameterError
        If there is no claim of a name.
    DataError
        If there is no such folder, as in an installed package, or a file in it has no CLAIM.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}; claims are run from a checkout of the repository.")
    found = {}
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # for what claims share, in files that start with _
    files = {file.stem: file for file in sorted(folder.glob("[!_]*.py"))}
    for name in names:
        if name not in files:
            raise ParameterError(f"There is no claim {name!r}; there are {', '.join(files)}.")
    for file in (files[name] for name in names or files):
        spec = importlib.util.spec_from_file_location(f"inlay_claim_{file.stem}", file)
        if spec is None or spec.loader is None:
            raise DataError(f"{file} cannot be imported.")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        claim = getattr(module, "CLAIM", None)
        if not isinstance(claim, Claim):
            raise DataError(f"{file} has no CLAIM, which has to be a Claim.")
        found[file.stem] = claim
    return found


def run(
    names: Sequence[str] = (),
    *,
    folder: Path = FOLDER,
    on_progress: Callable[[str, str], object] = lambda name, what: None,
) -> Iterator[Verdict]:
    """Run claims, all of them where none is named, and yield what comes of each.

    Parameters
    ----------
    names : of claims.
    on_progress : called with the name of a claim and what is being done.

    Raises
    ------
    ParameterError
        If there is no claim of a name.
    """
    known = claims(folder, names)
    for name in known:
        yield _run(name, known[name], on_progress)


def _run(name: str, claim: Claim, on_progress: Callable[[str, str], object]) -> Verdict:
    start = time.perf_counter()
    figures: tuple[Figure, ...] = ()
    try:
        figures = tuple(claim.run(lambda what: on_progress(name, what)))
    except (MissingData, MissingExtra) as error:
        status, why = "skipped", str(error)
    else:
        judged = [figure.holds for figure in figures if figure.holds is not None]
        if not judged:
            raise DataError(f"The claim {name} has no figure with a range, so that nothing decides it.")
        status = "holds" if all(judged) else "fails"
        why = claim.guess if status == "fails" else ""
    about = {key: value for key, value in asdict(claim).items() if key not in ("run", "guess")}
    seconds = round(time.perf_counter() - start, 1)
    date = datetime.now(UTC).date().isoformat()
    return Verdict(name, status, figures, why, seconds, date, _commit(), version("inlay"), about)  # type: ignore[arg-type]


def _commit() -> str:
    """Return the commit of the checkout, with a + where files were changed since; "" where there is none."""
    at = ["git", "-C", str(FOLDER.parent)]
    try:
        commit = subprocess.run([*at, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S603
        changed = subprocess.run([*at, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
    # What a run of claims itself writes is no change of what was run.
    others = [line for line in changed.stdout.splitlines() if not line.endswith(("claims.json", "claims.md"))]
    return commit.stdout.strip() + ("+" if others else "")


def record(verdicts: Sequence[Verdict], file: Path = RECORD) -> None:
    """Keep what came of claims, in place of what was kept of the same ones; a skipped one replaces nothing."""
    kept = {verdict.name: verdict for verdict in recorded(file)}
    kept |= {verdict.name: verdict for verdict in verdicts if verdict.status != "skipped" or verdict.name not in kept}
    part = file.with_suffix(".part")
    rows = [asdict(kept[name]) for name in sorted(kept)]
    part.write_text(json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(file)


def recorded(file: Path = RECORD) -> list[Verdict]:
    """Return what is kept of earlier runs."""
    if not file.exists():
        return []
    rows = json.loads(file.read_text("utf-8"))
    for row in rows:
        row["figures"] = tuple(
            Figure(**{**figure, "interval": figure["interval"] and tuple(figure["interval"])})
            for figure in row["figures"]
        )
    return [Verdict(**row) for row in rows]
