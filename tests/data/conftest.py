from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inlay.data.find import find
from inlay.data.read import read
from inlay.data.records import Problem, Record

Outcome = tuple[list[Record], list[Problem]]


@pytest.fixture
def read_file(tmp_path: Path) -> Callable[..., Outcome]:
    """Write a file, find it and read it; progress has to add up to its size."""

    def run(name: str, content: str | bytes | None = None, **options: Any) -> Outcome:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        problems: list[Problem] = []
        records: list[Record] = []
        for source in find([path], on_problem=problems.append):
            steps: list[int] = []
            records += read(source, on_problem=problems.append, progress=steps.append, **options)
            assert sum(steps) == source.size
            assert min(steps) >= 0
        assert all(problem.source == path.as_posix() for problem in problems)
        assert all(record.text.strip() and record.end - record.start == len(record.text) for record in records)
        return records, problems

    return run
