"""The table of a space: one Lance dataset, whose every change is a single commit that succeeds or never was."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Self

import lance
import numpy as np
import pyarrow as pa
from lance.commit import CommitConflictError
from lance.fragment import FragmentMetadata, write_fragments
from lance.query import MatchQuery
from lance.schema import LanceSchema
from numpy.typing import NDArray

from inlay.core.errors import ConflictError, DataError, ParameterError
from inlay.core.values import FloatArray, IdArray

from .columns import OWN

AddressArray = NDArray[np.uint64]

META = b"inlay"
_LOST = "External error: Not found: "  # how Lance begins to say that a file of a table is missing
_HELD = re.compile(r"'(?:[^']|'')*'|`[^`]*`")  # text and names in SQL, in which a double quote is a character
WORDS = "words"  # the name of the index of the texts
KEPT = timedelta(days=1)  # how long a version stays that a reader may have open
FRAGMENT = 1 << 18  # rows of a file that compaction leaves alone
READ_AHEAD = 32 << 20  # bytes that are read before they are asked for; Lance's own 2 GB would hold a whole table
SMALL = 32  # files smaller than that, before they are put together
DEAD = 0.2  # the part of a table that may be deleted rows


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Say what went wrong in Lance in terms of the space."""
    try:
        yield
    except CommitConflictError as error:
        raise ConflictError(
            f"{uri} was changed by another process meanwhile, and its change stands. Nothing of this one was kept; "
            "open the space again and repeat it."
        ) from error
    except (OSError, pa.ArrowInvalid) as error:
        if str(error).startswith("Dataset already exists"):
            raise ConflictError(f"{uri} was made by another process meanwhile; run the same again.") from error
        text = str(error)
        if isinstance(error, pa.ArrowInvalid) and not ("LanceError(IO)" in text or text.startswith(_LOST)):
            raise
        reason = _reason(error).removeprefix("External error: ")
        raise DataError(
            f"{uri} cannot be written or read: {reason}. What was committed before is kept; "
            "free some space or repair the storage, then run the same again."
        ) from error


def _reason(error: Exception) -> str:
    """Return what Lance says, without the place in its own source that it ends with."""
    return re.sub(r",? /[^ ]*\.rs:\d+:\d+", "", str(error)).partition(". Valid fields")[0]


class Table:
    """One version of the dataset at `uri`. A change returns the Table of the next version."""

    def __init__(self, uri: str, dataset: lance.LanceDataset) -> None:
        self.uri = uri
        self.dataset = dataset
        self.schema: pa.Schema = dataset.schema
        self.meta: dict[str, Any] = json.loads((self.schema.metadata or {}).get(META, b"{}"))

    @classmethod
    def open(cls, uri: str) -> Self | None:
        """Open the newest version; None where there is no table."""
        try:
            with told(uri):
                return cls(uri, lance.dataset(uri))
        except ValueError as error:
            if isinstance(error, DataError):
                raise
            if "not found" in str(error).lower():
                return None
            raise DataError(f"{uri} is not a table of a space: {_reason(error)}.") from error

    @classmethod
    def create(cls, uri: str, rows: pa.Table, meta: Mapping[str, Any]) -> Self:
        """Make the table with its first rows, in one commit."""
        rows = rows.replace_schema_metadata({META: json.dumps(meta)})
        with told(uri):
            return cls(uri, lance.write_dataset(rows, uri, mode="create"))

    @property
    def version(self) -> int:
        """The number of this version."""
        return int(self.dataset.version)

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """The columns that hold fields of the user."""
        return {field.name: field.type for field in self.schema if field.name not in OWN}

    @property
    def dim(self) -> int:
        """The number of columns of the vectors."""
        return int(self.schema.field("vector").type.list_size)

    def newest(self) -> Self:
        """Return the newest version, which may be this one.

        Raises
        ------
        DataError
            If the space is gone, or another one stands in its place.
        """
        # Without the session, which would show versions of the old space for those of a new one.
        fresh = self.open(self.uri)
        if fresh is None or fresh.meta.get("uid") != self.meta.get("uid"):
            now = "is gone" if fresh is None else "was deleted and made anew"
            raise DataError(f"{self.uri} {now} since it was opened. Nothing was changed; open the space again.")
        if fresh.version == self.version:
            return self
        with told(self.uri):
            return type(self)(self.uri, lance.dataset(self.uri, fresh.version, session=self.dataset.session()))

    def read(self, columns: Sequence[str], where: str | None = None) -> pa.Table:
        """Read whole columns, of the rows for which `where` holds."""
        with told(self.uri):
            return self.dataset.to_table(columns=list(columns), filter=_whole(where))

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read whole columns in pieces."""
        with told(self.uri):
            yield from self.dataset.to_batches(columns=list(columns), io_buffer_size=READ_AHEAD)

    def addresses(self, where: str | None = None) -> AddressArray:
        """Return the addresses of the live rows for which `where` holds, in the order of the table.

        An address names one row, with this content, until the table is compacted.
        """
        whole = _whole(where)
        try:
            with told(self.uri):
                found = self.dataset.scanner(columns=[], filter=whole, with_row_address=True).to_table()
        except ValueError as error:
            if where is None or isinstance(error, DataError):
                raise
            names = [name for name in self.schema.names if name != "vector"]
            reason = _reason(error).removeprefix("Invalid user input: ")
            raise ParameterError(
                f"where={where!r} cannot be understood: {reason}. It is an SQL condition on the columns {names}; "
                "text stands in single quotes, names in backticks."
            ) from error
        addresses: AddressArray = found["_rowaddr"].to_numpy()
        return addresses

    def take(self, positions: IdArray, columns: Sequence[str]) -> pa.Table:
        """Read some columns of the rows at `positions`, numbers among the live rows."""
        with told(self.uri):
            return self.dataset.take(np.asarray(positions, np.int64), columns=list(columns))

    def vectors(self, positions: IdArray | None = None) -> NDArray[Any]:
        """Return all vectors, or those at `positions`, (n, d) of the type stored."""
        if positions is not None:
            return as_matrix(self.take(positions, ["vector"])["vector"], self.dim)
        kind = self.schema.field("vector").type.value_type.to_pandas_dtype()
        out, start = np.empty((self.dataset.count_rows(), self.dim), kind), 0
        for batch in self.batches(["vector"]):
            out[start : start + len(batch)] = as_matrix(batch["vector"], self.dim)
            start += len(batch)
        return out

    @property
    def has_words(self) -> bool:
        """Whether the words of the texts are indexed."""
        with told(self.uri):
            return any(index.name == WORDS for index in self.dataset.describe_indices())

    def index_words(self) -> Self:
        """Index the words of the texts, in one commit; where they are indexed, take in the rows that are new."""
        with told(self.uri):
            dataset = lance.dataset(self.uri, version=self.version)
            if self.has_words:
                dataset.optimize.optimize_indices(index_names=[WORDS])
            else:
                dataset.create_scalar_index("text", "INVERTED", name=WORDS, with_position=False)
        return self if dataset.version == self.version else type(self)(self.uri, dataset)

    def search_words(self, query: str, k: int, where: str | None) -> tuple[AddressArray, FloatArray]:
        """Return the addresses of up to `k` rows that share words with a query, and their BM25 scores, best first."""
        with told(self.uri):
            found = self.dataset.scanner(
                columns=["_score"],
                full_text_query=MatchQuery(query, "text"),
                filter=_whole(where),
                prefilter=True,
                limit=k,
                with_row_address=True,
            ).to_table()
        addresses, scores = found["_rowaddr"].to_numpy(), found["_score"].to_numpy()
        order = np.lexsort((addresses, -scores))
        return addresses[order], scores[order]

    def stage(self, rows: pa.Table) -> list[FragmentMetadata]:
        """Write rows to files that no version names yet."""
        # Columns are never dropped, so that their numbers are their places, in these files as in the table.
        with told(self.uri):
            return write_fragments(rows, self.dataset, mode="overwrite", max_rows_per_file=FRAGMENT)

    def commit(
        self, fresh: Sequence[FragmentMetadata], dead: AddressArray, schema: pa.Schema, meta: Mapping[str, Any]
    ) -> Self:
        """Take the rows at the addresses `dead` away, and put staged ones at the end, in one step.

        The operation is Lance's Merge, which no other change can overtake: with Append, two processes could both
        succeed, and an id might then stand there twice. Merge cannot drop a whole file; where all rows of one are
        dead, it is Update, made as strict by naming every file.
        """
        offsets: dict[int, list[int]] = defaultdict(list)
        for address in np.unique(dead).tolist():
            offsets[address >> 32].append(address & 0xFFFFFFFF)
        with told(self.uri):
            kept, gone = [], []
            for fragment in self.dataset.get_fragments():
                these = offsets.get(fragment.fragment_id)
                left = fragment.delete_rows(these) if these else fragment.metadata
                if left is None:
                    gone.append(fragment.fragment_id)
                else:
                    kept.append(left)
            if not gone:
                columns = LanceSchema.from_pyarrow(schema.with_metadata({META: json.dumps(meta)}))
                return self._commit(lance.LanceOperation.Merge([*kept, *fresh], columns))
            # Update leaves the columns as they are; new ones, which are null, are no harm should it fail.
            new = schema != self.schema or meta != self.meta
            table = self.commit([], np.empty(0, np.uint64), schema, meta) if new else self
            return table._commit(lance.LanceOperation.Update(gone, kept, list(fresh)))

    def _commit(self, operation: Any) -> Self:
        done = lance.LanceDataset.commit(self.dataset, operation, read_version=self.version)
        return type(self)(self.uri, done)

    def is_untidy(self) -> bool:
        """Tell whether compaction would help: many small files, or many deleted rows."""
        sizes = [(f.metadata.physical_rows, f.metadata.num_deletions) for f in self.dataset.get_fragments()]
        small = sum(rows < FRAGMENT for rows, _ in sizes)
        return small > SMALL or sum(d for _, d in sizes) > DEAD * sum(rows for rows, _ in sizes)

    def compact(self) -> Self:
        """Put small files together and drop deleted rows; the order of the rows stays, their addresses do not."""
        with told(self.uri):
            dataset = lance.dataset(self.uri, version=self.version)
            dataset.optimize.compact_files(target_rows_per_fragment=FRAGMENT, materialize_deletions_threshold=0.0)
        return self if dataset.version == self.version else type(self)(self.uri, dataset)

    def clean(self, *, alone: bool, locked: bool) -> None:
        """Remove files that the newest version does not need.

        Where others may read (not `alone`), versions of the last day stay, so that a reader keeps what it has open.
        Where nobody else can be writing (`locked`), files that no version names, left by a killed writer, go as well.
        """
        with told(self.uri):
            if alone and locked:
                self.dataset.cleanup_old_versions(retain_versions=1, delete_unverified=True)
            else:
                self.dataset.cleanup_old_versions(older_than=KEPT, delete_unverified=locked)


def as_matrix(column: pa.ChunkedArray | pa.Array, dim: int) -> NDArray[Any]:
    """Return a column of vectors as (n, d)."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [chunk.flatten().to_numpy(zero_copy_only=False).reshape(-1, dim) for chunk in chunks]
    if not parts:
        kind = np.float16 if column.type.value_type == pa.float16() else np.float32
        return np.empty((0, dim), kind)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def as_float32(X: NDArray[Any]) -> FloatArray:
    """Return vectors of any stored type as float32."""
    return np.asarray(X, np.float32)


def _whole(where: str | None) -> str | None:
    # Lance stops reading at the end of the first whole expression, even at a bracket that was never opened; in a
    # cast, whatever follows the condition is an error. AND refuses what is not a truth value.
    if where is None:
        return None
    if '"' in _HELD.sub("", where):  # Lance takes what stands in double quotes for text, elsewhere it is a name
        raise ParameterError(
            f"where={where!r} has double quotes, which SQL uses for names and Lance for text; names with spaces or "
            "capitals stand in backticks, text in single quotes."
        )
    return f"CAST(({where}\n) AND true AS boolean)"
