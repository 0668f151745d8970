"""Banking77 is read whole: the counts of its publisher, and rows known by sight."""

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


def test_all_questions_and_intents_are_there():
    found = load("banking77")
    assert len(found["train_text"]) == len(found["train_label"]) == 10003
    assert len(found["text"]) == len(found["label"]) == 3080
    assert len(set(found["train_label"])) == 77
    assert set(found["train_label"]) == set(found["label"])
    assert (found["train_text"][0], found["train_label"][0]) == ("I am still waiting on my card?", "card_arrival")
    # a comma inside of quotes
    assert found["text"][1] == "I still have not received my new card, I ordered over a week ago."
