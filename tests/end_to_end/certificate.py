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


def make_authority(path: Path) -> Path:
    """An authority of the test's own: its certificate in `path`, its key beside it."""
    _openssl(*_NEW_KEY, "-subj", "/CN=An authority", "-keyout", str(path.with_suffix(".key")), "-out", str(path))
    return path


def make_signed(path: Path, authority: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Path:
    """A certificate of `names` that `authority` has signed, and its key, in the one file `path`."""
    by = ("-CA", str(authority), "-CAkey", str(authority.with_suffix(".key")), "-subj", "/CN=localhost")
    about = ("-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE")
    certificate = _openssl(*_NEW_KEY, *by, *about, "-keyout", str(path), "-out", "-")
    path.write_text(path.read_text() + certificate)
    return path


_NEW_KEY = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


def _openssl(*arguments: str) -> str:
    try:
        return subprocess.run(["openssl", "req", *arguments], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("needs the command openssl")
