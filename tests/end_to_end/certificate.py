"""A certificate that nobody else vouches for."""

import subprocess
from pathlib import Path

import pytest


def make_certificate(path: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Path:
    """A self-signed one of `names`, and its key, in the one file `path`."""
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=localhost", "-addext", f"subjectAltName={names}"),
        *("-keyout", str(path), "-out", "-"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("needs the command openssl")
    path.write_text(path.read_text() + done.stdout)
    return path
