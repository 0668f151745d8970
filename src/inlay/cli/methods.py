"""``inlay methods``: what there is to choose from."""

from typing import Annotated, Literal

import typer

from .exits import guarded
from .options import AsJson

Contract = Literal["encoder", "transform", "index", "ranker", "loss", "sampler", "measure", "task"]


@guarded()
def methods(
    contract: Annotated[Contract | None, typer.Option("--contract", help="Only methods of this contract.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the methods, with contract, paper, and how the claim of each stands."""
    from dataclasses import asdict

    from inlay.core import catalogue

    from .output import print_json

    found = [entry for entry in catalogue.methods() if contract is None or entry.contract == contract]
    if as_json:
        print_json([asdict(entry) for entry in found])
        return
    width = max((len(entry.name) for entry in found), default=0)
    for entry in found:
        claim = entry.claim
        run = f" {claim.date} {claim.commit}" if claim.date else ""
        typer.echo(f"{entry.contract:<9}  {entry.name:<{width}}  {entry.paper}  (claim: {claim.status}{run})")
        typer.echo(f"{'':<9}  {'':<{width}}  {entry.summary}")
    if not found:
        typer.echo(f"No method of the contract {contract} yet." if contract else "No method yet.")
