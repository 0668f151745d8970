"""Data sets from the hub of Hugging Face, where there is a network and nobody has forbidden it."""

import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from ..core.errors import MissingData, MissingExtra
from ..core.extras import load

Table = Callable[[str | None, str], Mapping[str, Sequence[Any]]]
_LOG = logging.getLogger(__name__)
_YES = {"1", "ON", "YES", "TRUE"}


@dataclass(frozen=True, slots=True)
class Hub:
    """Where a data set lies on the hub, and how its tables become columns.

    Parameters
    ----------
    repo : ``"organisation/name"``.
    revision : the commit, so that the same bytes come in every year.
    read : takes a function that returns a table by configuration and split, and returns the columns.
    """

    repo: str
    revision: str
    read: Callable[[Table], Mapping[str, Any]]

    def columns(self, name: str) -> Mapping[str, Any]:
        """Return the columns, from the local cache of the hub or over the network, which is said.

        Raises
        ------
        MissingData
            If the network is forbidden (``HF_HUB_OFFLINE``) or absent, or the library is not installed.
        """
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in _YES:
            raise MissingData(f"{self.repo} on the hub was not asked, for HF_HUB_OFFLINE is set.")
        try:
            library = load("datasets", extra="mteb", purpose=f"The data set {name!r} from the hub")
        except MissingExtra as error:
            raise MissingData(str(error)) from error
        if not _is_reached():
            raise MissingData(f"{self.repo} on the hub cannot be asked, for there is no way to it.")
        _LOG.warning("The data set %r is taken from the hub: %s at %s.", name, self.repo, self.revision)

        def table(config: str | None, split: str) -> Mapping[str, Sequence[Any]]:
            found = library.load_dataset(self.repo, config, split=split, revision=self.revision)
            return {column: list(found[column]) for column in found.column_names}

        try:
            return self.read(table)
        except (OSError, ValueError, KeyError) as error:  # what the library raises without a network, too
            raise MissingData(f"{self.repo} on the hub cannot be read: {error}") from error


@cache
def _is_reached() -> bool:
    """Whether the hub answers; asked once, for the library itself tries for half a minute with each data set."""
    if getproxies():
        return True  # a proxy may reach it where this machine does not
    where = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        socket.create_connection((where.hostname, where.port or 443), timeout=3).close()
    except OSError:
        return False
    return True


def renamed(config: str | None, split: str, **names: str) -> Callable[[Table], Mapping[str, Any]]:
    """Return a reader of one table whose columns have other names there, ``ours="theirs"``."""

    def read(table: Table) -> Mapping[str, Any]:
        found = table(config, split)
        return {ours: found[theirs] for ours, theirs in names.items()}

    return read


def corpus(table: Table) -> Mapping[str, Any]:
    """Read documents, queries and judgements as MTEB lays them out."""
    documents, queries, judged = table("corpus", "corpus"), table("queries", "queries"), table("default", "test")
    relevant: dict[str, dict[str, int]] = {}
    for query, document, grade in zip(judged["query-id"], judged["corpus-id"], judged["score"], strict=True):
        relevant.setdefault(query, {})[document] = int(grade)
    titles = documents.get("title") or [""] * len(documents["text"])
    whole = [f"{title} {text}".strip() for title, text in zip(titles, documents["text"], strict=True)]
    asked = dict(zip(queries["_id"], queries["text"], strict=True))
    return {
        "documents": dict(zip(documents["_id"], whole, strict=True)),
        "queries": {query: asked[query] for query in relevant},
        "relevant": relevant,
    }
