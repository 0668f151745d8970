"""Semantic textual similarity: STS 2012 to 2016, and STS-B."""

from functools import partial
from pathlib import Path

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

SETS = (
    *(
        DataSet(f"sts{year}", "sts_senteval", partial(_year, year=year), f"{_TEAM} (20{year}), SemEval")
        for year in range(12, 17)
    ),
    *(
        DataSet(name, "stsbenchmark", partial(_benchmark, part=part), "Cer, Diab, Agirre et al. (2017), SemEval")
        for name, part in (("stsbenchmark", "test"), ("stsbenchmark-dev", "dev"), ("stsbenchmark-train", "train"))
    ),
)
