"""Sentences with classes, tokenised and mostly in small letters, as the papers on sentence classification use them.

SST-2 and SST-5, of the Stanford Sentiment Treebank, hold whole sentences only; they and TREC have a part to learn from
and a part to be scored on. MR, SUBJ, CR and MPQA have one part. Labels are numbers: the worst feeling is 0; of SUBJ,
0 is subjective; of TREC, they stand for description, entity, abbreviation, human, location and number. A few of the
texts of CR and MPQA are empty.
"""

from functools import partial
from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _one(folder: Path, name: str) -> Columns:
    text, label = _part(folder / f"{name}.all", "cp1252")
    return {"text": text, "label": label}


def _two(folder: Path, name: str, encoding: str) -> Columns:
    (train_text, train_label), (text, label) = (
        _part(folder / name.format(part=part), encoding) for part in ("train", "test")
    )
    return {"train_text": train_text, "train_label": train_label, "text": text, "label": label}


def _part(file: Path, encoding: str) -> tuple[list[str], list[int]]:
    rows = [line.partition(" ") for line in lines(file, encoding)]
    return [text.strip() for _, _, text in rows], [int(label) for label, _, _ in rows]


_SOCHER = "Socher, Perelygin, Wu et al. (2013), Recursive Deep Models for Semantic Compositionality, EMNLP"

SETS = (
    DataSet("sst2", "sentconv", partial(_two, name="stsa.binary.{part}", encoding="utf-8"), _SOCHER),
    DataSet("sst5", "sentconv", partial(_two, name="stsa.fine.{part}", encoding="utf-8"), _SOCHER),
    DataSet(
        "trec",
        "sentconv",
        partial(_two, name="TREC.{part}.all", encoding="cp1252"),
        "Li, Roth (2002), Learning Question Classifiers, COLING",
    ),
    DataSet("mr", "sentconv", partial(_one, name="rt-polarity"), "Pang, Lee (2005), Seeing Stars, ACL"),
    DataSet("subj", "sentconv", partial(_one, name="subj"), "Pang, Lee (2004), A Sentimental Education, ACL"),
    DataSet("cr", "sentconv", partial(_one, name="custrev"), "Hu, Liu (2004), Mining Customer Reviews, KDD"),
    DataSet(
        "mpqa",
        "sentconv",
        partial(_one, name="mpqa"),
        "Wiebe, Wilson, Cardie (2005), Annotating Expressions of Opinions and Emotions in Language, LRE",
    ),
)
