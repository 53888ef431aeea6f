"""The archive: tables, the page that explains them, and the sum of each, written one line after the other."""

import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import IO, Any

from collector.evidence.table import Table

METHOD = "method.html"
SUMS = "SHA256SUMS"


def write_pack(
    out: IO[bytes], tables: Sequence[Table[Any]], page: Callable[[], str], *, folder: str, made_at: datetime
) -> None:
    """Write a zip to `out` whose files lie in `folder`. `page` is asked when the tables have been written. What making
    a row raises ends it: what was written by then is no archive."""
    sums = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, parts: Iterable[bytes]) -> None:
            info = zipfile.ZipInfo(f"{folder}/{name}", made_at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            summed = sha256()
            with archive.open(info, "w") as file:
                for part in parts:
                    summed.update(part)
                    file.write(part)
            sums.append(f"{summed.hexdigest()}  {name}\n")

        for table in tables:
            put(table.file, table.lines())
        put(METHOD, [page().encode()])
        put(SUMS, ["".join(sums).encode()])
