import time

import pytest


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("# Title #\n\ntext", "Title"),
        ("text\n\n## Second\n", "Second"),
        ("Title\n=====\ntext", "Title"),
        ("```\n# comment\n```\n# Real\n", "Real"),
        ("#hashtag\ntext", None),
        ("just text", None),
    ],
)
def test_markdown_title(read_file, content, title):
    [record], problems = read_file("x.md", content)
    assert record.fields.get("title") == title
    assert record.text == content
    assert not problems


def test_front_matter(read_file):
    content = (
        "---\ntitle: From above\ndate: 2024-05-01\ndraft: false\ntags: [a, b]\ntext: x\n1: y\n---\n# Heading\nBody\n"
    )
    [record], problems = read_file("x.md", content)
    assert not problems
    assert record.text == "# Heading\nBody\n"
    assert dict(record.fields) == {
        "title": "From above",
        "date": "2024-05-01",
        "draft": False,
        "tags": '["a", "b"]',
        "text": "x",
        "1": "y",
    }


BOMB = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
)


@pytest.mark.parametrize(
    "front",
    [
        "a: [",
        "a: b: c",
        "!!python/object/apply:os.system [ls]",
        BOMB,
        "[" * 9000,
        "{a: " * 499,
        "- " * 8000,
        "? " * 8000,
        "a: 2024-13-45",
    ],
)
def test_front_matter_that_cannot_be_read_is_kept_as_text(read_file, front):
    content = f"---\n{front}\n---\nBody"
    [record], [problem] = read_file("x.md", content)
    assert record.text == content
    assert problem.line == 1
    assert "kept as text" in problem.message


def test_rules_are_not_front_matter(read_file):
    [record], problems = read_file("x.md", "---\nHello\n---\nBody")
    assert record.text.startswith("---\nHello")
    assert not problems


def test_rst(read_file):
    [record], _ = read_file("x.rst", ".. _label:\n\n=====\nTitle\n=====\n\nText\n----\n")
    assert record.fields["title"] == "Title"


def test_html(read_file):
    content = """<html><head><title> The
      title &amp; more</title><style>p {}</style></head><body><nav>Home</nav>
      <h1>Head</h1><p>One <b>bold</b>
      word, <a href="x">li</a>nk.</p><script>bad()</script><ul><li>a<li>b</ul>
      <pre>def f():\n    return 1</pre><footer>Imprint</footer></body></html>"""
    [record], problems = read_file("x.html", content)
    assert not problems
    assert record.fields["title"] == "The title & more"
    assert "One bold word, link." in record.text
    assert "def f():\n    return 1" in record.text
    for gone in ("Home", "Imprint", "bad()", "p {}", "<"):
        assert gone not in record.text


@pytest.mark.parametrize("content", ["<html></html>", "<script>x</script>", "<p> </p>", "<!-- x -->"])
def test_html_without_text(read_file, content):
    records, [problem] = read_file("x.html", content)
    assert not records
    assert problem.message == "there is no text in it"


def test_html_in_the_encoding_that_it_declares(read_file):
    content = "<meta charset=iso-8859-2><p>Za\u017c\u00f3\u0142\u0107</p>".encode("iso-8859-2")
    [record], _ = read_file("x.html", content)
    assert record.text == "Zażółć"


def test_deeply_nested_html(read_file):
    [record], _ = read_file("x.html", "<div>" * 50_000 + "deep")
    assert record.text == "deep"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.md", "---\n" + "a: b\n" * 200_000),
        ("x.md", "```\n" * 100_001),
        ("x.md", "#" * 500_000),
        ("x.md", "# " + " " * 300_000 + "x\n"),
        ("x.rst", "x\n" + "=" * 500_000 + "x"),
    ],
)
def test_titles_are_found_in_linear_time(read_file, name, content):
    start = time.process_time()
    read_file(name, content)
    assert time.process_time() - start < 5
