"""Data sets are found by name, file or package; what is wrong with a file is named with its line."""

import sys
import zipfile
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from inlay.core.errors import DataError, MissingData, ParameterError
from inlay.data import datasets
from inlay.data.datasets import DataSet, digest, known_sets, lines, load, locate

COLUMNS = {"text": ["a cat, sat", "rain\tfell", 'he said "no"'], "label": [1, 0, 1]}


@pytest.fixture
def write(tmp_path):
    def run(name, content):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return run


@pytest.fixture
def known(monkeypatch):
    """Let one data set be known, which is read by the function that is given."""

    def run(read, name="toy"):
        monkeypatch.setattr(datasets, "known_sets", lambda: {name: DataSet(name, "toys", read, "nobody (2001)")})

    return run


JSONL = """{"text": "a cat, sat", "label": 1}

{"label": 0, "text": "rain\\tfell"}\r
{"text": "he said \\"no\\"", "label": 1}"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", JSONL),
        ("a.json", '{"text": ["a cat, sat", "rain\\tfell", "he said \\"no\\""], "label": [1, 0, 1]}'),
        ("a.json", "[" + ",".join(line for line in JSONL.splitlines() if line) + "]"),
        ("a.csv", 'text,label\n"a cat, sat",1\nrain\tfell,0\n\n"he said ""no""",1\n'),
        ("a.tsv", 'text\tlabel\r\na cat, sat\t1\r\n"rain fell"\t0\r\nhe said "no"\t1\r\n'),
    ],
    ids=["jsonl", "json of columns", "json of rows", "csv", "tsv"],
)
@pytest.mark.parametrize("form", ["as it is", "with a byte order mark", "in capitals"])
def test_every_kind_of_file_gives_the_same_columns(write, name, content, form):
    name = name.upper() if form == "in capitals" else name
    found = load(write(name, ("\ufeff" if form == "with a byte order mark" else "") + content))
    want = COLUMNS | ({"text": ["a cat, sat", "rain fell", 'he said "no"']} if "tsv" in name.lower() else {})
    assert dict(found) == want


def test_a_file_is_given_as_text_or_as_path(write):
    file = write("a.jsonl", '{"x": 1}')
    assert load(str(file)) == load(file) == {"x": [1]}


def test_columns_are_returned_as_they_are():
    assert load(COLUMNS) is COLUMNS
    assert load(MappingProxyType(COLUMNS))["label"] == [1, 0, 1]


def test_a_single_row_in_a_list_is_a_row(write):
    assert load(write("a.json", '[{"text": "a", "label": 1}]')) == {"text": ["a"], "label": [1]}


def test_a_separated_column_is_of_numbers_only_where_every_value_is_one(write):
    found = load(write("a.csv", "text,id,score,none\n1984,007,1e-3,\nBrave New World,012, -2 ,\n"))
    assert found == {
        "text": ["1984", "Brave New World"],
        "id": ["007", "012"],
        "score": [0.001, -2.0],
        "none": ["", ""],
    }


def test_long_texts_are_read(write):
    long = "word " * 60_000  # beyond the limit that the csv module starts with
    assert load(write("a.csv", f"text,label\n{long},1\n"))["text"] == [long]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"x": 1}\n\n{"x": \n', r"a\.jsonl:3: this line is not JSON: "),
        ("a.jsonl", '{"x": 1}\n{"y": 1}\n', r"a\.jsonl:2: this line has \['y'\]; the first has \['x'\]"),
        ("a.jsonl", '{"x": 1}\n{"x": 1, "y": 2}\n', r"a\.jsonl:2: this line has \['x', 'y'\]; the first has \['x'\]"),
        ("a.jsonl", "[1, 2]\n", r"a\.jsonl:1: this line is \[1, 2\], not a mapping"),
        ("a.jsonl", 'null\n{"x": 1}\n', r"a\.jsonl:1: this line is None, not a mapping"),
        ("a.jsonl", "\n \n", "holds no rows"),
        ("a.jsonl", "", "holds no rows"),
        ("a.jsonl", b'{"x": "\xff"}\n', "cannot be read: 'utf-8' codec"),
        ("a.json", "{", r"a\.json is not JSON: "),
        ("a.json", "[" * 100_000, "is not JSON: maximum recursion"),
        ("a.json", "", r"a\.json is not JSON: "),
        ("a.json", "{}", "holds no rows"),
        ("a.json", "[]", "holds no rows"),
        ("a.json", "7", "is a int; a data set is a mapping of columns, or a list of rows"),
        ("a.json", '[{"x": 1}, {"y": 1}]', r"a\.json: row 2 has \['y'\]; the first has \['x'\]"),
        ("a.json", '["x"]', r"a\.json: row 1 is 'x', not a mapping"),
        ("a.csv", "x,y\n1,2\n3\n", r"a\.csv:3: this line has 1 values, and there are 2 columns"),
        ("a.csv", "x,y\n1,2,3\n", r"a\.csv:2: this line has 3 values, and there are 2 columns"),
        ("a.csv", 'x,y\n1,2\n"an open quote,3\n4,5\n', r"a\.csv:4: this line cannot be read: unexpected end"),
        ("a.csv", 'x,y\n"a" b,3\n', r"a\.csv:2: this line cannot be read: "),
        ("a.csv", "x,y,x\n1,2,3\n", "one of .* is there twice"),
        ("a.csv", "x,y\n", "holds no rows"),
        ("a.csv", "", "holds no rows"),
        ("a.csv", b"x,y\n\xff,2\n", "cannot be read: 'utf-8' codec"),
        ("a.tsv", 'x\ty\n"an open quote\t3\n4\n', r"a\.tsv:3: this line has 1 values, and there are 2 columns"),
        ("a.xlsx", "x", r"a data set is a \.jsonl, \.json, \.csv or \.tsv file"),
        ("a", "x", r"a data set is a \.jsonl, \.json, \.csv or \.tsv file"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(write, name, content, message):
    with pytest.raises(DataError, match=message):
        load(write(name, content))


def test_an_open_quote_in_tabs_is_a_quote(write):
    assert load(write("a.tsv", 'x\ty\n"an open quote\t3\n"whole ""one"""\t4\n'))["x"] == [
        '"an open quote',
        'whole "one"',
    ]


@pytest.mark.parametrize("data", ["sts99", "../nothing.jsonl", ""])
def test_a_name_that_is_neither_known_nor_a_file_is_refused(data):
    with pytest.raises(ParameterError, match=r"no data set and no file .*; known are .*scifact.*sts12"):
        load(data)


def test_a_folder_is_not_a_data_set(tmp_path):
    with pytest.raises(ParameterError, match="no data set and no file"):
        load(tmp_path)
    with pytest.raises(ParameterError, match="must be a name, a file or columns, got int"):
        load(5)


def test_a_name_with_dots_is_a_file_of_the_user_and_never_looked_for_below_the_data(write, tmp_path, monkeypatch):
    write("outside.jsonl", '{"x": 1}')
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("INLAY_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load("../outside.jsonl") == {"x": [1]}  # from the folder at hand
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match="no data set and no file"):
        load("../outside.jsonl")  # though it lies there from the folder of the data


def test_known_sets_are_found_from_the_files_and_have_names_of_their_own():
    known = known_sets()
    assert {"scifact", "sts12", "stsbenchmark"} <= set(known)
    assert all(name == one.name and one.source for name, one in known.items())
    assert not any(Path(one.folder).is_absolute() or ".." in Path(one.folder).parts for one in known.values())
    modules = [p for p in (Path(datasets.__file__).parent / "_sets").glob("*.py") if not p.name.startswith("_")]
    for module in modules:
        sets = sys.modules[f"inlay.data._sets.{module.stem}"].SETS
        assert all(known[one.name] is one for one in sets), f"{module.name}: a name is there twice"


def test_a_known_set_is_read_from_its_folder(known, write, tmp_path, monkeypatch):
    (tmp_path / "toys").mkdir()
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    known(lambda folder: {"where": [folder]})
    assert load("toy") == {"where": [tmp_path / "toys"]}


def test_a_known_set_goes_before_a_file_of_its_name(known, write, tmp_path, monkeypatch):
    (tmp_path / "toys").mkdir()
    write("a.jsonl", '{"x": 1}')
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    known(lambda folder: {"known": [1]}, name="a.jsonl")
    assert load("a.jsonl") == {"known": [1]}
    assert load(Path("a.jsonl")) == {"x": [1]}


@pytest.mark.parametrize("home", [None, ""])
def test_without_data_on_the_machine_the_message_says_what_to_set(known, monkeypatch, home):
    monkeypatch.delenv("INLAY_DATA", raising=False)
    if home is not None:
        monkeypatch.setenv("INLAY_DATA", home)
    known(lambda folder: {})
    with pytest.raises(MissingData, match=r"'toys' is not on this machine: INLAY_DATA is not set.*Set INLAY_DATA to"):
        load("toy")


def test_the_message_says_where_it_was_looked_for(known, tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    known(lambda folder: {})
    with pytest.raises(MissingData) as caught:
        load("toy")
    assert f"it is not in {tmp_path / 'toys'}, and" in str(caught.value)


def test_a_set_that_lacks_a_file_or_has_a_broken_one_says_so(known, tmp_path, monkeypatch):
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "broken.zip").write_bytes(b"version https://git-lfs")
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    known(lambda folder: {"text": [*lines(folder / "part.txt")]})
    with pytest.raises(MissingData, match=r"'toy' is not whole: .*part\.txt"):
        load("toy")
    known(lambda folder: {"text": zipfile.ZipFile(folder / "broken.zip").namelist()})
    with pytest.raises(DataError, match=r"'toy' in .*toys cannot be read: File is not a zip file"):
        load("toy")


def test_a_package_brings_data_and_the_folder_of_the_user_goes_before_it(known, tmp_path, monkeypatch):
    package = tmp_path / "site" / "brings_toys"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(package.parent)
    points = EntryPoints(
        [EntryPoint("toys", "brings_toys", "inlay.data"), EntryPoint("toys", "nothing", "other.group")]
    )
    monkeypatch.setattr(datasets, "entry_points", points.select)
    monkeypatch.setenv("INLAY_DATA", str(tmp_path / "data"))
    known(lambda folder: {"where": [str(folder)]})
    assert load("toy") == {"where": [str(package)]}
    (tmp_path / "data" / "toys").mkdir(parents=True)
    assert locate("toys") == tmp_path / "data" / "toys"
    with pytest.raises(MissingData, match="no installed package brings it"):
        locate("others")


def test_a_package_that_knows_nothing_of_this_is_found_and_not_imported(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_DATA", str(tmp_path / "data"))
    with pytest.raises(MissingData, match="holds it, or install the package knows_no_inlay"):
        locate("toys", "knows_no_inlay/in/here")
    folder = tmp_path / "knows_no_inlay" / "in" / "here"
    folder.mkdir(parents=True)
    (tmp_path / "knows_no_inlay" / "__init__.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    assert locate("toys", "knows_no_inlay/in/here") == folder
    with pytest.raises(MissingData, match="install the package knows_no_inlay"):
        locate("toys", "knows_no_inlay/elsewhere")
    (tmp_path / "data" / "toys").mkdir(parents=True)
    assert locate("toys", "knows_no_inlay/in/here") == tmp_path / "data" / "toys"


def test_only_line_feeds_end_a_line(write):
    file = write("a.txt", "a\u2028b\x0bc\r\n\nlast\rone")
    assert list(lines(file)) == ["a\u2028b\x0bc", "", "last\rone"]
    assert list(lines(write("b.txt", b"caf\xe9\n"), "latin-1")) == ["café"]


def test_a_digest_names_the_content():
    assert digest(COLUMNS) == "326429821cc69ae0"  # results that are stored are known by it
    assert digest(dict(reversed(COLUMNS.items()))) == digest(MappingProxyType(COLUMNS)) == digest(COLUMNS)
    assert digest({"x": np.array([1, 2])}) == digest({"x": (1, 2)}) == digest({"x": [1, 2]})
    others = [{"x": [1, 2]}, {"x": [2, 1]}, {"y": [1, 2]}, {"x": ["1", "2"]}, {"x": [1.5, 2]}, {"x": [[1], [2]]}, {}]
    assert len({digest(one) for one in others}) == len(others)
    assert digest({"x": ["é"]}) != digest({"x": ["e\u0301"]})
    assert len(digest({"x": ["\ud800"]})) == 16  # half a surrogate pair has a digest too


def test_a_digest_of_what_no_file_holds_is_refused():
    with pytest.raises(TypeError, match="holds texts, numbers, lists and mappings, not a object"):
        digest({"x": [object()]})


@pytest.mark.data
def test_a_real_set_is_found_where_inlay_data_points(data_folder):
    found = load("stsbenchmark")
    assert len(found["text1"]) == len(found["score"]) == 1379
    assert digest(found) == digest(load("stsbenchmark"))
    assert locate("stsbenchmark") == data_folder / "stsbenchmark"
