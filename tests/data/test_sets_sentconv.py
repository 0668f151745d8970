"""The sentence sets are read whole: the counts of their publisher, labels that mean what is said, and no odd signs."""

from collections import Counter

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "n_train", "n_test", "n_labels"),
    [("sst2", 6920, 1821, 2), ("sst5", 8544, 2210, 5), ("trec", 5452, 500, 6)],
)
def test_sets_of_two_parts(name, n_train, n_test, n_labels):
    found = load(name)
    assert len(found["train_text"]) == len(found["train_label"]) == n_train
    assert len(found["text"]) == len(found["label"]) == n_test
    assert set(found["train_label"]) == set(found["label"]) == set(range(n_labels))
    assert all(found["train_text"])


@pytest.mark.parametrize(
    ("name", "counts"), [("mr", [5331, 5331]), ("subj", [5000, 5000]), ("cr", [1368, 2407]), ("mpqa", [7294, 3312])]
)
def test_sets_of_one_part(name, counts):
    found = load(name)
    assert set(found) == {"text", "label"}
    assert len(found["text"]) == len(found["label"])
    assert [Counter(found["label"])[label] for label in (0, 1)] == counts


def test_known_rows():
    sst, trec, mr, subj = map(load, ("sst2", "trec", "mr", "subj"))
    assert (sst["text"][0], sst["label"][0]) == ("no movement , no yuks , not much of anything .", 0)
    assert (trec["text"][0], trec["label"][0]) == ("How far is it from Denver to Aspen ?", 5)  # a number
    assert (mr["text"][0], mr["label"][0]) == ("simplistic , silly and tedious .", 0)
    assert subj["text"][0] == "smart and alert , thirteen conversations about one thing is a small gem ."


@pytest.mark.parametrize("name", ["sst2", "sst5", "trec", "mr", "subj", "cr", "mpqa"])
def test_texts_are_decoded_without_control_characters(name):
    found = load(name)
    odd = {sign for text in found["text"] for sign in text if not sign.isprintable() and sign != "\xa0"}
    assert not odd - {"\xad"}
