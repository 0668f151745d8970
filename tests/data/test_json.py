import gzip
import hashlib
import json

import pytest


def test_beir_corpus(read_file):
    rows = [
        {"_id": "7", "title": "Bees", "text": "They dance.", "metadata": {}},
        {"_id": 8, "title": "", "text": "No title.", "metadata": {"url": "u"}},
    ]
    records, problems = read_file("corpus.jsonl", "\n".join(map(json.dumps, rows)))
    assert not problems
    assert [(r.id, r.text, dict(r.fields)) for r in records] == [
        ("7", "Bees\nThey dance.", {"title": "Bees"}),
        ("8", "No title.", {"title": "", "metadata": '{"url": "u"}'}),
    ]
    assert records[1].source.endswith("corpus.jsonl:2")


def test_a_bad_line_is_named_and_the_rest_goes_on(read_file):
    lines = [
        b'{"text": "one"}',
        b'{"text": ',
        b'{"text": "caf\xe9"}',
        b"",
        b'{"text": ""}',
        b"42",
        b'"a string"',
        b"[" * 100_000,
        b'{"other": 1}',
        b'{"text": "last"}',
        b"null",
        b'{"further": 2}',
    ]
    records, problems = read_file("x.jsonl", b"\r\n".join(lines))
    assert [r.text for r in records] == ["one", "42", "a string", "last"]
    assert [(p.line, p.message.split(":")[0]) for p in problems] == [
        (2, "this line is not JSON"),
        (3, "this line is not UTF-8 (byte 0xe9)"),
        (5, "the text is empty (text)"),
        (8, "this line is not JSON"),
        (
            9,
            "no column is known to be the text; name it with text=[...]; "
            "there are 'other' (told once for all such rows)",
        ),
        (11, "the text is empty (text)"),
    ]
    assert "nested too deeply" in problems[3].message
    assert records[-1].id.endswith("x.jsonl:10")


def test_values_become_fields_that_can_be_stored(read_file):
    line = (
        '{"text": "a\\u0000b\\ud83d\\ude00\\udc00", "n": 1, "big": 123456789012345678901234567890, "f": 0.5, '
        '"nan": NaN, "inf": -Infinity, "huge": 1e999, "b": true, "null": null, "l": ["é", 1], "s": "\\ud800", "e": []}'
    )
    [record], problems = read_file("x.ndjson", line)
    assert not problems
    assert record.text == "a\ufffdb\U0001f600\ufffd"
    assert dict(record.fields) == {
        "n": 1,
        "big": 1.2345678901234568e29,
        "f": 0.5,
        "b": True,
        "l": '["é", 1]',
        "s": "\ufffd",
    }
    assert type(record.fields["b"]) is bool
    record.text.encode()


def test_columns_are_chosen(read_file):
    content = '{"key": 5, "body": "b", "text": "t", "Title": "T", "lines": ["x", "y"]}'
    [record], _ = read_file("x.jsonl", content)
    assert (record.id[-7:], record.text) == ("jsonl:1", "T\nt")
    [record], _ = read_file("x.jsonl", content, text=["lines", "body"], id="key")
    assert (record.id, record.text) == ("5", "x\ny\nb")
    assert dict(record.fields) == {"text": "t", "Title": "T"}
    records, [problem] = read_file("x.jsonl", content, text=["nope"])
    assert not records
    assert "'nope'" in problem.message
    assert "'key', 'body', 'text', 'Title', 'lines'" in problem.message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_byte_order_marks(read_file, encoding):
    content = '{"text": "naïve"}\n{"text": "日本"}\n'
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    records, problems = read_file("x.jsonl", mark + content.encode(encoding))
    assert [r.text for r in records] == ["naïve", "日本"]
    assert not problems


def test_cut_utf16_is_told(read_file):
    records, [problem] = read_file("x.jsonl", '{"text": "a"}\n{"text": "b"}'.encode("utf-16")[:-1])
    assert [r.text for r in records] == ["a"]
    assert "utf-16" in problem.message.lower()


def test_long_lines_are_passed_over_in_bounded_memory(read_file, tmp_path):
    good = b'{"text": "%s"}'
    content = b"\n".join([good % b"a", good % (b"b" * 3_000_000), good % b"c", good % (b"d" * 2000)])
    records, problems = read_file("x.jsonl", content, max_record_bytes=1000)
    assert [r.text for r in records] == ["a", "c"]
    assert [(p.line, p.message) for p in problems] == [
        (n, "this line is longer than 1000 bytes, the limit for one record") for n in (2, 4)
    ]
    exact = good % (b"e" * (1000 - len(good % b"")))
    assert len(exact) == 1000
    assert len(read_file("x.jsonl", exact, max_record_bytes=1000)[0]) == 1
    assert len(read_file("x.jsonl", exact, max_record_bytes=999)[0]) == 0


def test_gzip(read_file):
    content = gzip.compress(b'{"text": "one"}\n' * 50_000)
    records, problems = read_file("x.jsonl.gz", content)
    assert len(records) == 50_000
    assert not problems
    records, problems = read_file("cut.jsonl.gz", gzip.compress(json.dumps({"text": "é" * 999}).encode() * 9)[:-10])
    assert problems
    records, [problem] = read_file("not.jsonl.gz", b"plain text")
    assert not records
    assert "cannot be read" in problem.message


@pytest.mark.parametrize(("name", "head"), [("x.jsonl.gz", ""), ("x.csv.gz", "text\n")])
def test_what_comes_before_the_damage_of_a_gzip_file_is_kept(read_file, name, head):
    rows = [f'{{"text": "{hash_of}"}}' if not head else hash_of for hash_of in map(_digest, range(5000))]
    content = gzip.compress((head + "\n".join(rows)).encode())
    records, [problem] = read_file(name, content[: len(content) * 9 // 10])
    assert len(records) > 4400
    assert "this cannot be read" in problem.message
    broken = bytearray(content)
    broken[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    records, [problem] = read_file(name, bytes(broken))
    assert len(records) > 2000
    assert "this cannot be read" in problem.message


def _digest(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


def test_gzip_that_unpacks_to_one_endless_line(read_file):
    records, [problem] = read_file("x.jsonl.gz", gzip.compress(b"x" * 20_000_000), max_record_bytes=1 << 20)
    assert not records
    assert (problem.line, problem.message) == (1, "this line is longer than 1 MB, the limit for one record")


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ([{"text": "a"}, {"text": "b"}], ["a", "b"]),
        (["a", "b"], ["a", "b"]),
        ({"data": [{"text": "a"}, {"text": "b"}], "version": 1}, ["a", "b"]),
        ({"k1": {"text": "a"}, "k2": {"text": "b"}}, ["a", "b"]),
        ({"text": "a", "items": [{"x": 1}]}, ["a"]),
        ({"only": "a", "n": 1}, ["a"]),
    ],
)
def test_shapes_of_json_files(read_file, content, texts):
    records, problems = read_file("x.json", json.dumps(content))
    assert [r.text for r in records] == texts
    assert not problems


def test_keys_of_objects_are_ids(read_file):
    assert [r.id for r in read_file("x.json", '{"k1": {"text": "a"}, "k2": {"text": "b", "id": 7}}')[0]] == ["k1", "7"]


@pytest.mark.parametrize(
    ("content", "line", "part"),
    [
        ('[{"text": "a"},\n {"text": }]', 2, "expecting value"),
        ('{"text": "a"}\n{"text": "b"}', 2, "name it .jsonl"),
        ("[" * 100_000, 0, "nested too deeply"),
        ("  ", 1, "expecting value"),
        ("[]", 0, "no records"),
        ('[{"n": 1}]', 0, "row 1: no column"),
    ],
)
def test_broken_json_files(read_file, content, line, part):
    records, [problem] = read_file("x.json", content)
    assert not records
    assert problem.line == line
    assert part in problem.message


def test_a_json_file_too_large_to_be_parsed_at_once(read_file, monkeypatch):
    monkeypatch.setattr("inlay.data._json._LARGEST", 1 << 20)
    records, [problem] = read_file("x.json", b"[" + b" " * (1 << 20) + b"]", max_record_bytes=1000)
    assert not records
    assert "larger than 1 MB" in problem.message
    assert "x.jsonl" in problem.message
