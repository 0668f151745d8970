"""Whether items are found better by other people's questions about them than by what they say."""

import csv
import io
import tarfile

import numpy as np
from _tokens import difference
from _vectors import encoded

from inlay.claims import Claim, Figure
from inlay.core.errors import MissingData
from inlay.core.values import Hits, Search
from inlay.core.vectors import product_top_k
from inlay.data.datasets import load, locate
from inlay.rankers.feedback import QuestionToQuestion

N_TABLES = 150
SMALL = {"N_TABLES": 8}
K = 10


class Kept:
    """The encoder, with what it was asked once in the cache."""

    def encode(self, items, *, role="document"):
        """Encode texts."""
        return encoded(items, role=role)


def run(progress):
    """Compare mean reciprocal ranks for questions that are in no index."""
    figures = []
    for name, read in (("codebase chunks", _chunks), ("tables of Wikipedia", _tables)):
        progress(f"vectors of {name}")
        items, known, asked, right = read()
        X, Q = encoded(items), encoded(asked, role="query")
        search = Search(Hits(np.tile(np.arange(K), (len(Q), 1)), np.zeros((len(Q), K))), Q=Q, X=X, items=items)
        ranker = QuestionToQuestion(Kept(), dict(zip(items, known, strict=True))).fit(search)
        by_content = _reciprocal(product_top_k(Q, X, K).ids, right)
        by_question = _reciprocal(ranker.rank(search).hits.ids, right)
        gain, interval = difference(by_question, by_content)
        figures += [
            Figure(f"{name}, MRR@10 by content", float(by_content.mean())),
            Figure(f"{name}, MRR@10 by questions", float(by_question.mean())),
            Figure(f"{name}, MRR@10 by questions minus by content", gain, low=1e-6, interval=interval),
            Figure(f"{name}, mean questions of an item", len(ranker.questions_) / len(items)),
        ]
    return figures


def _chunks():
    """Return chunks of code that a question was asked about, and questions; one of those with several is kept out."""
    columns = load("codebase-chunks")
    about = {}
    for query, grades in columns["relevant"].items():
        for chunk in grades:
            if chunk in columns["documents"]:
                about.setdefault(columns["documents"][chunk], []).append(columns["queries"][query])
    return _split(list(about.items()), 1)


def _tables():
    """Return tables as their cells one after another, and half of the questions about each."""
    file = locate("wikitablequestions") / "wikitablequestions.tar.gz"
    if not file.exists():
        raise MissingData(f"There is no {file}, which is what WikiTableQuestions comes in.")
    with tarfile.open(file) as packed:
        rows = packed.extractfile("data/training.tsv").read().decode("utf-8").split("\n")[1:]
        about = {}
        for _, question, table, *_ in (row.split("\t") for row in rows if row):
            about.setdefault(table, []).append(question)
        several = [name for name in sorted(about) if len(about[name]) >= 6][:N_TABLES]
        found = {}
        for name in several:
            cells = csv.reader(io.StringIO(packed.extractfile(name).read().decode("utf-8")), escapechar="\\")
            text = "\n".join(" ".join(" ".join(row).split()) for row in cells)
            found.setdefault(text, []).extend(about[name])
    return _split(list(found.items()), 4)


def _split(about, n_asked):
    """Return items, their known questions, and up to `n_asked` of each item that are asked, with the item they mean.

    What is known of an item is never less than what is asked.
    """
    known, asked, right = [], [], []
    for i, (_, questions) in enumerate(about):
        questions = list(dict.fromkeys(questions))
        n = min(n_asked, len(questions) // 2)
        known.append(questions[n:])
        asked += questions[:n]
        right += [i] * n
    return [text for text, _ in about], known, asked, np.array(right)


def _reciprocal(ids, right):
    """Return the reciprocal rank of the right item, 0 where it is not there."""
    hit = ids == right[:, None]
    return np.where(hit.any(axis=1), 1 / (hit.argmax(axis=1) + 1), 0)


CLAIM = Claim(
    methods=("QuestionToQuestion",),
    paper="thottingal2025question",
    says="For a user's question, other questions about an item are a better index than the content of the item.",
    data="Chunks of code with the questions of Contextual Retrieval, and 150 tables of WikiTableQuestions "
    "with at least six questions each that people wrote; all-MiniLM-L6-v2. Questions of people stand for those that a "
    "language model writes; those that are asked are kept out of the index. Bootstrap over questions.",
    baseline="Searching the content with the same encoder, among the same items.",
    rule="The mean reciprocal rank at 10 is higher on both sets.",
    run=run,
    guess="Chunks of code have one known question each, where the paper has a language model write all that an item "
    "answers, and those that are asked are too few to tell. Tables have five, and there it holds.",
)
