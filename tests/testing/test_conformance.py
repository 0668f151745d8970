"""Conformance finds nothing in exact search, and names what is wrong with indexes that are broken on purpose."""

import numpy as np
import pytest

from inlay.core.errors import DataError
from inlay.core.values import Hits
from inlay.core.vectors import product_top_k
from inlay.indexes import Exact
from inlay.testing.conformance import DEMANDS, Finding, conform, main, table


class OtherTies(Exact):
    def search(self, Q, k, *, where=None):
        hits = super().search(Q, k, where=where)
        order = np.lexsort((-hits.ids, -hits.scores))
        return Hits(np.take_along_axis(hits.ids, order, 1), np.take_along_axis(hits.scores, order, 1))


class FiltersAfterwards(Exact):
    def search(self, Q, k, *, where=None):
        hits = super().search(Q, k)
        if where is None:
            return hits
        rows = np.flatnonzero(where) if np.asarray(where).dtype == bool else np.asarray(where)
        ids = np.where(np.isin(hits.ids, rows), hits.ids, -1)
        order = np.argsort(ids < 0, axis=1, kind="stable")
        return Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(hits.scores, order, 1))


class IgnoresTheFilter(Exact):
    def search(self, Q, k, *, where=None):
        return super().search(Q, k)


class Rounds(Exact):
    def search(self, Q, k, *, where=None):
        hits = super().search(Q, k, where=where)
        return Hits(hits.ids, np.round(hits.scores, 2))


class MissesAFew(Exact):
    def search(self, Q, k, *, where=None):
        hits = super().search(Q, k + 1, where=where)
        return Hits(hits.ids[:, 1:], hits.scores[:, 1:])


class Dies(Exact):
    def search(self, Q, k, *, where=None):
        if where is not None:
            raise DataError("The server does not answer.")
        return super().search(Q, k)


class Forgets(Exact):
    def add(self, X):
        return self

    def remove(self, rows):
        return self


BROKEN = [
    (OtherTies, "ties", "equal rows by number", "rows [36, 35, 34, 33] at k=7"),
    (OtherTies, "ties", "equal rows by number under a filter", "others"),
    (FiltersAfterwards, "far rows allowed", "10 hits", "0 hits"),
    (IgnoresTheFilter, "1.0% allowed", "allowed rows", "190 rows not allowed"),
    (IgnoresTheFilter, "none allowed", "0 hits", "200 hits"),
    (IgnoresTheFilter, "wrong input", "a row that there is not: an InlayError", "a row that there is not: accepted"),
    (Rounds, "top 1", "the inner product", "scores off by 0.0049"),
    (MissesAFew, "top 10", "all the best rows", "recall 0.900"),
    (MissesAFew, "one row stored", "20 hits", "0 hits"),
    (Dies, "0.1% allowed", "an answer", "DataError: The server does not answer."),
    (Forgets, "after add", "all the best rows", None),
    (Forgets, "after remove", "allowed rows", None),
]
_found = {}


@pytest.mark.parametrize(("broken", "what", "expected", "got"), BROKEN)
def test_names_what_is_wrong(broken, what, expected, got):
    if broken not in _found:
        _found[broken] = conform(broken())
    mine = [f for f in _found[broken] if (f.what, f.expected) == (what, expected)]
    assert mine, _found[broken]
    assert got is None or got in [f.got for f in mine], mine


def test_finds_nothing_in_brute_force():
    assert conform(Exact) == [f for f in conform(Exact("float16")) if f.expected == "the inner product"]


def test_the_table_has_a_line_for_each_demand():
    lines = table({"A": [Finding("ties", "x", "a|b"), Finding("ties", "y", "c")], "B": []}).splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == list(DEMANDS)
    assert "| ties | a/b; c | = |" in lines


def test_runs_from_the_command_line(capsys):
    main(["Exact"])
    assert capsys.readouterr().out.startswith("|  | Exact() | Exact(dtype='float16') |")
    with pytest.raises(SystemExit, match="There is no index NoSuchIndex; there are Auto, BM25"):
        main(["Exact", "NoSuchIndex"])


def test_the_reference_is_brute_force():
    rng = np.random.default_rng(0)
    Q, X = rng.standard_normal((3, 5)).astype(np.float32), rng.standard_normal((50, 5)).astype(np.float32)
    assert np.array_equal(product_top_k(Q, X, 7).ids, np.argsort(-(Q @ X.T), axis=1)[:, :7])
