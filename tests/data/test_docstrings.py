import sys
from collections import Counter

import pytest

from inlay.data.find import find
from inlay.data.read import read

FILES = {
    "__init__.py": '''
        """The package."""
        from ._impl import norm, hidden as shown, _private
        from . import sub
        from .sub.tools import *
        from os import path
        raise RuntimeError("must not be imported")
    ''',
    "_impl.py": '''
        def norm(x: int, ord=None, *, axis: int = 0) -> float:
            """Norm of x."""
        def hidden(): "Shown under another name."
        def _private(): "Not shown."
        def unused(): "Not exported by anything public."
    ''',
    "sub/__init__.py": '"""The subpackage."""\nfrom .tools import Tool, undocumented\n',
    "sub/tools.py": '''
        __all__ = ["Tool"]
        __all__ += ["one", "many_a", "many_b", "missing"]
        def undocumented(): pass
        class Tool:
            """A tool."""
            def __init__(self, size=3): "not shown"
            def use(self, *, hard=False):
                """Use it."""
            @property
            def name(self):
                """Its name."""
            def _secret(self): "not shown"
            def bare(self): pass
        def left_out(): "Not in __all__."
        class one_gen:
            """A distribution.

            %(before_notes)s

            More."""
        one = one_gen()
        class many: "Made twice."
        many_a = many()
        many_b = many()
        if True:
            try:
                import fast
            except ImportError:
                def conditional(): "Not in __all__ either."
    ''',
    "compiled.pyi": 'def fast(x): """In a stub."""\n',
    "_add_newdocs.py": '''
        add_newdoc("pkg", "ufunc", """
            ufunc(x, /,
                  out=None)

            Compiled.""")
        add_newdoc("pkg", "Array", "An array.")
        add_newdoc("pkg", "Array", ("sort", "Sort it."))
        add_newdoc("pkg", "Array", ("_no", "Not shown."))
        add_newdoc("pkg", name, "Not written out.")
    ''',
    "broken.py": "def f(:\n",
    "latin.py": b'# -*- coding: latin-1 -*-\n"""caf\xe9"""\n',
    "tests/test_x.py": '"""A test."""',
    "_loop_a.py": "from ._loop_b import *\nfrom ._loop_b import x\n",
    "_loop_b.py": "from ._loop_a import *\nfrom ._loop_a import x\n",
    "loops.py": "from ._loop_a import x, y\n__all__ = ['x', 'y']\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    import textwrap

    for name, content in FILES.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())
    monkeypatch.syspath_prepend(tmp_path)


def records_of(name):
    problems = []
    records = [
        r for source in find([name], on_problem=problems.append) for r in read(source, on_problem=problems.append)
    ]
    return {record.id: record for record in records}, records, problems


def test_public_names_once_each(package):
    found, records, [problem] = records_of("python:pkg")
    assert len(found) == len(records)
    assert set(found) == {
        "pkg",
        "pkg.norm",
        "pkg.shown",
        "pkg.ufunc",
        "pkg.Array",
        "pkg.Array.sort",
        "pkg.Tool",
        "pkg.Tool.use",
        "pkg.Tool.name",
        "pkg.one",
        "pkg.sub",
        "pkg.compiled.fast",
        "pkg.latin",
    }
    assert found["pkg.norm"].text == "pkg.norm(x, ord=None, *, axis=0)\n\nNorm of x."
    assert found["pkg.ufunc"].text == "pkg.ufunc(x, /, out=None)\n\nCompiled."
    assert found["pkg.Tool"].text == "pkg.Tool(size=3)\n\nA tool."
    assert found["pkg.Tool.use"].text == "pkg.Tool.use(*, hard=False)\n\nUse it."
    assert found["pkg.Tool.name"].fields["kind"] == "property"
    assert found["pkg.one"].text == "pkg.one\n\nA distribution.\n\n\nMore."
    assert found["pkg.latin"].text == "pkg.latin\n\ncafé"
    assert dict(found["pkg.norm"].fields) == {"module": "pkg", "kind": "function", "file": "pkg/_impl.py", "line": 2}
    assert found["pkg.norm"].source == "python:pkg"
    assert "pkg/broken.py is not Python" in problem.message
    assert "pkg" not in sys.modules


def test_a_part_of_a_package_finds_what_it_gathers_from_elsewhere(package):
    assert set(records_of("python:pkg.sub")[0]) == {
        "pkg.sub",
        "pkg.sub.Tool",
        "pkg.sub.Tool.use",
        "pkg.sub.Tool.name",
        "pkg.sub.tools.one",
    }
    assert set(records_of("python:pkg.compiled")[0]) == {"pkg.compiled.fast"}


def test_digest_follows_every_file(package, tmp_path):
    [before] = find(["python:pkg"], on_problem=print)
    digest = before.digest()
    assert digest == find(["python:pkg"], on_problem=print)[0].digest()
    (tmp_path / "pkg" / "_impl.py").write_text("x = 1")
    assert find(["python:pkg"], on_problem=print)[0].digest() != digest


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("python:scikit-learn", "python:sklearn"),
        ("python:no_such_module", "no module of this name"),
        ("python:json.nope", "no module of this name"),
        ("python:sys", "compiled"),
        ("python:numpy._core._multiarray_umath", "compiled"),
        ("python:../../etc", "not the name of a module"),
        ("python:/etc/passwd", "not the name of a module"),
        ("python:", "not the name of a module"),
    ],
)
def test_names_that_lead_nowhere(name, part):
    found, _, [problem] = records_of(name)
    assert not found
    assert problem.source == name
    assert part in problem.message


def test_numpy():
    found, records, problems = records_of("python:numpy")
    assert not problems
    assert len(found) == len(records) > 1000
    for name in (
        "numpy.linalg.norm",
        "numpy.array",
        "numpy.sort",
        "numpy.where",
        "numpy.ndarray.sort",
        "numpy.fft.fft",
    ):
        assert found[name].text.startswith(f"{name}(")
    assert not [name for name in found if any(part.startswith("_") for part in name.split("."))]
    twice = [text for text, n in Counter(r.text.partition("\n")[2] for r in records).items() if n > 3]
    assert len(twice) < 20


def test_standard_library():
    found, records, problems = records_of("python:stdlib")
    assert not problems
    assert len(found) == len(records) > 4000
    for name in (
        "json.dumps",
        "os.path.join",
        "pathlib.Path.glob",
        "collections.abc.Mapping",
        "decimal.Decimal",
        "asyncio.gather",
    ):
        assert name in found
    assert not [name for name in found if name.startswith(("test.", "idlelib"))]
