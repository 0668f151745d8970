"""Docstrings of an installed package under their public names, found in its sources without running them."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ._columns import clean
from ._input import Input
from ._packages import STDLIB
from ._syntax import Item, Module, parse
from .records import Record

_BLANK = re.compile(r"^[ \t]*%\(\w+\)s[ \t]*\n?|%\(\w+\)s", re.MULTILINE)  # filled in when the package is imported
Place = tuple[str, str]  # a module and a name in it, the latter "" for the module itself
_PATHS = re.compile(rf"^{os.path.__name__}\b")  # its public name is an alias that os makes when it is imported
_SIGNATURE = re.compile(r"(\w+)(\(.*?\).*?)(\n--)?(\n|\Z)", re.DOTALL)  # of a compiled function, in its docstring


class _Tree:
    """The modules of a package, each parsed when it is first asked for."""

    def __init__(self, input: Input) -> None:
        self._input = input
        path, name = input.source.path, input.source.name.removeprefix("python:")
        self.base = path if name == STDLIB else path.parents[name.count(".")]
        self._modules: dict[str, Module | None] = {}
        self._exported: dict[str, list[str]] = {}
        self.names = {self._name(file): file for file in input.source.files}
        for name, file in self.names.items():
            if "add_newdocs" in file.name:
                self._attach(name)

    def _name(self, file: Path) -> str:
        parts = file.relative_to(self.base).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def _attach(self, name: str) -> None:
        """Give the items that a file describes for other modules to those modules."""
        described = self.module(name)
        for place, item_name, member, item in described.newdocs if described else ():
            module = self.module(place)
            if module is None:
                module = self._modules[place] = Module(place, False, "")
            owner = module.items.get(item_name)
            if not member and (owner is None or not owner.doc):
                item.kind = "class" if owner and owner.members else item.kind
                item.members = owner.members if owner else {}
                module.items[item_name] = item
            elif member:
                owner = module.items.setdefault(item_name, Item("class", "", "", item.file, item.line))
                owner.kind = "class"
                owner.members.setdefault(member, item)

    def module(self, name: str) -> Module | None:
        """Return a module of the package, None where there is none or it cannot be parsed."""
        if name not in self._modules:
            self._modules[name] = None
            stem = self.base.joinpath(*name.split("."))
            files = [stem / "__init__.py", stem.with_suffix(".py"), stem / "__init__.pyi", stem.with_suffix(".pyi")]
            file = self.names.get(name) or next((file for file in files if file.is_file()), None)
            if file is not None:
                self._modules[name] = self._parse(name, file)
        return self._modules[name]

    def _parse(self, name: str, file: Path) -> Module | None:
        shown = file.relative_to(self.base).as_posix()
        try:
            return parse(name, file)
        except SyntaxError as error:
            self._input.problem(f"{shown} is not Python: {error.msg} (line {error.lineno})")
        except (ValueError, RecursionError, OSError) as error:
            self._input.problem(f"{shown} cannot be parsed: {error}")
        return None

    def exported(self, module: Module) -> list[str]:
        """Return the public names of a module: ``__all__``, else what it defines; a package also what it gathers."""
        if module.name in self._exported:
            return self._exported[module.name]
        self._exported[module.name] = []  # modules that import each other
        names = module.exports
        if names is None:
            names = list(module.items)
            top = module.name.partition(".")[0]
            if module.is_package:
                names += [name for name, (origin, _) in module.imports.items() if origin.partition(".")[0] == top]
            for star in module.stars:
                origin = self.module(star) if self._is_near(star, top) else None
                names += self.exported(origin) if origin else []
        found = list(dict.fromkeys(name for name in names if not name.startswith("_")))
        self._exported[module.name] = found
        return found

    def _is_near(self, name: str, top: str) -> bool:
        return name.partition(".")[0] in (top, f"_{top}", f"_py{top}", "_collections_abc")

    def resolve(self, module: Module, name: str, seen: frozenset[Place] = frozenset()) -> Place | None:
        """Return the module and the name under which `name` is defined."""
        here = (module.name, name)
        if here in seen:
            return None
        if name in module.items:
            return here
        seen |= {here}
        if name in module.imports:
            origin, original = module.imports[name]
            target = self.module(origin)
            return self.resolve(target, original, seen) if target else None
        for star in module.stars:
            target = self.module(star)
            if target and name in self.exported(target) and (found := self.resolve(target, name, seen)):
                return found
        return None


def read_docstrings(input: Input) -> Iterator[Record]:
    """Yield each documented module, class, function, method and property once, under its shortest public name."""
    tree = _Tree(input)
    names: dict[Place, str] = {}
    modules = [name for name in tree.names if not any(part.startswith("_") for part in name.split("."))]
    for name in sorted(modules, key=_rank):
        if (module := tree.module(name)) is not None:
            names.setdefault((name, ""), name)
            for exported in tree.exported(module):
                if (place := tree.resolve(module, exported)) is not None:
                    public = f"{name}.{exported}"
                    names[place] = min(public, names.get(place, public), key=_rank)
    seen: set[str] = set()  # a package may hold a module and a function of one name; the function is what users get
    ordered = sorted((public, not name, home, name) for (home, name), public in names.items())
    for done, (public, _, home, name) in enumerate(ordered, 1):
        module = tree.module(home)
        for record in _records(tree, module, name, public) if module else ():
            if record.id not in seen:
                seen.add(record.id)
                yield record
        input.position = input.source.size * done // len(ordered)


def _rank(name: str) -> tuple[int, str]:
    return name.count("."), name


def _records(tree: _Tree, module: Module, name: str, public: str) -> Iterator[Record]:
    if not name:
        if module.doc:
            item = Item("module", module.doc, "", tree.names[module.name], 1)
            yield _record(tree, item, public, public)
        return
    item = module.items[name]
    place = public.rpartition(".")[0]
    if item.kind == "instance":
        item = _instance(module, item)
    if item.doc:
        yield _record(tree, item, public, place)
    for member, part in item.members.items():
        if part.doc:
            yield _record(tree, part, f"{public}.{member}", place)


def _instance(module: Module, item: Item) -> Item:
    """Give an instance the docstring of its class, if it is the only one made of it."""
    made = module.items.get(item.made_by)
    counts = Counter(other.made_by for other in module.items.values())
    if made is None or made.kind != "class" or counts[item.made_by] > 1:
        return item
    return Item("instance", _BLANK.sub("", made.doc).strip(), "", item.file, item.line)


def _record(tree: _Tree, item: Item, public: str, place: str) -> Record:
    public, place = _PATHS.sub("os.path", public), _PATHS.sub("os.path", place)
    head, doc = public + item.signature, item.doc
    own = _SIGNATURE.match(doc)
    if own and own[1] == public.rpartition(".")[2] and "\n\n" not in own[2]:
        # Compiled functions tell their parameters themselves.
        parameters = re.sub(r",? \)", ")", " ".join(own[2].split())).replace("( ", "(")
        head, doc = public + parameters, doc[own.end() :].strip("\n")
    text = clean(f"{head}\n\n{doc}".strip())
    fields = {
        "module": place,
        "kind": item.kind,
        "file": item.file.relative_to(tree.base).as_posix(),
        "line": item.line,
    }
    return Record(id=public, text=text, source=f"python:{place}", end=len(text), fields=fields)
