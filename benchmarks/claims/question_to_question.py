"""Whether items are found better by other people's questions about them than by what they say."""

import numpy as np
from _generated import language_model, written
from _tokens import difference
from _vectors import encoded

from inlay.claims import Claim, Figure
from inlay.core.values import Hits, Search
from inlay.core.vectors import product_top_k
from inlay.data.datasets import load
from inlay.rankers.feedback import QuestionToQuestion

N_TABLES = 150
N_CHUNKS = 120
SMALL = {"N_TABLES": 8, "N_CHUNKS": 2}
N_QUESTIONS = 6
PROMPT = "Write one question that a programmer could ask and that this code answers. Give the question alone.\n\n{text}"
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
        progress(f"questions about {name}")
        items, known, asked, right = read(progress)
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


def _chunks(progress):
    """Return chunks of code that a question was asked about, questions that a model writes, and those asked."""
    columns = load("codebase-chunks")
    about = {}
    for query, grades in columns["relevant"].items():
        for chunk in grades:
            if chunk in columns["documents"]:
                about.setdefault(columns["documents"][chunk], []).append(columns["queries"][query])
    items = list(about)[:N_CHUNKS]
    made = written(language_model(PROMPT, max_tokens=32, temperature=1.0), items, N_QUESTIONS, progress)
    pairs = [(question, i) for i, text in enumerate(items) for question in dict.fromkeys(about[text])]
    asked, right = zip(*pairs, strict=True)
    return items, [made[text] for text in items], list(asked), np.array(right)


def _tables(_):
    """Return tables as their cells one after another, and half of the questions about each."""
    columns = load("wikitablequestions")
    about = {}
    for query, [table] in columns["train_relevant"].items():
        if table in columns["documents"]:
            about.setdefault(table, []).append(columns["train_queries"][query])
    several = [name for name in sorted(about) if len(about[name]) >= 6][:N_TABLES]
    found = {}
    for name in several:
        found.setdefault(columns["documents"][name], []).extend(about[name])
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
    data="120 chunks of code of Contextual Retrieval: six questions about each by Qwen2.5-Coder-1.5B-Instruct are in "
    "the index, those of the set are asked. 150 tables of WikiTableQuestions with at least six questions each that "
    "people wrote: those that are asked are kept out of the index. all-MiniLM-L6-v2; bootstrap over questions.",
    baseline="Searching the content with the same encoder, among the same items.",
    rule="The mean reciprocal rank at 10 is higher on both sets.",
    run=run,
    guess="The model asks what single lines of the code do, often behind a preamble and cut off, where people ask what "
    "a thing is for. And questions about code name what is in it, so that its content is found as well. Cells of "
    "tables are no sentences; there the questions of people are the better index.",
)
