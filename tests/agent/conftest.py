import subprocess
from pathlib import Path

import pytest

from tests.agent.certificates import make_certificate
from tests.agent.https import LOCAL


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that want a proxy name one."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost with its key, in one PEM file."""
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,DNS:collector.invalid"),
            *("-keyout", str(path), "-out", "-"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("needs the openssl command")
    path.write_text(path.read_text() + made.stdout)
    return path


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost and for `NAMED`, with its key, of which 40 days are left."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "trusted.pem", LOCAL, to_days=40.5)
