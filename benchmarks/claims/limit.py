"""What one vector a document cannot hold."""

from itertools import pairwise

from inlay.claims import Claim, Figure
from inlay.encoders.text import TextEncoder
from inlay.tasks.retrieval import LIMIT
from inlay.tasks.retrieval._capacity import critical_n, published_fit

SIZES = (10, 20, 40, 60)


def run(progress):
    """Recall of all pairs as documents grow in number, and the capacity of free vectors."""
    figures, before = [], None
    for dim in (32, 384):
        encoder = TextEncoder(dim=dim)
        recalls = []
        for n in SIZES:
            progress(f"{n} documents, {dim} dimensions")
            recalls.append(LIMIT(n_documents=n, ks=(2,)).run(encoder)[0].value)
        names = [f"recall@2 of {n} documents, {dim} dimensions" for n in SIZES]
        figures += [Figure(name, value) for name, value in zip(names, recalls, strict=True)]
        falls = [a - b for a, b in pairwise(recalls)]
        figures.append(Figure(f"least fall from one size to the next, {dim} dimensions", min(falls), low=0.0))
        if before is not None:
            figures.append(Figure("384 dimensions less 32, the mean recall", sum(recalls) / 4 - before, low=0.0))
        before = sum(recalls) / 4
    progress("limit-small")
    small = LIMIT("limit-small").run(TextEncoder())[0]
    figures.append(Figure("recall@2 of the published small set", small.value, high=0.5))
    for dim in (4, 8, 16):
        progress(f"free vectors of {dim} dimensions")
        fit = published_fit(dim)
        margin = max(3, fit / 10)
        found = critical_n(dim)
        name = f"critical n, {dim} dimensions"
        figures.append(Figure(name, found, fit - margin, fit + margin, published=round(fit, 1)))
    return figures


CLAIM = Claim(
    methods=("LIMIT",),
    paper="weller2025theoretical",
    says="Vectors of one dimension can return only so many sets of documents as the top k, so that recall falls as "
    "these sets outgrow the dimension; for free vectors the critical number of documents follows a cubic.",
    data="People and what they like: all pairs of 10 to 60 people, and the published set of 46; free vectors.",
    baseline="The cubic that the paper fits to its own experiment, and fewer documents of the same kind.",
    rule="Recall@2 falls with each size at both dimensions, is higher with more dimensions, and is below 0.5 on the "
    "published set; the critical n of 4, 8 and 16 dimensions lies within 3 documents, or a tenth, of the cubic.",
    run=run,
    guess="Chance at the start of the optimisation moves the critical n by about 3 documents at 16 dimensions.",
)
