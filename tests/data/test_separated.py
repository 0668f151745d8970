import csv
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NOISE = np.random.default_rng(0).bytes(5000)
STRANGE = NOISE[:400].translate(None, b"\0\n\r")


def test_types_are_the_same_in_the_whole_column(read_file):
    content = (
        "text,n,x,flag,zip,mixed,late,empty,when,nan\n"
        "a,1,1,true,01234,1,1,,2024-01-02,nan\n"
        "b, -2\x1e,2.5e3, False ,99999,true,2,,2024-01-03,1.5\n"
        "c,,,,,,x,,,inf\n"
    )
    records, problems = read_file("x.csv", content)
    assert not problems
    assert [dict(r.fields) for r in records] == [
        {"n": 1, "x": 1.0, "flag": True, "zip": "01234", "mixed": "1", "late": "1", "when": "2024-01-02"},
        {
            "n": -2,
            "x": 2500.0,
            "flag": False,
            "zip": "99999",
            "mixed": "true",
            "late": "2",
            "when": "2024-01-03",
            "nan": 1.5,
        },
        {"late": "x"},
    ]
    assert [type(records[0].fields[name]) for name in ("n", "x", "flag")] == [int, float, bool]


def test_numbers_too_long_for_64_bits_stay_text(read_file):
    [record], _ = read_file("x.csv", f"text,n\na,{2**70}\n")
    assert record.fields["n"] == str(2**70)


def test_rows_with_other_lengths(read_file):
    records, [problem] = read_file("x.csv", 'text,n\na,1\n"b\nb",2\nc,3,4\nd\ne,5,,\n')
    assert [(r.text, r.fields.get("n"), r.source[-2:]) for r in records] == [
        ("a", 1, ":2"),
        ("b\nb", 2, ":3"),
        ("d", None, ":6"),
        ("e", 5, ":7"),
    ]
    assert (problem.line, problem.message) == (5, "this row has 3 values, and there are 2 columns")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(read_file, separator):
    [record], _ = read_file("x.csv", f'"my text, a; b"{separator}n\nhello{separator}1\n', text=["my text, a; b"])
    assert (record.text, dict(record.fields)) == ("hello", {"n": 1})


def test_tsv_takes_quotes_as_they_are(read_file):
    records, problems = read_file("x.tsv", 'text\tn\n"quoted"\t1\nan inch is 1"\t2\n"open\t3\na "" b\t4\n')
    assert [(r.text, r.fields["n"]) for r in records] == [
        ("quoted", 1),
        ('an inch is 1"', 2),
        ('"open', 3),
        ('a "" b', 4),
    ]
    assert not problems


@pytest.mark.parametrize("encoding", ["cp1252", "shift_jis", "cp1251"])
def test_other_encodings_are_found(read_file, encoding):
    text = {
        "cp1252": "Les élèves français étaient très préoccupés",
        "shift_jis": "すべての人間は、生まれながらにして自由であり",
        "cp1251": "Все люди рождаются свободными и равными",  # noqa: RUF001
    }[encoding]
    records, problems = read_file("x.csv", f"text,n\nplain,1\n{text},2\n".encode(encoding))
    assert [r.text for r in records] == ["plain", text]
    assert not problems


def test_an_open_quote_is_named_where_it_stands(read_file):
    records, [problem] = read_file("x.csv", 'text,n\na,1\n"b,2\nc,3\n')
    assert [r.text for r in records] == ["a"]
    assert (problem.line, "quote missing" in problem.message) == (3, True)


def test_an_open_quote_costs_no_more_than_the_limit(read_file):
    before = csv.field_size_limit(1000)
    try:
        records, problems = read_file("x.csv", 'text,n\na,1\n"b,2\n' + "c,3\n" * 1000, max_record_bytes=1000)
    finally:
        csv.field_size_limit(before)
    assert records[0].text == "a"
    assert len(records) > 500
    assert problems[0].line == 3


def test_cells_longer_than_the_default_of_the_csv_module(read_file):
    [record], _ = read_file("x.csv", "text,n\n" + "a" * 200_000 + ",1\n")
    assert len(record.text) == 200_000


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("text,text\na,b\n", "'text' is there twice"),
        ("n,m\n1,2\n", "no column is known to be the text"),
        ("a,b\nx,y\n", "there are 'a', 'b'"),
        ("text\n", "no records"),
        ("\n\n", "all of its lines are empty"),
        (b"PK\3\4\x14\0\n\x91\xff\n", "not text (it holds null bytes)"),
        (b"\xd0\xcf\x11\xe0\n\0\0\n", "not text (it holds null bytes)"),
        ("id,text\n1,a\n".encode("utf-16-le"), "UTF-16 needs a byte order mark"),
        (NOISE, "not text"),
    ],
)
def test_tables_that_are_refused_once(read_file, content, part):
    records, [problem] = read_file("x.csv", content)
    assert not records
    assert part in problem.message


@pytest.mark.parametrize(
    ("name", "content", "line", "part"),
    [
        ("x.csv", '\nid,"text\n1,a\n2,b\n', 2, "is a quote missing?"),
        ("x.csv", b"id," + STRANGE + b"\n1,a\n", 1, "this is not UTF-8"),
        ("x.tsv", b"id\t" + STRANGE + b"\n1\ta\n", 1, "this is not UTF-8"),
        ("x.csv", "text," + "n" * 1000 + "\na,1\n", 1, "longer than 1000 bytes"),
    ],
)
def test_a_first_row_that_is_lost_is_named(read_file, name, content, line, part):
    records, [problem] = read_file(name, content, max_record_bytes=1000)
    assert not records
    assert problem.line == line
    assert problem.message.startswith("the first row, which names the columns, is lost: ")
    assert part in problem.message


def test_null_bytes_below_the_first_row_are_replaced(read_file):
    [record], problems = read_file("x.csv", b"id,text\n1,a\0b\n")
    assert (record.text, problems) == ("a\ufffdb", [])


def test_the_only_text_column_is_the_text(read_file):
    [record], _ = read_file("x.csv", "id,utterance,label\n5,hello there,3\n")
    assert (record.id, record.text, dict(record.fields)) == ("5", "hello there", {"label": 3})


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=8)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6))
def test_rows_are_those_of_the_csv_module(read_file, rows):
    written = io.StringIO()
    csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("text", "a", "b"), *rows])
    records, problems = read_file("x.csv", written.getvalue())
    assert [r.text for r in records] == [t for text, _, _ in rows if (t := text.strip())]
    assert len(problems) == max(len(rows) - len(records), 0)
    kept = [row for row in rows if row[0].strip()]
    for record, (_, a, b) in zip(records, kept, strict=True):
        for name, cell in (("a", a), ("b", b)):
            value = record.fields.get(name)
            assert value == cell if isinstance(value, str) else value is None or float(cell) == float(value)
