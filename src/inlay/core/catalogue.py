"""The catalogue: which methods there are, found from the files without importing them.

Every file of a contract's folder whose name does not start with ``_`` holds one public class; what the catalogue
says of it is read from the syntax tree. That keeps ``inlay methods`` and ``import inlay`` fast, and nothing is
registered by hand. Plug-ins register their classes under the entry-point group ``inlay.methods``; these are imported.
"""

import ast
import importlib
import json
import tomllib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

# folder of the package -> contract of the classes in it
CONTRACTS = {
    "encoders": "encoder",
    "transforms": "transform",
    "align": "transform",
    "multivectors": "multivector",
    "indexes": "index",
    "rankers": "ranker",
    "losses": "loss",
    "samplers": "sampler",
    "measures": "measure",
    "tasks": "task",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How the claim of a method stands.

    Parameters
    ----------
    status : ``"holds"``, ``"fails"``, ``"excused"``, or ``"missing"``.
    name : of the claim.
    why : the reason, where it is excused or fails.
    date, commit : of the run that showed it.
    """

    status: str = "missing"
    name: str = ""
    why: str = ""
    date: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One method of the catalogue.

    Parameters
    ----------
    name : name of the class.
    contract : encoder, transform, multivector, index, ranker, loss, sampler, measure or task.
    path : ``module:Class``.
    paper : key in ``papers.bib``.
    requires : extras that have to be installed.
    summary : the first line of the docstring.
    claim : how the experiment stands that shows the paper's main effect.
    """

    name: str
    contract: str
    path: str
    paper: str
    requires: tuple[str, ...]
    summary: str
    claim: Standing = field(default_factory=Standing)

    def load(self) -> type:
        """Import the class."""
        module, _, name = self.path.partition(":")
        return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def files(folder: Path) -> Iterator[Path]:
    """Yield the files below `folder` that may hold a method, in a fixed order."""
    for file in sorted(folder.rglob("*.py")):
        if not any(part.startswith("_") for part in file.relative_to(folder).parts):
            yield file


def public_class(file: Path) -> ast.ClassDef | None:
    """Return the first public class that `file` defines, from its syntax tree."""
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    return next((n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")), None)


@cache
def methods() -> tuple[Entry, ...]:
    """List every method of Inlay and of the installed plug-ins, by contract and name.

    A plug-in that cannot be imported, or follows no contract, is left out with a warning that names it.

    Examples
    --------
    >>> [entry.path for entry in methods() if entry.name == "HashingEncoder"]
    ['inlay.encoders.text.hashing_encoder:HashingEncoder']
    """
    found = []
    for folder, contract in CONTRACTS.items():
        for file in files(ROOT / folder):
            node = public_class(file)
            if node is not None:
                module = ".".join(("inlay", *file.relative_to(ROOT).with_suffix("").parts))
                found.append(_entry(node, module, contract))
    for point in entry_points(group="inlay.methods"):
        try:
            found.append(_plugin(point.load()))
        except Exception as error:  # noqa: BLE001 - somebody else's module may raise anything as it is imported
            warnings.warn(f"The plug-in {point.name} ({point.value}) is left out: {error!r}", stacklevel=2)
    return tuple(sorted(found, key=lambda entry: (entry.contract, entry.name)))


@cache
def standings() -> dict[str, Standing]:
    """Return how the claims of the methods stand, by name: from the runs that were kept, else from the excuses."""
    excused, kept = ROOT / "excused.toml", ROOT / "claims.json"
    found = {}
    if excused.exists():
        reasons = tomllib.loads(excused.read_text("utf-8"))
        found = {name: Standing("excused", why=reason) for name, reason in reasons.items()}
    if kept.exists():
        order = {"holds": 0, "skipped": 1, "fails": 2}  # of several claims of a method, the worst counts
        verdicts = sorted(json.loads(kept.read_text("utf-8")), key=lambda verdict: order[verdict["status"]])
        for one in verdicts:
            for method in one["about"]["methods"] if one["status"] != "skipped" else ():
                found[method] = Standing(one["status"], one["name"], one["why"], one["date"], one["commit"])
    return found


def _entry(node: ast.ClassDef, module: str, contract: str) -> Entry:
    constants = {}
    for line in node.body:
        match line:
            case ast.AnnAssign(target=ast.Name(id=("paper" | "requires") as name), value=ast.expr() as value):
                constants[name] = ast.literal_eval(value)
            case ast.Assign(targets=[ast.Name(id=("paper" | "requires") as name)], value=value):
                constants[name] = ast.literal_eval(value)
    return Entry(
        name=node.name,
        contract=contract,
        path=f"{module}:{node.name}",
        paper=constants.get("paper", ""),
        requires=tuple(constants.get("requires", ())),
        summary=(ast.get_docstring(node) or "").partition("\n")[0],
        claim=standings().get(node.name, Standing()),
    )


def contract_of(cls: type) -> str:
    """Return the contract that a class follows; a loss is known by ``forward``, for torch may be absent."""
    from . import contracts

    for contract in dict.fromkeys(CONTRACTS.values()):
        base = getattr(contracts, contract.capitalize())
        if callable(getattr(cls, "forward", None)) if contract == "loss" else issubclass(cls, base):
            return contract
    raise TypeError(f"{cls.__name__} follows none of the contracts {sorted(set(CONTRACTS.values()))}; derive from one.")


def _plugin(cls: type) -> Entry:
    return Entry(
        name=cls.__name__,
        contract=contract_of(cls),
        path=f"{cls.__module__}:{cls.__qualname__}",
        paper=getattr(cls, "paper", ""),
        requires=tuple(getattr(cls, "requires", ())),
        summary=(cls.__doc__ or "").strip().partition("\n")[0],
    )


def lazy(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a contract's folder: what is in it is imported when first used.

    These are the classes of the folder and of the folders below it, and those folders.

    Examples
    --------
    The whole ``__init__.py`` of a folder, apart from its docstring::

        from inlay.core.catalogue import lazy

        __getattr__, __dir__ = lazy(__name__)
    """
    folder = ROOT.joinpath(*package.split(".")[1:])

    @cache
    def homes() -> dict[str, tuple[str, str]]:
        found = {init.parent.name: (f"{package}.{init.parent.name}", "") for init in folder.glob("[!_]*/__init__.py")}
        for file in files(folder):
            node = public_class(file)
            if node is not None:
                module = ".".join((package, *file.relative_to(folder).with_suffix("").parts))
                found[node.name] = (module, node.name)
        return found

    def getattr_(name: str) -> Any:
        if name.startswith("_") or name not in homes():
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {sorted(homes())}")
        module, attribute = homes()[name]
        found = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found

    return getattr_, lambda: sorted(homes())
