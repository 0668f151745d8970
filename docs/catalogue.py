"""Write the catalogue pages from ``inlay.methods()``; with ``--check``, only say whether they are up to date.

The check also fails where a method is missing from the page of its contract, which says when to use it.
"""

import importlib
import sys
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

import inlay
from inlay.claims import recorded
from inlay.cli.claims_page import page
from inlay.core.catalogue import Entry

DOCS = Path(__file__).parent
NOTE = "<!-- Written by docs/catalogue.py from the sources; change the docstrings instead. -->\n\n"
PLURAL = {"index": "indexes", "loss": "losses"}


def plural(contract: str) -> str:
    """Return the name of the folder and the page of a contract."""
    return PLURAL.get(contract, f"{contract}s")


def row(entry: Entry) -> str:
    """Return one line of the table of all methods."""
    extras = ", ".join(f"`{extra}`" for extra in entry.requires)
    home = f"{plural(entry.contract)}.md"
    return f"| [{entry.name}]({home}) | {entry.contract} | {entry.summary} | {extras} | {entry.paper} |"


def pages() -> dict[Path, str]:
    """Return the text of every generated page."""
    entries = [entry for entry in inlay.methods() if entry.path.startswith("inlay.")]
    by_contract = {key: list(group) for key, group in groupby(entries, key=lambda entry: entry.contract)}
    head = "# All methods\n\n| method | contract | what it does | extra | paper |\n|---|---|---|---|---|\n"
    names = "\n".join(plural(contract) for contract in by_contract)
    toctree = f"\n\n```{{toctree}}\n:hidden:\n\n{names}\nchecks\n```\n"
    out = {DOCS / "catalogue" / "index.md": NOTE + head + "\n".join(map(row, entries)) + toctree}
    out[DOCS / "catalogue" / "checks.md"] = demands()
    out[DOCS / "claims.md"] = page(recorded())
    for contract, group in by_contract.items():
        title = f"# {plural(contract).capitalize()}\n\n"
        guide = f"When to use which: [the contract](../contracts/{plural(contract)}.md).\n\n"
        classes = "\n".join(f".. autoclass:: {entry.path.replace(':', '.')}" for entry in group)
        body = f"```{{eval-rst}}\n{classes}\n```\n"
        out[DOCS / "catalogue" / f"{plural(contract)}.md"] = NOTE + title + guide + body
    return out


def demands() -> str:
    """Return the page of what the checks demand: the docstrings of the checks."""
    ways = importlib.import_module("inlay.testing.checks").WAYS
    shared = importlib.import_module("inlay.testing._every").CHECKS
    parts = [NOTE, "# What the checks demand\n\n## All methods\n\n", listed(shared)]
    for contract, way in ways.items():
        parts.append(f"\n## {plural(contract).capitalize()}\n\n{listed(way.CHECKS)}")
    return "".join(parts)


def listed(checks: Iterable[Callable[..., object]]) -> str:
    """Return the checks as a list."""
    return "".join(f"- `{check.__name__}`: {' '.join((check.__doc__ or '').split())}\n" for check in checks)


def missing() -> list[str]:
    """Return the methods that the page of their contract does not mention."""
    found = []
    for entry in inlay.methods():
        home = DOCS / "contracts" / f"{plural(entry.contract)}.md"
        if entry.path.startswith("inlay.") and (not home.exists() or f"`{entry.name}`" not in home.read_text("utf-8")):
            found.append(f"{home.relative_to(DOCS.parent)} lacks a line on `{entry.name}`: when to use it")
    return found


def main() -> int:
    """Write the pages, or check them."""
    wanted = pages()
    stale = {path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text}
    surplus = set((DOCS / "catalogue").glob("*.md")) - wanted.keys()
    problems = missing()
    if "--check" in sys.argv[1:]:
        problems += [f"{path.relative_to(DOCS.parent)} is out of date: make docs" for path in sorted(stale | surplus)]
    else:
        (DOCS / "catalogue").mkdir(exist_ok=True)
        for path in stale:
            path.write_text(wanted[path], "utf-8")
        for path in surplus:
            path.unlink()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
