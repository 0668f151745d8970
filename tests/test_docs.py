"""Every example in docstrings, the README and the documentation runs.

Of a page, the blocks of ``python`` run one after another in one namespace, compared with the output they show where
they have prompts, and the commands of ``console`` and ``bash`` run in the same folder, which holds a copy of ``docs/``.
Commands of the set-up are only looked up: ``make`` targets in the Makefile, extras in ``pyproject.toml``. A block
that is not to be run says so by another language, such as ``text``.
"""

import doctest
import importlib
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from markdown_it import MarkdownIt

import inlay

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted(m.name for m in pkgutil.walk_packages(inlay.__path__, "inlay.") if not m.name.endswith("__main__"))
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
SHELL = ("bash", "console", "sh", "shell")


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=FLAGS & ~doctest.IGNORE_EXCEPTION_DETAIL)
    shown: list[str] = []
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        runner.run(test, out=shown.append, clear_globs=False)
    if runner.failures and "inlay.core.errors.MissingExtra: " in "".join(shown):
        pytest.skip("an example needs an extra that is not installed")
    assert not runner.failures, "".join(shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = code_blocks(page.read_text("utf-8"))
    if any(run in ("python", *SHELL) for run, _, _ in blocks):
        shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("_build"))
        monkeypatch.chdir(tmp_path)
        run_blocks(blocks, page.name)


def code_blocks(text: str) -> list[tuple[str, str, int]]:
    """Return language, content and line of each fenced block."""
    found = []
    for token in MarkdownIt().parse(text):
        if token.type == "fence":
            assert token.map is not None
            language = (token.info.split() or [""])[0]
            assert language, f"line {token.map[0] + 1}: a block without language; name one, text if it is not to run"
            found.append((language, token.content, token.map[0] + 1))
    return found


def run_blocks(blocks: list[tuple[str, str, int]], page: str) -> None:
    # A real module, so that classes of the page can be saved and pickled by their name.
    module = ModuleType(re.sub(r"\W", "_", page))
    sys.modules[module.__name__] = module
    try:
        for language, content, line in blocks:
            where = f"{page}, line {line}"
            if language == "python" and content.startswith(">>> "):
                test = doctest.DocTestParser().get_doctest(content, {}, where, page, line)
                test.globs = vars(module)
                runner, shown = doctest.DocTestRunner(optionflags=FLAGS), []
                runner.run(test, out=shown.append, clear_globs=False)
                assert not runner.failures, "".join(shown)
            elif language == "python":
                exec(compile(content, where, "exec"), vars(module))  # noqa: S102 - our own pages
            elif language in SHELL:
                for command in commands(language, content):
                    run_command(command, where)
    finally:
        del sys.modules[module.__name__]


def commands(language: str, content: str) -> list[str]:
    """Return the commands of a block: of ``console`` those after a prompt, the rest is their output."""
    lines = re.sub(r"\\\n\s*(> )?", "", content).splitlines()
    if language == "console":
        return [line[2:] for line in lines if line.startswith("$ ")]
    return [line for line in lines if line.strip() and not line.startswith("#")]


def run_command(command: str, where: str) -> None:
    words = shlex.split(command, comments=True)
    if words[0] == "inlay":
        done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{where}: {command} gave {done.returncode}: {done.stderr or done.stdout}"
    elif words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        assert not set(words[1:]) - set(targets), f"{where}: {command}, but the targets are {targets}"
    elif words[:2] == ["pip", "install"]:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
        named = re.findall(r"inlay\[([\w,-]+)\]", command)
        assert not set(",".join(named).split(",")) - {*extras, ""}, f"{where}: {command}, but extras are {list(extras)}"
    else:
        raise AssertionError(f"{where}: {command} would not be run; mark the block as text, or show it as make or pip")


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ("```python\n1 / 0\n```", "division"),
        ("```python\n>>> 1 + 1\n3\n```", "1 + 1"),
        ("```python\nx = 1\n```\n```python\n>>> x\n2\n```", "Got:"),
        ("```python\n>>> x = 1\n```\n```python\nassert x == 2, 'x is one'\n```", "x is one"),
        ("```console\n$ inlay no-such-command\n```", "gave 2"),
        ("```bash\ninlay search \\\n  --no-such-option\n```", "gave 2"),
        ("```bash\nmake no-such-target\n```", "the targets are"),
        ('```bash\npip install "inlay[nonsense]"\n```', "extras are"),
        ("```bash\nrm -rf everything\n```", "mark the block as text"),
        ("```\ncode\n```", "without language"),
    ],
)
def test_pages_can_fail(markdown: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((AssertionError, ZeroDivisionError), match=re.escape(message)):
        run_blocks(code_blocks(markdown), "page.md")


def test_what_is_right_or_not_to_be_run_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "```text\nrm -rf everything\n```\n```python\nx = 1\n```\n```python\n>>> x\n1\n```\n"
        "```console\n$ inlay --help\nanything\n```\n```bash\n# both\nmake demo\npip install 'inlay[text,minilm]'\n```\n"
    )
    blocks = code_blocks(text)
    assert [language for language, _, _ in blocks] == ["text", "python", "python", "console", "bash"]
    run_blocks(blocks, "page.md")
