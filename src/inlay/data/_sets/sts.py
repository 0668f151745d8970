"""Semantic textual similarity: STS 2012 to 2016, and STS-B."""

from functools import partial
from pathlib import Path

from .._hub import Hub, renamed
from ..datasets import Columns, DataSet, lines


def _year(folder: Path, year: int) -> Columns:
    """Read one year as SentEval lays it out; a line without a score was not judged."""
    columns: dict[str, list[object]] = {"text1": [], "text2": [], "score": []}
    part = folder / f"STS{year}-en-test"
    for file in sorted(part.glob("STS.input.*.txt")):
        gold = part / file.name.replace("input", "gs")
        for line, score in zip(lines(file), lines(gold), strict=True):
            if score.strip():
                text1, text2 = line.split("\t")[:2]
                columns["text1"].append(text1)
                columns["text2"].append(text2)
                columns["score"].append(float(score))
    return columns


def _benchmark(folder: Path, part: str) -> Columns:
    rows = [line.split("\t") for line in lines(folder / f"sts-{part}.csv")]
    return {"text1": [r[5] for r in rows], "text2": [r[6] for r in rows], "score": [float(r[4]) for r in rows]}


_TEAM = "Agirre, Cer, Diab, Gonzalez-Agirre et al."

# MTEB's copies: the same pairs, by year
_REVISIONS = {
    12: "a0d554a64d88156834ff5ae9920b964011b16384",
    13: "7e90230a92c190f1bf69ae9002b8cea547a64cca",
    14: "6031580fec1f6af667f0bd2da0a551cf4f0b2375",
    15: "ae752c7c21bf194d8b67fd573edf7ae58183cbe3",
    16: "4d8694f8f0e0100860b497b999b3dbed754a0513",
}


def _hub(repo: str, revision: str, split: str) -> Hub:
    return Hub(repo, revision, renamed(None, split, text1="sentence1", text2="sentence2", score="score"))


SETS = (
    *(
        DataSet(
            f"sts{year}",
            "sts_senteval",
            partial(_year, year=year),
            f"{_TEAM} (20{year}), SemEval",
            _hub(f"mteb/sts{year}-sts", revision, "test"),
        )
        for year, revision in _REVISIONS.items()
    ),
    *(
        DataSet(
            name,
            "stsbenchmark",
            partial(_benchmark, part=part),
            "Cer, Diab, Agirre et al. (2017), SemEval",
            _hub("mteb/stsbenchmark-sts", "b0fddb56ed78048fa8b90373c8a3cfc37b684831", split),
        )
        for name, part, split in (
            ("stsbenchmark", "test", "test"),
            ("stsbenchmark-dev", "dev", "validation"),
            ("stsbenchmark-train", "train", "train"),
        )
    ),
)
