"""The page of claims, written from what runs have left and from nothing else."""

from collections.abc import Sequence

from inlay.claims import Figure, Verdict

_HEAD = """# Claims

<!-- Written by `inlay claims` from src/inlay/claims.json; run the claims instead of changing it. -->

What papers say of their methods, shown again on real data. Each claim is a file in `benchmarks/claims`; the rule stands
there before the run, and the verdict follows from it. `inlay claims NAME` runs one.

| claim | of | verdict | date | commit |
|---|---|---|---|---|
"""


def page(verdicts: Sequence[Verdict]) -> str:
    """Return the page as Markdown."""
    rows = "\n".join(
        f"| [{v.name}](#{v.name.replace('_', '-')}) | {', '.join(v.about['methods'])} | {_verdict(v)} "
        f"| {v.date} | {v.commit} |"
        for v in verdicts
    )
    return _HEAD + rows + "\n" + "".join(map(_section, verdicts))


def _verdict(verdict: Verdict) -> str:
    return f"**{verdict.status}**" if verdict.status == "fails" else verdict.status


def _section(verdict: Verdict) -> str:
    about = verdict.about
    lines = [
        f"\n## {verdict.name.replace('_', ' ')}\n",
        f"{about['says']} ({about['paper']})\n",
        f"- Data: {about['data']}",
        f"- Baseline: {about['baseline']}",
        f"- Rule: {about['rule']}",
        f"- Verdict: {_verdict(verdict)}, {verdict.date}, commit {verdict.commit}, {verdict.seconds:.0f} s",
    ]
    if verdict.why:
        lines.append(f"- Why: {verdict.why}")
    if verdict.figures:
        lines += ["\n| figure | reached | 95 % interval | published | has to lie in | |", "|---|---:|---|---:|---|---|"]
        lines += map(_row, verdict.figures)
    return "\n".join(lines) + "\n"


def _row(figure: Figure) -> str:
    interval = "" if figure.interval is None else f"{figure.interval[0]:.4g} to {figure.interval[1]:.4g}"
    published = "" if figure.published is None else f"{figure.published:.4g}"
    mark = {True: "yes", False: "**no**", None: ""}[figure.holds]
    return f"| {figure.name} | {figure.value:.4g} | {interval} | {published} | {figure.range} | {mark} |"
