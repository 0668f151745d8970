"""What one Python file defines, imports and exports, read from its syntax tree."""

import ast
import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Item:
    """One class, function, method, property or instance.

    Parameters
    ----------
    kind : ``"class"``, ``"function"``, ``"method"``, ``"property"`` or ``"instance"``.
    doc : its docstring, ``""`` for none.
    signature : its parameters in brackets, ``""`` where they are not known.
    file : where it stands.
    line : the line where it starts, counted from 1.
    members : what a class defines.
    made_by : for an instance, the name of its class.
    """

    kind: str
    doc: str
    signature: str
    file: Path
    line: int
    members: dict[str, "Item"] = field(default_factory=dict)
    made_by: str = ""


@dataclass(slots=True)
class Module:
    """One file.

    Parameters
    ----------
    name : its dotted name.
    is_package : whether it is an ``__init__`` file.
    doc : its docstring.
    items : what it defines, by name.
    imports : local name to module and name in that module, the latter ``""`` where the module itself is meant.
    stars : modules of which everything is imported.
    exports : ``__all__`` as far as it is written out; None where it is not, or not there.
    newdocs : module, name, member or ``""``, and the item that an ``add_newdoc`` call describes.
    """

    name: str
    is_package: bool
    doc: str
    items: dict[str, Item] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    exports: list[str] | None = None
    newdocs: list[tuple[str, str, str, Item]] = field(default_factory=list)


def parse(name: str, file: Path) -> Module:
    """Read one file; raises what `ast.parse` raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in other people's strings
        tree = ast.parse(file.read_bytes(), filename=str(file))
    module = Module(name, file.stem == "__init__", inspect.cleandoc(ast.get_docstring(tree, clean=False) or ""))
    for node in _statements(tree.body):
        _take(module, node, file)
    return module


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a block and of the conditions in it, whichever way they turn out."""
    for node in body:
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from _statements(node.body)
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)
            yield from _statements(getattr(node, "orelse", []))
        else:
            yield node


def _take(module: Module, node: ast.stmt, file: Path) -> None:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        item = _class(node, file) if isinstance(node, ast.ClassDef) else _function(node, file, "function")
        if node.name not in module.items or (item.doc and not module.items[node.name].doc):
            module.items[node.name] = item
    elif isinstance(node, ast.ImportFrom):
        _take_import(module, node)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        _take_assignment(module, node.targets[0].id, node.value, file)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == "__all__":
        more = _strings(node.value)
        module.exports = module.exports + more if module.exports is not None and more is not None else None
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        _take_newdoc(module, node.value, file)


def _take_import(module: Module, node: ast.ImportFrom) -> None:
    parts = module.name.split(".")
    base = parts[: len(parts) - node.level + module.is_package] if node.level else []
    origin = ".".join([*base, *([node.module] if node.module else [])])
    for alias in node.names:
        if alias.name == "*":
            module.stars.append(origin)
        else:
            module.imports.setdefault(alias.asname or alias.name, (origin, alias.name))


def _take_assignment(module: Module, name: str, value: ast.expr, file: Path) -> None:
    if name == "__all__":
        module.exports = _strings(value)
    elif isinstance(value, ast.Name):
        module.imports.setdefault(name, (module.name, value.id))
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and not name.startswith("_"):
        module.items.setdefault(name, Item("instance", "", "", file, value.lineno, made_by=value.func.id))


def _take_newdoc(module: Module, call: ast.Call, file: Path) -> None:
    """Read numpy's ``add_newdoc(module, name, doc or members)`` and scipy's ``add_newdoc(name, doc)``."""
    maker = call.func.id if isinstance(call.func, ast.Name) else ""
    if maker not in ("add_newdoc", "_array_method_doc"):
        return
    try:
        values = [ast.literal_eval(value) for value in call.args]
    except ValueError:
        return
    if maker == "_array_method_doc" and len(values) == 3:  # numpy: name, parameters, doc
        if not values[0].startswith("_"):
            item = Item("method", inspect.cleandoc(values[2]), f"({values[1]})", file, call.lineno)
            module.newdocs.append(("numpy._core.multiarray", "ndarray", values[0], item))
        return
    if len(values) == 2:
        values.insert(0, module.name if module.is_package else module.name.rpartition(".")[0])
    if len(values) != 3 or not isinstance(values[0], str) or not isinstance(values[1], str):
        return
    place, name, docs = values
    for member, doc in [("", docs)] if isinstance(docs, str) else docs if isinstance(docs, list) else [docs]:
        if isinstance(doc, str) and not member.startswith("_"):
            item = Item("method" if member else "function", inspect.cleandoc(doc), "", file, call.lineno)
            module.newdocs.append((place, name, member, item))


def _function(node: Function, file: Path, kind: str) -> Item:
    names = {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
    if kind == "method" and names & {"property", "cached_property"}:
        return Item("property", _doc(node), "", file, node.lineno)
    return Item(kind, _doc(node), _signature(node) if ast.get_docstring(node, clean=False) else "", file, node.lineno)


def _class(node: ast.ClassDef, file: Path) -> Item:
    functions = [part for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))]
    made = next((part for part in functions if part.name == "__init__"), None)
    signature = _signature(made) if made else ""
    members: dict[str, Item] = {}
    for part in functions:
        if not part.name.startswith("_"):
            members.setdefault(part.name, _function(part, file, "method"))
    return Item("class", _doc(node), signature, file, node.lineno, members)


def _doc(node: Function | ast.ClassDef) -> str:
    return ast.get_docstring(node) or ""


def _signature(node: Function) -> str:
    """Return the parameters with their defaults, without types and without ``self``."""
    arguments = node.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if argument is not None:
            argument.annotation = None
    first = arguments.posonlyargs or arguments.args
    if first and first[0].arg in ("self", "cls"):
        del first[0]
    return f"({ast.unparse(arguments)})"


def _strings(node: ast.expr) -> list[str] | None:
    """Return a list of strings that is written out, also as a sum of lists; None for anything else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _strings(node.left), _strings(node.right)
        return left + right if left is not None and right is not None else None
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    is_list = isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)
    return list(value) if is_list else None
