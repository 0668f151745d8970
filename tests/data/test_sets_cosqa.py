"""CoSQA is read with the counts of its publisher, and each query has the function that answers it."""

import pytest

from inlay.data.datasets import load


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "query", "code"),
    [
        ("cosqa", "sort by a token in string python", "def _process_and_sort(s, force_ascii, full_process=True):"),
        ("cosqa-dev", "python check if a variable is iterable", "def is_iterable"),
    ],
)
def test_the_parts_are_read_whole(name, query, code):
    found = load(name)
    assert [len(found[part]) for part in ("documents", "queries", "relevant")] == [6267, 500, 500]
    [id_] = [id_ for id_, text in found["queries"].items() if text == query]
    [answer] = found["relevant"][id_]
    assert found["documents"][answer].startswith(code)
