"""``inlay search``."""

import json
from dataclasses import asdict

import pytest

import inlay as package
from inlay.encoders.text import HashingEncoder
from inlay.indexes import Exact, Filtered
from inlay.pipeline import Pipeline
from inlay.rankers.rerank import MaximalMarginalRelevance


def test_json_is_a_list_of_hits(inlay, space):
    done = inlay("search", space, "dance of the bees", "-k", "2", "--json")
    hits = json.loads(done.stdout)
    assert [hit["rank"] for hit in hits] == [1, 2]
    best = hits[0]
    assert best["id"].endswith("a")
    assert best["text"] == "Bees dance in the hive."
    assert best["query"] == "dance of the bees"
    assert best["fields"]["year"] == 1973
    assert best["end"] - best["start"] == len(best["text"])
    assert set(best) == {"query", "rank", "id", "document", "score", "source", "start", "end", "text", "fields"}
    assert done.stderr == ""


def test_lines_for_people(inlay, space):
    lines = inlay("search", space, "bonds and honey", "-k", "3").stdout.splitlines()
    # A path is printed whole, however long: it is there to be opened.
    assert all(len(line) <= 100 for line in lines if line.startswith("    "))
    shown = "\n".join(lines)
    assert " 1  0." in shown
    assert "corpus.jsonl" in shown
    assert "\n    ... Bonds rose." in shown
    assert "\x1b" not in shown


def test_where(inlay, space):
    hits = json.loads(inlay("search", space, "bees", "--where", "year >= 2000", "--json").stdout)
    assert {hit["fields"]["year"] for hit in hits} == {2008, 2020}
    assert json.loads(inlay("search", space, "bees", "--where", "year > 3000", "--json").stdout) == []
    assert "nothing found" in inlay("search", space, "bees", "--where", "year > 3000").stdout


def test_several_queries_and_stdin(inlay, space):
    done = inlay("search", space, "bees", "-", "-k", "1", "--json", stdin="stocks\n\ncat\n")
    assert [(hit["query"], hit["id"][-1]) for hit in json.loads(done.stdout)] == [
        ("bees", "a"),
        ("stocks", "b"),
        ("cat", "c"),
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [("yaer > 2000", "year"), ("year >", "year"), ("1", "year"), ("text = 'a'; drop", "year")],
)
def test_bad_sql_names_the_columns(inlay, space, where, expected):
    done = inlay("search", space, "bees", "--where", where)
    assert done.exit_code == 2
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1


def test_not_a_space(inlay, docs, tmp_path):
    for path in (tmp_path / "missing", docs, docs / "honey.md"):
        done = inlay("search", path, "bees")
        assert done.exit_code == 1
        assert str(path) in done.stderr
        assert "not expected" not in done.stderr


def test_a_corrupt_space_is_named(inlay, space, tmp_path):
    for file in sorted((tmp_path / "my.space").rglob("*")):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:7])
    done = inlay("search", space, "bees")
    assert done.exit_code == 1
    assert "my.space" in done.stderr
    assert "not expected" not in done.stderr


@pytest.fixture
def reports(tmp_path):
    space = package.build([], tmp_path / "r.space", encoder="hashing")
    space.add([{"id": f"t{i}", "text": f"report {i} on case {i % 9} of item{i}", "n": i} for i in range(90)])
    return tmp_path / "r.space"


def test_a_hybrid_search_indexes_words_once_and_explains_itself(inlay, reports):
    done = inlay("search", reports, "item77 unheard", "--hybrid", "--explain", "-k", "2", "--where", "n > 10")
    assert done.exit_code == 0, done.stderr
    assert "The words are not indexed yet" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("vectors: Exact, for so few vectors")
    assert lines[1] == "filter: n > 10; 79 of 90 passages, found first, then searched among"
    assert lines[2] == "words: BM25 over an inverted index; fused by ReciprocalRankFusion()"
    assert "t77" in lines[3]
    assert any(line.startswith("    vectors 0.") and ", words " in line for line in lines)
    again = inlay("search", reports, "item77 unheard", "--hybrid", "--json", "--explain", "-k", "1")
    assert "indexed" not in again.stderr
    assert json.loads(again.stdout)[0]["legs"].keys() == {"vectors", "words"}


def test_the_plan_of_a_filter_is_explained_where_the_index_makes_one(inlay, tmp_path):
    encoder = package.Pipeline(HashingEncoder(dim=32), index=Filtered(Exact()))
    space = package.build([], tmp_path / "f.space", encoder=encoder)
    space.add({"id": f"t{i}", "text": f"report {i} on case {i % 9}", "n": i} for i in range(200))
    few = inlay("search", tmp_path / "f.space", "case 3", "-k", "1", "--explain", "--where", "n < 5").stdout
    plan = space.plan("n < 5", 1)
    assert few.splitlines()[1] == "filter: n < 5; 5 of 200 passages, found first, then searched among"
    assert few.splitlines()[2] == f"plan: {plan.name}, at a selectivity of 0.025; {plan.why}"
    assert "plan:" not in inlay("search", tmp_path / "f.space", "case 3", "--explain").stdout
    told = json.loads(
        inlay("search", tmp_path / "f.space", "case 3", "-k", "2", "--explain", "--json", "--where", "n < 5").stdout
    )
    assert [hit["plan"] for hit in told] == [asdict(space.plan("n < 5", 2))] * 2
    none = inlay("search", tmp_path / "f.space", "case 3", "--explain", "--json", "--where", "n < 0")
    assert json.loads(none.stdout) == []
    assert "plan: pre" in none.stderr
    told = json.loads(inlay("search", tmp_path / "f.space", "case 3", "-k", "1", "--explain", "--json").stdout)
    assert told[0]["plan"] is None
    told = json.loads(inlay("search", tmp_path / "f.space", "case 3", "-k", "1", "--json", "--where", "n < 5").stdout)
    assert not {"plan", "legs"} & told[0].keys()
    diverse = ("--diverse", "0.3")  # rankers choose from more, and the plan is for as many
    said = inlay("search", tmp_path / "f.space", "case 3", "-k", "1", "--explain", "--where", "n > 20", *diverse).stdout
    assert f"; {space.plan('n > 20', 100).why}" in said
    assert space.plan("n > 20", 100).why != space.plan("n > 20", 1).why
    deep = inlay(
        "search", tmp_path / "f.space", "case 3", "--explain", "--where", "n > 20", *diverse, "--depth", "7"
    ).stdout
    assert f"; {space.plan('n > 20', 7).why}" in deep
    more = ("--explain", "--json", "--where", "n > 20", *diverse, "--depth", "7")
    told = json.loads(inlay("search", tmp_path / "f.space", "case 3", *more).stdout)
    assert told[0]["plan"] == asdict(space.plan("n > 20", 7))


def test_a_cutoff_is_fitted_on_judgments(inlay, reports, tmp_path):
    judged = {
        "documents": {},
        "queries": {f"q{i}": f"report {i} item{i}" for i in range(60)},
        "relevant": {f"q{i}": {f"t{i}": 1} for i in range(60)},
    }
    file = tmp_path / "judged.json"
    file.write_text(json.dumps(judged))
    whole = inlay("search", reports, "report 80 item80", "-k", "50", "--json")
    cut = inlay("search", reports, "report 80 item80", "-k", "50", "--coverage", "0.9", "--judgments", file, "--json")
    assert cut.exit_code == 0, cut.stderr
    kept = [hit["id"] for hit in json.loads(cut.stdout)]
    assert kept == [hit["id"] for hit in json.loads(whole.stdout)][: len(kept)]
    assert "t80" in kept
    assert len(kept) < 50
    said = inlay("search", reports, "report 80", "--coverage", "0.9", "--judgments", file, "--explain").stdout
    assert "then: ConformalThreshold(" in said
    assert "whose cutoff is 0." in said


def test_a_cutoff_that_cannot_keep_its_promise_says_so_in_a_line(inlay, reports, tmp_path):
    asked = {f"q{i}": f"report {i} item{i}" for i in range(60)}
    file = tmp_path / "judged.json"
    wrong = {q: {f"t{(int(q[1:]) + 30) % 60}": 1} for q in asked}
    file.write_text(json.dumps({"documents": {}, "queries": asked, "relevant": wrong}))
    done = inlay("search", reports, "report 80", "-k", "1", "--coverage", "0.95", "--judgments", file)
    assert done.exit_code == 0
    said = [line for line in done.stderr.splitlines() if "what is relevant for only" in line]
    assert len(said) == 1
    assert ".py" not in said[0]
    where = inlay("search", reports, "case", "--coverage", "0.9", "--judgments", file, "--where", "id = 'no'")
    assert where.exit_code == 1
    assert "that holds for no row" in where.stderr


def test_a_cutoff_says_how_many(inlay, reports, tmp_path):
    asked = {f"q{i}": f"case {i % 9}" for i in range(60)}
    file = tmp_path / "judged.json"
    file.write_text(json.dumps({"documents": {}, "queries": asked, "relevant": {q: {f"t{q[1:]}": 1} for q in asked}}))
    cutoff = ("--coverage", "0.9", "--judgments", file, "--json")
    free, few = (json.loads(inlay("search", reports, "case 3", *cutoff, *k).stdout) for k in ((), ("-k", "5")))
    assert len(free) > len(few) == 5  # not the 5 of other searches


def test_diverse_hits(inlay, reports):
    plain, diverse = (
        [hit["id"] for hit in json.loads(inlay("search", reports, "case 3", "--json", *more).stdout)]
        for more in ((), ("--diverse", "0.7"))
    )
    assert len(diverse) == 5
    assert diverse[0] == plain[0]
    assert diverse != plain


def test_rankers_of_the_space_are_explained_and_diverse_hits_keep_their_order(inlay, tmp_path):
    first = MaximalMarginalRelevance(0.9)
    made = package.build([], tmp_path / "r.space", encoder=Pipeline(HashingEncoder(dim=64), rankers=[first]))
    made.add([{"id": f"t{i}", "text": f"case {i} of thing {i % 3}"} for i in range(20)])
    plain, diverse = (
        [hit["id"] for hit in json.loads(inlay("search", made.path, "case 13", "--json", *more).stdout)]
        for more in ((), ("--diverse", "0"))
    )
    assert diverse == plain
    said = inlay("search", made.path, "case 13", "--explain", "--diverse", "0").stdout
    assert said.index(f"then: {first!r}") < said.index("relevance='scores'")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--coverage", "0.9"), "go together"),
        (("--judgments", "scifact"), "go together"),
        (("--diverse", "1.5"), "less than or equal to 1"),
        (("--rerank", "no/such/model"), "no/such/model"),
    ],
)
def test_wrong_ways_to_rank_are_refused(inlay, reports, options, said):
    done = inlay("search", reports, "case 3", *options)
    assert done.exit_code != 0
    assert said in done.stderr


def test_queries_that_are_not_utf_8_are_refused(inlay, space):
    for query, stdin in (("caf\udce9", None), ("-", b"bees\ncaf\xe9\n")):
        done = inlay("search", space, query, "--json", stdin=stdin)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "not UTF-8" in done.stderr
