"""The house: import rules, limits, names, and what every method has beside it."""

import re

import pytest
from house import CONTRACTS, ROOT, RULES, SRC, File, companions, package_files, snake_case

from inlay.core import catalogue

BIB = (SRC / "papers.bib").read_text("utf-8")


@pytest.mark.parametrize("file", package_files(), ids=lambda file: file.path)
def test_file_keeps_the_rules(file):
    broken = [problem for rule in RULES for problem in rule(file)] + list(companions(file, BIB))
    assert not broken, f"src/inlay/{file.path}: " + "; ".join(broken)


@pytest.mark.parametrize("folder", ["tests", "benchmarks", "docs"])
def test_no_file_is_too_long(folder):
    long = {str(p): n for p in (ROOT / folder).rglob("*.py") if (n := p.read_text("utf-8").count("\n")) > 300}
    assert not long


def test_bib_entries_are_whole_and_unique():
    keys = re.findall(r"^@\w+\{(\w+),$", BIB, re.MULTILINE)
    assert len(set(keys)) == len(keys)
    entries = re.split(r"^@", BIB, flags=re.MULTILINE)[1:]
    assert len(entries) == len(keys)
    for entry in entries:
        assert entry.count("{") == entry.count("}"), entry
        for field in ("title", "author", "year"):
            assert re.search(rf"^  {field} += \{{.+", entry, re.MULTILINE), f"{field} is missing in {entry[:40]}"


def test_contract_folders_are_those_of_the_catalogue():
    assert tuple(catalogue.CONTRACTS) == CONTRACTS


METHOD = '"""Doc."""\n\nclass Fine:\n    """Doc."""\n\n    paper = "known2001paper"\n'

PLANTED = [
    ("core/x.py", "from inlay.data.records import Record", "core may not import inlay.data"),
    ("core/x.py", "from ..data import records", "core may not import inlay.data"),
    ("core/x.py", "from inlay import space", "core may not import inlay.space"),
    ("core/x.py", "import pandas", "core may not import pandas"),
    ("core/x.py", "def f():\n    import rich", "core may not import rich"),
    (
        "indexes/fine.py",
        METHOD + "from inlay.encoders.text import TextEncoder",
        "indexes may not import inlay.encoders",
    ),
    ("encoders/text/fine.py", METHOD + "from ...pipeline import Pipeline", "encoders may not import inlay.pipeline"),
    ("data/x.py", "def f():\n    from ..cli import app", "data may not import inlay.cli"),
    ("testing/x.py", "from inlay.encoders import TextEncoder", "testing may not import inlay.encoders"),
    ("indexes/fine.py", METHOD + "import faiss", "faiss is optional"),
    ("pipeline.py", "class A:\n    import lance", "lance is slow"),
    ("data/x.py", "try:\n    import chonkie\nexcept ImportError:\n    chonkie = None", "chonkie is optional"),
    ("cli/x.py", "from rich.table import Table", "rich is slow"),
    ("indexes/fine.py", METHOD + "\n" * 300, "300 are the ceiling"),
    ("indexes/fine.py", METHOD + "class Second:\n    pass", "2 public classes"),
    ("indexes/fine.py", "X = 1", "0 public classes"),
    ("indexes/__init__.py", '"""Doc."""\nimport os\nprint(os)', "an __init__ holds"),
    ("indexes/__init__.py", "from .x import y\nREGISTRY = {}", "an __init__ holds"),
    ("data/x.py", "import pickle", "imports pickle"),
    ("data/x.py", "def f():\n    from joblib import load", "imports joblib"),
    ("data/x.py", "eval('1')", "calls eval"),
    ("data/x.py", "def f(s):\n    exec(s)", "calls exec"),
    ("data/x.py", "np.load(f, allow_pickle=True)", "allows pickle"),
    ("nn/x.py", "torch.load(f)", "without weights_only"),
    ("data/x.py", "def f(**kwargs):\n    pass", "swallows mistakes"),
    ("data/x.py", "class A:\n    def __init__(self, **kw):\n        pass", "swallows mistakes"),
    ("indexes/fine.py", METHOD + "    def query(self):\n        pass", "the verbs are"),
    ("data/x.py", "class BaseReader:\n    pass", "the field's own name"),
    ("data/x.py", "class ReaderV2:\n    pass", "the field's own name"),
    ("indexes/other.py", METHOD, "its name should be fine.py"),
    ("indexes/fine.py", METHOD.replace("known", "unknown"), "lacks the entry unknown2001paper"),
    ("indexes/fine.py", METHOD.replace('"known2001paper"', "PAPER"), "has no paper"),
    ("indexes/fine.py", METHOD, "lacks its test tests/indexes/test_fine.py"),
]


@pytest.mark.parametrize(("path", "text", "problem"), PLANTED, ids=[p[2] for p in PLANTED])
def test_rules_can_fail(path, text, problem, tmp_path):
    file = File(path, text)
    found = [p for rule in RULES for p in rule(file)] + list(companions(file, "@misc{known2001paper,\n", tmp_path))
    assert any(problem in one for one in found), found


def test_rules_let_pass_what_is_right(tmp_path):
    text = METHOD + (
        "import numpy\nfrom inlay.core.values import Hits\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import torch\ndef _f(**kwargs):\n    import faiss\nre.compile('x')\n"
    )
    file = File("indexes/fine.py", text)
    (tmp_path / "tests" / "indexes").mkdir(parents=True)
    (tmp_path / "tests" / "indexes" / "test_fine.py").touch()
    assert not [problem for rule in RULES for problem in rule(file)]
    assert not list(companions(file, "@misc{known2001paper,\n", tmp_path))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("HNSW", "hnsw"),
        ("ProductQuantizer", "product_quantizer"),
        ("MTEBTask", "mteb_task"),
        ("BM25", "bm25"),
    ],
)
def test_snake_case(name, file):
    assert snake_case(name) == file
