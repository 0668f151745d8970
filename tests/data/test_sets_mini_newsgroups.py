"""Mini-newsgroups is read whole, and what names the group is not in the text."""

from collections import Counter

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


def test_each_group_has_a_hundred_messages_without_headers():
    found = load("mini-newsgroups")
    counts = Counter(found["label"])
    assert (len(counts), set(counts.values())) == (20, {100})
    assert not [text for text in found["text"] if text.startswith(("Newsgroups:", "Path:", "Xref:"))]
    assert [text for text in found["text"] if "Anyhow, the ad stated that they'd sell rockets" in text]


def test_subjects_belong_to_the_same_messages():
    found, whole = load("mini-newsgroups-subjects"), load("mini-newsgroups")
    assert found["label"] == whole["label"]
    row = next(i for i, text in enumerate(whole["text"]) if "Anyhow, the ad stated" in text)
    assert (found["text"][row], found["label"][row]) == ("Big amateur rockets", "sci.space")
    assert all(found["text"])
    assert not [text for text in found["text"] if text.lower().startswith("re:")]
