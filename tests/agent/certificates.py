"""Certificates with the faults that services' certificates have."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

_RULES = """\
[ca]
default_ca = here
[here]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = {names}
"""


def make_certificate(path: Path, names: str, *, from_days: float = -10, to_days: float = 90) -> Path:
    """A self-signed one for `names`, such as ``DNS:localhost,IP:127.0.0.1``, valid from and to so many days from now,
    and its key, in the one file `path`."""
    folder = path.with_suffix(".made")
    folder.mkdir()
    (folder / "index.txt").touch()
    (folder / "rules").write_text(_RULES.format(folder=folder, names=names))
    key, request = str(folder / "key.pem"), str(folder / "request.pem")
    _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=test",
             "-keyout", key, "-out", request)  # fmt: skip
    made = _openssl("ca", "-batch", "-selfsign", "-notext", "-config", str(folder / "rules"), "-keyfile", key,
                    "-in", request, "-startdate", _time(from_days), "-enddate", _time(to_days))  # fmt: skip
    path.write_text(Path(key).read_text() + made)
    return path


def _time(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


def _openssl(*arguments: str) -> str:
    try:
        return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("needs the command openssl")
