"""The knowledge graphs have the triples that their publisher counts, free of carriage returns."""

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "train", "valid", "test", "entities", "relations"),
    [
        ("fb15k-237", 272_115, 17_535, 20_466, 14_541, 237),
        ("wn18rr", 86_835, 3_034, 3_134, 40_943, 11),
        ("kinship", 8_544, 1_068, 1_074, 104, 25),
        ("umls", 5_216, 652, 661, 135, 46),
        ("nations", 1_592, 199, 201, 14, 55),
    ],
)
def test_rows_entities_and_relations(name, train, valid, test, entities, relations):
    found = load(name)
    counts = {"train_": train, "valid_": valid, "": test}
    assert {prefix: len(found[f"{prefix}{part}"]) for part in ("head", "tail") for prefix in counts} == counts
    names = {x for prefix in counts for part in ("head", "tail") for x in found[prefix + part]}
    assert len(names) == entities
    assert len({x for prefix in counts for x in found[f"{prefix}relation"]}) == relations
    assert not any(x != x.strip() for x in names)


def test_a_known_triple():
    found = load("fb15k-237")
    first = [found[f"train_{part}"][0] for part in ("head", "relation", "tail")]
    assert first == ["/m/027rn", "/location/country/form_of_government", "/m/06cx9"]
