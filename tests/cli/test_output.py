"""What is printed for people and for programs."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inlay.cli.output import count, excerpt, print_json, size


@given(st.text(max_size=300), st.text(max_size=40), st.integers(20, 200))
def test_excerpt_fits_and_is_one_line(text, query, width):
    out = excerpt(text, query, width)
    assert len(out) <= width + 8  # the marks of what was left out
    assert "\n" not in out


def test_excerpt_starts_at_the_sentence_that_answers():
    text = "Reads a file. Raises an error.\n\nWrites a dictionary to a stream. See also load."
    assert excerpt(text, "write the dictionary", 60) == "... Writes a dictionary to a stream. See also load."
    assert excerpt(text, "nothing in common", 20) == "Reads a file. Raises ..."


def test_json_is_one_strict_document(capsys):
    print_json({"a": np.float32(0.5), "b": np.arange(2), "c": float("nan"), 1: ("ü", np.int64(3))})
    out = capsys.readouterr().out
    assert json.loads(out) == {"a": 0.5, "b": [0, 1], "c": None, "1": ["ü", 3]}
    assert "ü" in out


def test_words_for_numbers():
    assert (count(1, "passage"), count(2000, "passage")) == ("1 passage", "2,000 passages")
    assert (size(0), size(999), size(1000), size(2.5e9)) == ("0 B", "999 B", "1.0 kB", "2.5 GB")
