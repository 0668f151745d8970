"""A cutoff keeps its promise in the searches that it was fitted for, and says where it cannot."""

import numpy as np
import pytest

from inlay.building import build
from inlay.core.errors import DataError, ParameterError
from inlay.coverage import threshold

RNG = np.random.default_rng(0)
WORDS = [f"w{i}" for i in range(200)]
TEXTS = [list(RNG.choice(WORDS, 20)) for _ in range(1000)]
ASKED = [" ".join([*RNG.choice(TEXTS[i], 2), RNG.choice(WORDS)]) for i in range(300)]


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    space = build([], tmp_path_factory.mktemp("c") / "c.space", encoder="hashing")
    space.add({"id": f"t{i}", "text": " ".join(words), "n": i} for i, words in enumerate(TEXTS))
    return space


def judged(rows):
    """Return the judgments of some queries, each of which has one text."""
    return {
        "documents": {},
        "queries": {f"q{i}": ASKED[i] for i in rows},
        "relevant": {f"q{i}": {f"t{i}": 1} for i in rows},
    }


def kept(space, cutoff, rows, **how):
    found = space.search([ASKED[i] for i in rows], rankers=[cutoff], **how)
    return np.mean([f"t{i}" in {one.id for one in some} for i, some in zip(rows, found, strict=True)])


@pytest.mark.parametrize("how", [{"k": 400}, {"k": 300, "depth": 400}])
def test_the_search_that_it_is_for_keeps_the_promise(space, how):
    cutoff = threshold(space, judged(range(150)), 0.8, **how)
    assert 0.8 <= cutoff.coverage_ < 0.82
    # Three standard errors of 150 queries that were not fitted on, and of the 150 that were.
    assert abs(kept(space, cutoff, range(150, 300), **how) - cutoff.coverage_) < 3 * np.sqrt(2 * 0.16 / 150)


def test_a_filter_counts_as_in_the_search_that_it_is_for(space):
    how = {"k": 60, "where": "n < 100"}  # of the queries to fit on, 50 have no text there
    cutoff = threshold(space, judged(range(150)), 0.9, **how)
    assert 0.9 <= cutoff.coverage_ < 0.92
    assert 0.9 <= kept(space, cutoff, range(100), **how) < 0.94
    with pytest.raises(DataError, match="name no document of the space"):
        threshold(space, judged(range(100, 150)), 0.9, **how)
    with pytest.raises(DataError, match="No cutoff can be fitted where n < 0: that holds for no row"):
        threshold(space, judged(range(5)), 0.9, where="n < 0")


def test_what_is_beyond_k_counts_as_not_found(space):
    with pytest.warns(UserWarning, match=r"found what is relevant for only 0\.\d+ of the queries"):
        cutoff = threshold(space, judged(range(150)), 0.95, k=10)
    assert cutoff.threshold_ == -np.inf
    assert cutoff.found_ == pytest.approx(kept(space, cutoff, range(150), k=10))


def test_wrong_numbers_are_refused(space):
    with pytest.raises(ParameterError, match="coverage must be above 0 and below 1"):
        threshold(space, judged(range(5)), 1.0)
    with pytest.raises(ParameterError, match="k must be at least 1"):
        threshold(space, judged(range(5)), 0.9, k=0)
