"""Which kind of input a file is, told by its name."""

from pathlib import PurePath

KINDS = {
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".json": "json",
    ".csv": "csv",
    **dict.fromkeys((".tsv", ".tab"), "tsv"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".arrow", ".feather", ".ipc"), "arrow"),
    **dict.fromkeys((".txt", ".text", ".log"), "text"),
    **dict.fromkeys((".md", ".markdown", ".mdx", ".qmd"), "markdown"),
    ".rst": "rst",
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".xlsx": "xlsx",
}

LANGUAGES = {
    **dict.fromkeys((".py", ".pyi", ".pyx"), "python"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), "javascript"),
    **dict.fromkeys((".ts", ".tsx", ".mts"), "typescript"),
    ".java": "java",
    **dict.fromkeys((".kt", ".kts"), "kotlin"),
    ".scala": "scala",
    **dict.fromkeys((".c", ".h"), "c"),
    **dict.fromkeys((".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".cu"), "cpp"),
    ".cs": "csharp",
    ".go": "go",
    ".rs": "rust",
    ".rb": "ruby",
    ".php": "php",
    ".swift": "swift",
    **dict.fromkeys((".sh", ".bash", ".zsh"), "shell"),
    ".sql": "sql",
    ".r": "r",
    ".jl": "julia",
    ".lua": "lua",
    ".pl": "perl",
    ".hs": "haskell",
    **dict.fromkeys((".ml", ".mli"), "ocaml"),
    **dict.fromkeys((".ex", ".exs"), "elixir"),
    ".clj": "clojure",
    ".dart": "dart",
    ".zig": "zig",
    **dict.fromkeys((".f90", ".f95", ".f"), "fortran"),
    **dict.fromkeys((".css", ".scss"), "css"),
    ".proto": "protobuf",
    **dict.fromkeys((".yaml", ".yml"), "yaml"),
    ".toml": "toml",
    ".xml": "xml",
    ".tex": "latex",
    ".ipynb": "jupyter",
}

# Kinds whose content is not text, so that gzip around them is not looked through.
BINARY_KINDS = frozenset({"parquet", "arrow", "pdf", "docx", "pptx", "xlsx"})


def suffix_of(path: PurePath) -> str:
    """Return the suffix that tells the kind, in lower case; that of the content for ``.gz``.

    >>> suffix_of(PurePath("a/Corpus.JSONL.gz")), suffix_of(PurePath("Makefile"))
    ('.jsonl', '')
    """
    suffix = path.suffix.lower()
    return PurePath(path.stem).suffix.lower() if suffix == ".gz" else suffix


def kind_of(path: PurePath) -> str:
    """Return the kind of a file, or ``""`` where its name does not tell.

    >>> [kind_of(PurePath(name)) for name in ("a.md", "b.jsonl.gz", "c.py", "d.parquet.gz", "Makefile")]
    ['markdown', 'jsonl', 'code', '', '']
    """
    suffix = suffix_of(path)
    kind = KINDS.get(suffix, "code" if suffix in LANGUAGES else "")
    return "" if path.suffix.lower() == ".gz" and kind in BINARY_KINDS else kind


def language_of(path: PurePath) -> str:
    """Return the language of a source file, ``""`` for other files.

    >>> language_of(PurePath("lib.rs"))
    'rust'
    """
    return LANGUAGES.get(suffix_of(path), "")
