"""Methods are found from the files alone, however deep they lie, and folders give their names lazily."""

import sys

import pytest

from inlay.core import catalogue
from inlay.core.contracts import Encoder, Measure, Sampler

METHOD = '''"""Module."""

import no_such_library

LIMIT = 3


class _Private:
    paper = "private"


class {name}:
    """Do {name}.

    More.
    """

    paper: ClassVar[str] = "{paper}"
    requires: ClassVar[tuple[str, ...]] = ("text",)


class Later:
    pass
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    for path, text in {
        "tasks/__init__.py": "from inlay.core.catalogue import lazy\n__getattr__, __dir__ = lazy(__name__)\n",
        "tasks/retrieval/__init__.py": "from inlay.core.catalogue import lazy\n__getattr__, __dir__ = lazy(__name__)\n",
        "tasks/retrieval/deep/sci_fact.py": METHOD.format(name="SciFact", paper="wadden2020fact"),
        "tasks/retrieval/deep/__init__.py": "",
        "tasks/_helpers.py": METHOD.format(name="Helper", paper="x"),
        "tasks/_more/hidden.py": METHOD.format(name="Hidden", paper="x"),
        "tasks/retrieval/tools.py": "def f():\n    return 1\n",
        "losses/plain.py": "class Plain:\n    '''Only a line.'''\n",
        "losses/alive.py": "class Alive:\n    paper = 'a2001'\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    catalogue.standings.cache_clear()
    yield tmp_path
    catalogue.standings.cache_clear()


def test_methods_are_read_without_import(package):
    found = [e for e in catalogue.methods.__wrapped__() if e.path.startswith("inlay.")]
    assert [(e.contract, e.name) for e in found] == [("loss", "Alive"), ("loss", "Plain"), ("task", "SciFact")]
    assert found[2] == catalogue.Entry(
        "SciFact", "task", "inlay.tasks.retrieval.deep.sci_fact:SciFact", "wadden2020fact", ("text",), "Do SciFact."
    )
    assert (found[1].paper, found[1].requires, found[1].summary, found[1].claim) == (
        "",
        (),
        "Only a line.",
        catalogue.Standing(),
    )
    assert "no_such_library" not in sys.modules


def test_folders_name_what_is_below_them(package):
    getattr_, dir_ = catalogue.lazy("inlay.tasks")
    assert dir_() == ["SciFact", "retrieval"]
    with pytest.raises(AttributeError, match=r"module 'inlay.tasks' has no attribute 'Helper'; it has \['SciFact'"):
        getattr_("Helper")
    for name in ("__path__", "_helpers", "deep"):
        with pytest.raises(AttributeError):
            getattr_(name)


def test_folders_import_what_is_asked_for(package, monkeypatch):
    (package / "tasks" / "retrieval" / "deep" / "sci_fact.py").write_text("class SciFact:\n    pass\n")
    import inlay

    # Not by delattr, which looks whether there is one and so imports it.
    monkeypatch.delitem(vars(inlay), "tasks", raising=False)
    for name in [name for name in sys.modules if name.startswith("inlay.tasks")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(inlay, "__path__", [str(package)])
    try:
        from inlay import tasks

        assert tasks.SciFact.__module__ == "inlay.tasks.retrieval.deep.sci_fact"
        assert tasks.retrieval.SciFact is tasks.SciFact
        assert tasks.retrieval.deep.__name__ == "inlay.tasks.retrieval.deep"
    finally:
        vars(inlay).pop("tasks", None)
        for name in [name for name in sys.modules if name.startswith("inlay.tasks")]:
            del sys.modules[name]


def test_entries_load_their_class():
    (entry,) = [entry for entry in catalogue.methods() if entry.name == "HashingEncoder"]
    assert issubclass(entry.load(), Encoder)
    assert entry.summary == entry.load().__doc__.partition("\n")[0]
    assert entry.paper == entry.load().paper


def test_contract_of():
    assert catalogue.contract_of(type("A", (Sampler,), {})) == "sampler"
    assert catalogue.contract_of(type("A", (Measure,), {})) == "measure"
    assert catalogue.contract_of(type("A", (), {"forward": lambda self, a, b: 0})) == "loss"
    with pytest.raises(TypeError, match="int follows none of the contracts"):
        catalogue.contract_of(int)
