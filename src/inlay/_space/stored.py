"""What a table holds, as a writer needs it: its ids, documents and content hashes, some 60 bytes a row."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inlay.core.values import IdArray

from .keys import KeyArray, KeyTable, keys_of
from .table import Table


class Stored:
    """The rows of `table`, by their positions in it.

    Attributes
    ----------
    addresses : (n,) uint64.
    content : (n, 2) uint64, the content hashes.
    files : the names of the sources of all rows.
    seen : (n + 1,) bool, rows that the present run has met; the last stands for a row that is not there.
    gone : (n + 1,) bool, rows that it drops.
    """

    def __init__(self, table: Table | None) -> None:
        self._ids, self._documents = KeyTable(), KeyTable()
        self._files: dict[str, int] = {}
        codes: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
        content: list[KeyArray] = [np.empty((0, 2), np.uint64)]
        self.addresses = np.empty(0, np.uint64) if table is None else table.addresses()
        start = 0
        columns = ["id", "document", "content_hash", "source_file"]
        for batch in () if table is None else table.batches(columns):
            positions = np.arange(start, start + len(batch))
            self._ids.add(keys_of(batch["id"].to_pylist()), positions)
            split = batch["document"].is_valid().to_numpy(zero_copy_only=False)
            names = batch["document"].drop_null().to_pylist()
            self._documents.add(keys_of(names), positions[split])
            content.append(_halves(batch["content_hash"]))
            codes.append(self._codes(batch["source_file"]))
            start += len(batch)
        self.content = np.concatenate(content)
        self._codes_of_rows = np.concatenate(codes)
        self._by_file = np.argsort(self._codes_of_rows, kind="stable")
        self._sorted_codes = self._codes_of_rows[self._by_file]
        self.seen, self.gone = np.zeros((2, start + 1), bool)
        self.files = list(self._files)

    def _codes(self, column: pa.Array) -> NDArray[np.int32]:
        encoded = column.dictionary_encode()
        own = [self._files.setdefault(name, len(self._files)) for name in encoded.dictionary.to_pylist()]
        codes: NDArray[np.int32] = np.array(own, np.int32)[encoded.indices.to_numpy()]
        return codes

    def files_of(self, positions: IdArray) -> list[str]:
        """Return the names of the sources of rows, each once."""
        return [self.files[code] for code in np.unique(self._codes_of_rows[positions])]

    def of_file(self, name: str) -> IdArray:
        """Return the positions of a source's rows."""
        code = self._files.get(name, -1)
        first, last = np.searchsorted(self._sorted_codes, [code, code + 1])
        return self._by_file[first:last] if code >= 0 else np.empty(0, np.int64)

    def find(self, ids: Sequence[str]) -> IdArray:
        """Return the positions of ids, -1 for those that are not there."""
        return self._ids.find(keys_of(ids))

    def of_documents(self, names: Sequence[str]) -> tuple[IdArray, IdArray]:
        """Return the rows that whole documents have, as (which document, position)."""
        keys = keys_of(names)
        (a, x), (b, y) = self._ids.pairs(keys), self._documents.pairs(keys)
        # A passage that has the name of a document, but belongs to another one, is found as well: its id is taken.
        return np.concatenate([a, b]), np.concatenate([x, y])


def _halves(column: pa.Array) -> KeyArray:
    return np.frombuffer(b"".join(column.to_pylist()), "<u8").reshape(-1, 2)
