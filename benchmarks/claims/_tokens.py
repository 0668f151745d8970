"""Vectors of tokens of the data of claims, encoded once on a machine and kept in ``.cache``; and MaxSim over them."""

import hashlib

import numpy as np
from _vectors import CACHE

from inlay.core.fingerprint import fingerprint
from inlay.core.values import Ragged
from inlay.core.vectors import normalize
from inlay.encoders.text import TextEncoder
from inlay.encoders.text._model import find

LIMIT = 256  # tokens that the model sees of a text


def token_vectors(texts):
    """Return the vectors of the tokens of texts, of all-MiniLM-L6-v2, at length one and as precise as float16."""
    return _kept("tokens", texts, lambda texts: _units(TextEncoder(engine="torch-float32").encode_tokens(texts)))


def token_attention(texts):
    """Return what a text pays attention to, (total,) over the tokens of `token_vectors`.

    The model makes the vector of a text as the mean of its tokens, so that this mean is its global token, and what the
    tokens attend to on average, over the heads of the last layer, is what it attends to.
    """
    return _kept("attention", texts, _attention).values[:, 0]


def _kept(what, texts, make):
    mark = hashlib.sha256(f"{fingerprint(TextEncoder(engine='torch-float32'))}\0{what}\0".encode())
    for text in texts:
        mark.update(hashlib.sha256(text.encode()).digest())
    file = CACHE / f"{mark.hexdigest()[:32]}.npz"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        items = make(list(texts))
        part = file.with_suffix(".part.npz")
        np.savez(part, values=items.values.astype(np.float16), offsets=items.offsets)
        part.replace(file)
    with np.load(file) as kept:
        return Ragged(kept["values"].astype(np.float32), kept["offsets"])


def _units(items):
    return Ragged(normalize(items.values), items.offsets)


def _attention(texts):
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = find(TextEncoder().model, None)
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = []
    for text in texts:
        tokens = tokenizer([text], truncation=True, max_length=LIMIT, return_tensors="pt")
        with torch.inference_mode():
            heads = model(**tokens, output_attentions=True).attentions[-1][0]
        found.append(heads.mean(dim=(0, 1)).numpy()[1:-1, None])
    return Ragged.stack(found)


def first_items(items, rows):
    """Return the items of a slice."""
    return Ragged.stack([items[i] for i in range(*rows.indices(len(items)))])


def drawn(items, counts, seed):
    """Keep `counts` vectors of each item, drawn without replacement."""
    rng = np.random.default_rng(seed)
    return Ragged.stack([item[np.sort(rng.permutation(len(item))[:n])] for item, n in zip(items, counts, strict=True)])


def some_texts(columns, n):
    """Return texts of a retrieval set: `n` documents, those that are relevant first, and the queries.

    Returns
    -------
    documents : the texts of `n` documents, or of fewer where there are not so many.
    queries : those with a relevant document.
    relevant : for each query the row numbers of its documents.
    """
    asked = [q for q in columns["queries"] if any(grade > 0 for grade in columns["relevant"].get(q, {}).values())]
    wanted = dict.fromkeys(d for q in asked for d, grade in columns["relevant"][q].items() if grade > 0)
    names = list(dict.fromkeys([*wanted, *columns["documents"]]))[: max(n, len(wanted))]
    rows = {name: i for i, name in enumerate(names)}
    relevant = [[rows[d] for d, grade in columns["relevant"][q].items() if grade > 0] for q in asked]
    return [columns["documents"][name] for name in names], [columns["queries"][q] for q in asked], relevant


def some_documents(columns, n):
    """Return what `some_texts` does, the texts as vectors of their tokens."""
    documents, queries, relevant = some_texts(columns, n)
    return token_vectors(documents), token_vectors(queries), relevant


def max_sim(queries, documents):
    """Return (n queries, n documents) scores: each query vector's best inner product in a document, summed."""
    out = np.full((len(queries), len(documents)), -np.inf, np.float32)
    held = np.flatnonzero(documents.lengths)
    for row, query in enumerate(queries):
        scores = query @ documents.values.T
        out[row, held] = np.maximum.reduceat(scores, documents.offsets[held], axis=1).sum(axis=0)
    return out


def ndcg(scores, relevant, k=10):
    """Return nDCG at `k` of each query, with one grade for all that is relevant."""
    found = []
    discount = 1 / np.log2(np.arange(2, k + 2))
    for row, wanted in zip(scores, relevant, strict=True):
        best = np.isin(np.argsort(-row, kind="stable")[:k], wanted)
        found.append((best * discount[: len(best)]).sum() / discount[: len(wanted)].sum())
    return np.array(found)


def difference(a, b, seed=0):
    """Return the mean of ``a - b`` over queries, and its 95 % interval by bootstrap."""
    gain = np.asarray(a) - np.asarray(b)
    drawn = np.random.default_rng(seed).integers(len(gain), size=(2000, len(gain)))
    low, high = np.quantile(gain[drawn].mean(axis=1), [0.025, 0.975])
    return float(gain.mean()), (float(low), float(high))
