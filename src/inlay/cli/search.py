"""``inlay search``: questions to passages."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import guarded
from .options import AsJson, Questions, SpacePath, Where, questions_of

if TYPE_CHECKING:
    from inlay.core.contracts import Ranker
    from inlay.indexes.filtered import Plan
    from inlay.space import Space

RERANKED = 30  # hits that a cross-encoder reads, at some tens a second


@guarded()
def search(
    space: SpacePath,
    queries: Questions,
    k: Annotated[
        int | None,
        typer.Option(
            "-k",
            metavar="N",
            min=1,
            help="How many passages for each query; 5, or with --coverage all that are ranked.",
        ),
    ] = None,
    where: Where = None,
    hybrid: Annotated[
        bool, typer.Option("--hybrid", help="Compare words (BM25) as well as vectors, and fuse both lists.")
    ] = False,
    rerank: Annotated[
        str | None,
        typer.Option(
            "--rerank",
            metavar="MODEL",
            help="Read the best hits again with a cross-encoder: a folder, a cached name, or default.",
        ),
    ] = None,
    diverse: Annotated[
        float | None,
        typer.Option(
            "--diverse", metavar="SHARE", min=0, max=1, help="Prefer hits unlike each other; 0 to 1, such as 0.3."
        ),
    ] = None,
    coverage: Annotated[
        float | None,
        typer.Option(
            "--coverage",
            metavar="SHARE",
            help="Cut hits off where this share of queries still keeps a relevant one, such as 0.95; needs "
            "--judgments.",
        ),
    ] = None,
    judgments: Annotated[
        str | None,
        typer.Option("--judgments", metavar="DATA", help="A known retrieval set, or a file, that --coverage fits on."),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            "--depth", metavar="N", min=1, help=f"Hits that are ranked again; {RERANKED} with --rerank, else 100."
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say how the hits came about, and the score of each list that was fused.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find the passages nearest to a question."""
    import inlay
    from inlay.pipeline import DEPTH

    from .output import print_json, print_result, result_json
    from .progress import Meter
    from .report import announced

    asked = questions_of(queries)
    if (coverage is None) != (judgments is None):
        raise typer.BadParameter("--coverage and --judgments go together: the cutoff is fitted on judged queries.")
    if depth is None and rerank is not None:
        depth = max(k or 1, RERANKED)
    if k is None:  # a cutoff says itself how many, and cannot keep what was not found
        k = 5 if coverage is None else depth or DEPTH
    with announced(), Meter("searching") as meter:
        opened = inlay.open(space)
        how = _how(opened, hybrid, rerank, diverse, depth)
        if coverage is not None:
            from inlay.coverage import threshold

            meter("fitting the cutoff", 0, 1, "data set")
            how["rankers"].append(threshold(opened, judgments, coverage, k=k, where=where, **how))
        found = opened.search(asked, k=k, where=where, **how)
    plan = _plan(opened, where, k, how) if explain else None
    if explain:  # beside the JSON, so that a search that finds nothing is explained as well
        _explain(opened, where, plan, how, err=as_json)
    if as_json:
        hits = zip(asked, found, strict=True)
        rows = [(query, rank, hit) for query, hs in hits for rank, hit in enumerate(hs, 1)]
        said = {"plan": None if plan is None else asdict(plan)}
        print_json([result_json(*row) | (said | {"legs": row[2].legs} if explain else {}) for row in rows])
        return
    for i, (query, results) in enumerate(zip(asked, found, strict=True)):
        if len(asked) > 1:
            typer.echo(f"{'' if i == 0 else chr(10)}{query}")
        for rank, result in enumerate(results, 1):
            print_result(query, rank, result)
            if explain and result.legs:
                typer.echo("    " + ", ".join(f"{name} {score:.3f}" for name, score in result.legs.items()))
        if not results:
            typer.echo("    nothing found" + (" where " + where if where else ""))


def _how(opened: "Space", hybrid: bool, rerank: str | None, diverse: float | None, depth: int | None) -> dict[str, Any]:
    """Return what `Space.search` is given beside queries; the words are indexed where they are needed and are not."""
    fuse: Ranker | None = None
    rankers: list[Ranker] = []
    if hybrid:
        from inlay.rankers.fuse import ReciprocalRankFusion

        fuse = ReciprocalRankFusion()
        if not opened.has_words:
            typer.echo("The words are not indexed yet; doing that now, once.", err=True)
            opened.index_words()
    if rerank is not None:
        from inlay.rankers.rerank import CrossEncoder

        rankers.append(CrossEncoder(None if rerank == "default" else rerank))
    if diverse is not None:
        from inlay.rankers.rerank import MaximalMarginalRelevance

        ranked = fuse is not None or rankers or opened.pipeline.rankers  # whose order the cosine would undo
        relevance = "scores" if ranked else "cosine"
        rankers.append(MaximalMarginalRelevance(diverse, relevance=relevance))
    return {"hybrid": fuse, "rankers": rankers, "depth": depth}


def _plan(opened: "Space", where: str | None, k: int, how: dict[str, Any]) -> "Plan | None":
    from inlay.pipeline import DEPTH

    choosing = how["hybrid"] is not None or how["rankers"] or opened.pipeline.rankers
    return None if where is None else opened.plan(where, max(k, how["depth"] or DEPTH) if choosing else k)


def _explain(opened: "Space", where: str | None, plan: "Plan | None", how: dict[str, Any], *, err: bool) -> None:
    info = opened.info()["index"]
    typer.echo(f"vectors: {info['kind']}, for {info['why']}", err=err)
    if where is not None:
        n = opened.count(where)
        typer.echo(f"filter: {where}; {n:,} of {len(opened):,} passages, found first, then searched among", err=err)
    if plan is not None:
        typer.echo(f"plan: {plan.name}, at a selectivity of {plan.selectivity:.3g}; {plan.why}", err=err)
    if how["hybrid"] is not None:
        typer.echo(f"words: BM25 over an inverted index; fused by {how['hybrid']!r}", err=err)
    for ranker in (*opened.pipeline.rankers, *how["rankers"]):
        cutoff = getattr(ranker, "threshold_", None)
        typer.echo(f"then: {ranker!r}" + ("" if cutoff is None else f", whose cutoff is {cutoff:.4f}"), err=err)
