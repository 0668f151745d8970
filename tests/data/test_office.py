import sys
import zipfile

import pytest

PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 6 0 R>>>>>>endobj
4 0 obj<</Length 62>>stream
BT /F 12 Tf 10 100 Td (Hello page) Tj 0 -20 Td (next line) Tj ET
endstream endobj
5 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
6 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
7 0 obj<</Title(A title)>>endobj
trailer<</Root 1 0 R/Info 7 0 R>>
%%EOF"""


def test_pdf(read_file):
    pytest.importorskip("pypdfium2")
    [record], problems = read_file("x.pdf", PDF)
    assert not problems
    assert (record.id[-8:], record.text) == ("/x.pdf:1", "Hello page\nnext line")
    assert dict(record.fields) == {"title": "A title", "page": 1}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (PDF[:300], "damaged"),
        (b"%PDF-1.4 nothing", "damaged"),
        (PDF.replace(b"Tj", b"  "), "OCR"),
    ],
)
def test_pdf_without_text(read_file, content, part):
    pytest.importorskip("pypdfium2")
    records, [problem] = read_file("x.pdf", content)
    assert not records
    assert part in problem.message


def test_docx(read_file, tmp_path):
    docx = pytest.importorskip("docx")
    file = docx.Document()
    file.core_properties.title = "Report"
    file.add_heading("Head", 1)
    file.add_paragraph("First.")
    table = file.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    file.add_paragraph("Last.")
    file.save(str(tmp_path / "x.docx"))
    [record], problems = read_file("x.docx")
    assert not problems
    assert record.text == "Head\n\nFirst.\n\na\tb\n\nLast."
    assert dict(record.fields) == {"title": "Report"}


def test_pptx(read_file, tmp_path):
    pptx = pytest.importorskip("pptx")
    file = pptx.Presentation()
    for title in ("One", "Two"):
        slide = file.slides.add_slide(file.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"Body of {title}"
        slide.notes_slide.notes_text_frame.text = "A note"
    file.slides.add_slide(file.slide_layouts[6])
    file.save(str(tmp_path / "x.pptx"))
    records, problems = read_file("x.pptx")
    assert not problems
    assert [(r.text, dict(r.fields)) for r in records] == [
        (f"{title}\n\nBody of {title}\n\nA note", {"title": title, "slide": n})
        for n, title in enumerate(("One", "Two"), 1)
    ]


def test_xlsx(read_file, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in ([], ["id", "text", "n"], ["k", "one", 1], [], [None, "two", 2.5], [None, None, 3]):
        sheet.append(row)
    other = book.create_sheet("Other")
    other.append(["x", "y"])
    other.append([1, 2])
    book.save(tmp_path / "x.xlsx")
    records, problems = read_file("x.xlsx")
    assert [(r.text, dict(r.fields)) for r in records] == [
        ("one", {"sheet": "Data", "n": 1}),
        ("two", {"sheet": "Data", "n": 2.5}),
    ]
    assert records[0].id == "k"
    assert records[1].id.endswith("x.xlsx:Data:5")
    assert [p.message[:26] for p in problems] == ["the text is empty (text)", "sheet 'Other': no column i"]
    assert problems[0].line == 6


@pytest.mark.parametrize("kind", ["docx", "pptx", "xlsx"])
def test_broken_office_files(read_file, tmp_path, kind):
    pytest.importorskip({"xlsx": "openpyxl"}.get(kind, kind))
    for content in (b"PK\x03\x04 nothing", b"\xd0\xcf\x11\xe0 old"):
        records, [problem] = read_file(f"x.{kind}", content)
        assert not records
        assert "damaged, encrypted or in an old format" in problem.message
    for inside in ({}, {"[Content_Types].xml": "<Types"}, {"[Content_Types].xml": "<Types/>"}):
        with zipfile.ZipFile(tmp_path / f"x.{kind}", "w") as archive:
            for name, content in inside.items():
                archive.writestr(name, content)
        records, [problem] = read_file(f"x.{kind}")
        assert not records
        assert "that can be read" in problem.message


def test_archives_that_unpack_without_end_are_refused(read_file, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 20_000_000)
    records, [problem] = read_file("x.docx", max_record_bytes=1 << 20)
    assert not records
    assert "unpacks to 19 MB; the limit is 8 MB" in problem.message


@pytest.mark.parametrize(
    ("kind", "module"), [("pdf", "pypdfium2"), ("docx", "docx"), ("pptx", "pptx"), ("xlsx", "openpyxl")]
)
def test_a_missing_library_is_a_problem_that_names_the_command(read_file, monkeypatch, kind, module):
    monkeypatch.setitem(sys.modules, module, None)
    records, [problem] = read_file(f"x.{kind}", "anything")
    assert not records
    assert 'pip install "inlay[office]"' in problem.message
