"""Missing libraries are named with the command that installs them."""

import math

import pytest

from inlay.core import extras
from inlay.core.errors import MissingExtra


def test_what_is_there_is_imported():
    assert extras.load("math", extra="text") is math


def test_what_is_missing_is_named_with_its_command():
    with pytest.raises(MissingExtra, match=r'^reading PDF needs no_pdf, .* pip install "inlay\[pdf\]"$'):
        extras.load("no_pdf.reader", extra="pdf", purpose="reading PDF")


def test_a_dependency_that_is_missing_is_named(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import no_such_part")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match="no_such_part"):
        extras.load("half_there", extra="text")


def test_a_broken_library_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_there.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ZeroDivisionError):
        extras.load("broken_there", extra="text")
