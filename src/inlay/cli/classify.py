"""``inlay classify``: questions to classes, by the passages nearest to them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import guarded
from .options import AsJson, Questions, SpacePath, Where, questions_of

if TYPE_CHECKING:
    from inlay._space.labels import Vote


@guarded()
def classify(
    space: SpacePath,
    queries: Questions,
    by: Annotated[str, typer.Option("--by", metavar="FIELD", help="The field of the records that holds their class.")],
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, help="How many passages vote on each query.")] = 20,
    where: Where = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the share of each class, and what voted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say of which class a question is, by a vote of the passages nearest to it.

    Passages without a class are passed over. What is added or deleted counts at once; nothing is trained.
    """
    import inlay

    from .output import print_columns, print_json
    from .progress import Meter
    from .report import announced

    asked = questions_of(queries)
    with announced(), Meter("classifying"):
        votes = inlay.open(space).classify(asked, by, k=k, where=where)
    if as_json:
        print_json([_as_dict(query, vote, by) for query, vote in zip(asked, votes, strict=True)])
    elif explain:
        for i, (query, vote) in enumerate(zip(asked, votes, strict=True)):
            _explain(query, vote, by, first=i == 0)
    else:
        print_columns([[_name(vote.label), _share(vote), query] for query, vote in zip(asked, votes, strict=True)])


def _as_dict(query: str, vote: "Vote", by: str) -> dict[str, Any]:
    from .output import result_json

    evidence = [
        {name: value for name, value in result_json(query, rank, hit).items() if name != "query"}
        | {"label": hit.fields[by]}
        for rank, hit in enumerate(vote.evidence, 1)
    ]
    shares = {_name(label): round(share, 6) for label, share in vote.shares.items()}
    return {"query": query, "label": vote.label, "shares": shares, "evidence": evidence}


def _explain(query: str, vote: "Vote", by: str, *, first: bool) -> None:
    from .output import print_result

    shares = ", ".join(f"{_name(label)} {share:.3f}" for label, share in vote.shares.items())
    typer.echo(f"{'' if first else chr(10)}{query}\n    {shares or 'nothing votes'}")
    for label in vote.shares:
        typer.echo(f"{_name(label)}:")
        for rank, hit in enumerate((hit for hit in vote.evidence if hit.fields[by] == label), 1):
            print_result(query, rank, hit)


def _name(label: Any) -> str:
    return "-" if label is None else str(label)


def _share(vote: "Vote") -> str:
    return f"{next(iter(vote.shares.values()), 0):.3f}"
