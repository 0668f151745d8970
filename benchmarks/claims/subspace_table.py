"""How small the token table of a static encoder becomes, and what sentence similarity loses."""

import numpy as np
from scipy.stats import spearmanr

from inlay.claims import Claim, Figure
from inlay.core.extras import load as library
from inlay.core.vectors import normalize
from inlay.data.datasets import load
from inlay.encoders.text import WordLlama
from inlay.nn.tables import SubspaceTable

PIECES = (16, 32)
ROWS = 256
TOKENS = None  # all of them
SMALL = {"PIECES": (16,), "ROWS": 4, "TOKENS": 300}


def compare(progress):
    """Replace the table of WordLlama and correlate cosines with judgements as before."""
    torch = library("torch", extra="nn", purpose="embedding tables")
    columns = load("stsbenchmark")
    model = WordLlama()._model()
    encoded = model.tokenize([*columns["text1"], *columns["text2"]])
    ids = np.array([text.ids for text in encoded])
    mask = np.array([text.attention_mask for text in encoded], np.float32)
    weight = np.asarray(model.embedding, np.float32)[:TOKENS]
    ids = np.minimum(ids, len(weight) - 1)

    def points(table):
        X = normalize((table[ids] * mask[..., None]).sum(1) / np.maximum(mask.sum(1), 1)[:, None])
        X, Y = np.split(X, 2)
        return 100 * spearmanr((X * Y).sum(1), columns["score"]).statistic

    progress("full table")
    before = points(weight)
    figures = [Figure("STS-B with the full table, points", before)]
    for pieces in PIECES:
        progress(f"{pieces} pieces")
        table = SubspaceTable.from_table(weight, pieces, n_rows=ROWS)
        with torch.no_grad():
            lost = before - points(table(torch.arange(len(weight))).numpy())
        figures.append(Figure(f"points lost, {pieces} pieces of {ROWS} groups", lost, high=4.0))
        figures.append(
            Figure(f"bytes of the full table over those with {pieces} pieces", 4 * weight.size / table.n_bytes)
        )
        learned = 100 * (1 - table.n_parameters / weight.size)
        figures.append(Figure(f"parameters saved with {pieces} pieces, per cent", learned, low=99.0))
    return figures


CLAIM = Claim(
    methods=("SubspaceTable",),
    paper="jaiswal2023lightweight",
    says="A token table put together from shared pieces saves more than 99 % of the parameters of embeddings at a loss "
    "of at most 4 points.",
    data="The table of WordLlama, 32,000 tokens of 256 numbers; STS-B test, Spearman's correlation times 100. The "
    "tuples of tokens are no parameters but are counted in the bytes.",
    baseline="The table as it is.",
    rule="At most 4 points are lost, and 99 % of the parameters saved, with 16 and with 32 pieces of 256 groups.",
    run=compare,
)
