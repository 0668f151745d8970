"""``inlay classify``."""

import json

import pytest

import inlay as package


@pytest.fixture
def asked(tmp_path):
    space = package.build([], tmp_path / "asked.space", encoder="hashing")
    texts = {"card": "my card was stolen", "fee": "what does a transfer cost", "pin": "I forgot my pin"}
    space.add(
        {"id": f"{topic}{i}", "text": f"{text} {i}", "topic": topic, "n": i, "old": topic == "card"}
        for topic, text in texts.items()
        for i in range(6)
    )
    space.add([{"id": "none", "text": "the card is stolen", "n": 9}])
    return tmp_path / "asked.space"


def test_json_has_the_label_the_shares_and_who_voted(inlay, asked):
    done = inlay("classify", asked, "a stolen card", "-", "--by", "topic", "-k", "7", "--json", stdin="forgot it\n\n")
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    card, pin = json.loads(done.stdout)
    assert set(card) == {"query", "label", "shares", "evidence"}
    assert (card["query"], card["label"], pin["query"], pin["label"]) == ("a stolen card", "card", "forgot it", "pin")
    assert next(iter(card["shares"])) == "card"
    assert sum(card["shares"].values()) == pytest.approx(1, abs=1e-5)
    assert [hit["label"] for hit in card["evidence"][:6]] == ["card"] * 6
    assert [hit["rank"] for hit in card["evidence"]] == [1, 2, 3, 4, 5, 6, 7]
    parts = {"rank", "id", "document", "score", "source", "start", "end", "text", "fields", "label"}
    assert all(set(hit) == parts for hit in card["evidence"])
    assert "none" not in {hit["id"] for hit in card["evidence"]}


def test_labels_keep_their_kind_in_json(inlay, asked):
    [vote] = json.loads(inlay("classify", asked, "a stolen card", "--by", "old", "-k", "3", "--json").stdout)
    assert vote["label"] is True
    assert vote["shares"] == {"True": 1.0}


def test_a_line_for_each_question(inlay, asked):
    lines = inlay("classify", asked, "a stolen card", "forgot it", "--by", "topic", "-k", "6").stdout.splitlines()
    assert lines[0] == "card  1.000  a stolen card"
    assert lines[1].split(maxsplit=2)[::2] == ["pin", "forgot it"]
    nothing = inlay("classify", asked, "a stolen card", "--by", "topic", "--where", "n = 9")
    assert nothing.exit_code == 0
    assert nothing.stdout == "-  0.000  a stolen card\n"
    [vote] = json.loads(inlay("classify", asked, "a", "--by", "topic", "--where", "n = 9", "--json").stdout)
    assert vote == {"query": "a", "label": None, "shares": {}, "evidence": []}


def test_what_voted_is_shown(inlay, asked):
    lines = inlay("classify", asked, "a stolen card", "--by", "topic", "-k", "8", "--explain").stdout.splitlines()
    assert lines[0] == "a stolen card"
    assert lines[1].startswith("    card 0.")
    assert lines[2] == "card:"
    assert sum(line.startswith("    my card was stolen") for line in lines) == 6
    assert [line for line in lines if line.endswith(":")][1:]
    said = inlay("classify", asked, "a stolen card", "--by", "topic", "--where", "n = 9", "--explain").stdout
    assert said == "a stolen card\n    nothing votes\n"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("x", "--by", "topc"), 2, "no field 'topc'; the fields of the space are ['n', 'old', 'topic']"),
        (("x",), 2, "--by"),
        ((" ", "--by", "topic"), 2, "A query is empty"),
        (("x", "--by", "topic", "--where", "yaer > 2000"), 2, "topic"),
        (("x", "--by", "topic", "-k", "0"), 2, "k"),
    ],
)
def test_wrong_arguments_are_refused(inlay, asked, options, code, said):
    done = inlay("classify", asked, *options)
    assert done.exit_code == code
    assert said in done.stderr
    assert done.stdout == ""


def test_not_a_space(inlay, tmp_path):
    done = inlay("classify", tmp_path / "missing", "bees", "--by", "topic", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["exit_code"] == 1
