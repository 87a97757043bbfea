"""What tests of the service share."""

import subprocess
from pathlib import Path

import pytest

from service_process import skip_without


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = [skip_without("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", "key.pem", "-out", "tls.pem"], cwd=folder, check=True, capture_output=True)
    return folder / "tls.pem", folder / "key.pem"
