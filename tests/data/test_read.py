import subprocess
import sys
import textwrap

import pytest

from inlay.core.errors import ParameterError
from inlay.data.find import find
from inlay.data.read import read


def test_text_and_code(read_file):
    [record], _ = read_file("a.txt", "\ufeffone\r\ntwo\rthree")
    assert (record.text, record.start, record.end, dict(record.fields)) == ("one\ntwo\nthree", 0, 13, {})
    assert record.id == record.source
    assert record.id.endswith("/a.txt")
    [record], _ = read_file("lib.rs", "fn main() {}")
    assert dict(record.fields) == {"language": "rust"}


def test_encodings(read_file):
    text = "Les élèves français étaient très préoccupés par l\u2019été à la plage."
    [record], problems = read_file("a.txt", text.encode("cp1252"))
    assert (record.text, record.fields["encoding"], problems) == (text, "cp1252", [])
    [record], problems = read_file("a.txt", text.encode("utf-16"))
    assert (record.text, record.fields["encoding"], problems) == (text, "utf-16", [])


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\xff", "null bytes"),
        ("hello".encode("utf-16-le"), "null bytes"),
        ("hello".encode("utf-16-be"), "null bytes"),
        (b"\xef\xbb\xbfhello" + bytes(9), "null bytes"),
        (b"\xff\xfea", "marked as utf-16"),
        (b" \n\t ", "no text in it"),
    ],
)
def test_texts_that_are_none(read_file, content, part):
    records, [problem] = read_file("a.txt", content)
    assert not records
    assert part in problem.message


def test_null_characters_are_replaced(read_file):
    assert read_file("a.txt", "a\0b")[0][0].text == "a\ufffdb"


def test_a_text_beyond_the_limit_is_refused(read_file):
    assert len(read_file("a.txt", "x" * 1000, max_record_bytes=1000)[0]) == 1
    records, [problem] = read_file("a.txt", "x" * 1001, max_record_bytes=1000)
    assert not records
    assert "1000 bytes" in problem.message


def test_a_file_that_is_gone_by_now(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    [source] = find([tmp_path], on_problem=print)
    (tmp_path / "a.txt").unlink()
    problems = []
    assert list(read(source, on_problem=problems.append)) == []
    assert problems[0].message == "there is no such file or folder"


def test_wrong_arguments_are_refused_before_anything_is_read(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    [source] = find([tmp_path], on_problem=print)
    with pytest.raises(ParameterError, match=r"Write text=\['body'\]"):
        read(source, text="body", on_problem=print)
    with pytest.raises(ParameterError, match="at least 1"):
        read(source, on_problem=print, max_record_bytes=0)


def test_memory_is_bounded_whatever_the_size_of_the_file(tmp_path):
    """A line of 1 GB, sparse on disk, between two good lines."""
    path = tmp_path / "big.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "first"}\n{"text": "')
        file.seek(1 << 30, 1)
        file.write(b'"}\n{"text": "last"}\n')
    script = """
        import sys
        from inlay.cli.report import peak_memory
        from inlay.data.read import read
        from inlay.data.find import find

        [source] = find(sys.argv[1:], on_problem=print)
        problems = []
        before = peak_memory()
        texts = [record.text for record in read(source, on_problem=problems.append)]
        used = peak_memory() - before
        print(texts, problems[0].line, problems[0].message[:29], used < 200 << 20)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert output == "['first', 'last'] 2 this line is longer than 64 M True\n"


def test_no_module_that_is_read_is_imported():
    script = "import sys; from inlay.data.find import find; from inlay.data.read import read; "
    script += "[s] = find(['python:email.mime'], on_problem=print); n = len(list(read(s, on_problem=print))); "
    script += "print(n > 5, 'email.mime' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output == "True False\n"
