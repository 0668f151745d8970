"""The rules of the house: each takes one file and yields what is wrong with it, in words."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "inlay"
CONTRACTS = ("encoders", "transforms", "align", "multivectors", "indexes", "rankers", "losses", "samplers")
CONTRACTS += ("measures", "tasks")

# part of the package -> parts that it may import, itself aside; ANY may import everything
ANY = {"", "__main__", "cli", "serve"}
MAY_IMPORT = {
    "core": set(),
    "nn": {"core"},
    **{part: {"core", "nn"} for part in CONTRACTS},
    "tasks": {"core", "data", "measures"},
    "data": {"core"},
    "train": {"core", "nn", "data", "losses", "samplers"},
    "pipeline": {"core", "data", "encoders", "indexes"},
    "space": {"core", "data", "encoders", "indexes", "rankers", "pipeline", "_space"},
    "_space": {"core", "data", "encoders", "indexes", "rankers", "pipeline"},
    "building": {"core", "pipeline", "space", "_space"},
    "generation": {"core"},
    "compression": {"core", "indexes", "space", "_compression"},
    "coverage": {"core", "pipeline", "rankers", "space", "_compression"},
    "tuning": {"core", "indexes", "space", "transforms", "_compression"},
    "_compression": {"core", "data", "indexes", "space", "tasks", "transforms"},
    "evaluation": {"core", "data", "tasks", "pipeline", "_evaluation"},
    "_evaluation": {"core", "data", "tasks", "pipeline"},
    "claims": {"core"},
    "testing": {"core"},
}
CORE_LIBRARIES = {*sys.stdlib_module_names, "numpy", "scipy", "sklearn", "safetensors"}

# Libraries that load only when they are used: those of the extras, and the slow ones of the base install.
OPTIONAL = {"torch", "transformers", "sentence_transformers", "tokenizers", "usearch", "faiss", "chonkie", "mteb"}
OPTIONAL |= {"onnxruntime", "openvino", "optimum", "model2vec", "datasets", "openpyxl", "pptx", "pypdfium2", "docx"}
OPTIONAL |= {"ir_measures", "matplotlib", "jinja2", "wordllama", "numba", "turbovec", "umap"}
OPTIONAL |= {"bm25s", "Stemmer", "ot", "qdrant_client", "psycopg", "pymilvus", "ray", "grpc"}
SLOW = {"lance", "pyarrow", "pandas", "rich"}
ON_TORCH = {"nn", "losses", "train"}
ON_ARROW = {"space", "_space", "data"}

UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
SYNONYMS = {"embed", "predict", "query", "find", "train", "score", "evaluate", "compute", "apply", "process", "lookup"}


@dataclass(frozen=True)
class File:
    """One file of the package: its path below ``src/inlay`` and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def part(self) -> str:
        """The part of the package that it belongs to; "" for the package itself."""
        first = self.path.split("/")[0].removesuffix(".py")
        return "" if first == "__init__" else first

    @property
    def is_method(self) -> bool:
        return self.part in CONTRACTS and not any(p.startswith("_") for p in self.path.split("/"))

    @property
    def classes(self) -> list[ast.ClassDef]:
        return [n for n in self.tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]


def package_files() -> list[File]:
    return [File(p.relative_to(SRC).as_posix(), p.read_text("utf-8")) for p in sorted(SRC.rglob("*.py"))]


def imports(file: File) -> Iterator[tuple[str, bool, bool]]:
    """Yield module, whether the import runs as the file is imported, and whether it is for type checkers only."""
    package = ["inlay", *file.path.split("/")[:-1]]

    def walk(node: ast.AST, top: bool, typing: bool) -> Iterator[tuple[str, bool, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, top, typing) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else []
                module = ".".join([*base, *([child.module] if child.module else [])])
                # "from inlay import x" and "from .. import x" name a part in what they import
                names = [f"{module}.{alias.name}" for alias in child.names] if module == "inlay" else [module]
                yield from ((name, top, typing) for name in names)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                checking = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
                yield from walk(child, top and not inside, typing or checking)

    yield from walk(file.tree, True, False)


def import_rules(file: File) -> Iterator[str]:
    for module, top, typing in imports(file):
        library, _, rest = module.partition(".")
        target = rest.split(".")[0]
        if library == "inlay" and file.part not in ANY and target not in {file.part, *MAY_IMPORT[file.part]}:
            yield f"{file.part} may not import {module}"
        if file.part == "core" and not typing and library not in {*CORE_LIBRARIES, "inlay"}:
            yield f"core may not import {library}"
        if top and not typing:
            # private modules are themselves imported late; test_import.py holds their users to it
            if library in OPTIONAL and "/_" not in file.path and not (library == "torch" and file.part in ON_TORCH):
                yield f"{library} is optional; import it where it is used, with core.extras.load"
            if library in SLOW and file.part not in ON_ARROW:
                yield f"{library} is slow to load; import it where it is used"


def limits(file: File) -> Iterator[str]:
    lines = file.text.count("\n")
    if lines > 300:
        yield f"{lines} lines; 300 are the ceiling"
    if file.is_method and len(file.classes) != 1:
        yield f"{len(file.classes)} public classes; a method's file has one"
    if file.path.endswith("__init__.py") and file.path not in ("__init__.py", "cli/__init__.py"):
        for node in file.tree.body:
            text = ast.unparse(node)
            lazy = text in ("__getattr__, __dir__ = lazy(__name__)", "(__getattr__, __dir__) = lazy(__name__)")
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not (docstring or lazy or isinstance(node, ast.ImportFrom) or text.startswith("__all__ = ")):
                yield f"line {node.lineno}: an __init__ holds a docstring and lazy names, not {text[:40]!r}"


def safety(file: File) -> Iterator[str]:
    for module, _, _ in imports(file):
        if module.partition(".")[0] in UNSAFE_MODULES:
            yield f"imports {module}, which can run code that a file brings"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if name in UNSAFE_CALLS:
                yield f"line {node.lineno}: calls {name}"
            if keywords.get("allow_pickle", "False") != "False":
                yield f"line {node.lineno}: allows pickle"
            if name == "torch.load" and keywords.get("weights_only") != "True":
                yield f"line {node.lineno}: torch.load without weights_only=True"


def signatures(file: File) -> Iterator[str]:
    public = [(n, "") for n in file.tree.body]
    public += [(n, f"{c.name}.") for c in file.tree.body if isinstance(c, ast.ClassDef) for n in c.body]
    for node, owner in public:
        if isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
            if node.args.kwarg and "/_" not in file.path:
                yield f"{owner}{node.name} takes **{node.args.kwarg.arg}, which swallows mistakes"
            if owner and file.is_method and node.name in SYNONYMS:
                yield f"{owner}{node.name}: the verbs are fit, encode, transform, search, rank, batches, measure, run"


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def naming(file: File) -> Iterator[str]:
    for node in file.classes:
        if re.match(r"(Base|Abstract)[A-Z]|.*(V\d+|Mixin)$|.+Method$", node.name):
            yield f"the class {node.name}; a class has the field's own name"
        if file.is_method and Path(file.path).stem != snake_case(node.name):
            yield f"holds {node.name}, so its name should be {snake_case(node.name)}.py"


def companions(file: File, bib: str, root: Path = ROOT) -> Iterator[str]:
    """Every method has its test and its bib entry; every module of core has its test."""
    folder, _, name = file.path.rpartition("/")
    test = root / "tests" / folder / f"test_{name}"
    if (file.is_method or file.part == "core") and not name.startswith("_") and not test.exists():
        yield f"lacks its test {test.relative_to(root)}"
    if file.is_method:
        found = re.search(r'^    paper(?:: ClassVar\[str\])? = "([^"]*)"$', file.text, re.MULTILINE)
        if not found:
            yield "has no paper as a plain text"
        elif f"{{{found[1]},\n" not in bib:
            yield f"lacks the entry {found[1]} in papers.bib"


# Rules that see one file; the claims of the next step go here.
RULES = (import_rules, limits, safety, signatures, naming)
