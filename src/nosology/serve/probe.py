"""Ask the service of a state folder whether it is well: ``python -m nosology.serve.probe STATE``; for containers.

It reads the address that the service wrote when it began to listen, and asks ``/readyz`` there, encrypted or not. Exit
status 0: notes can be read. The certificate is not checked: it is this machine asking itself, and nothing is sent.
"""

import http.client
import ipaddress
import json
import ssl
import sys
from contextlib import closing
from pathlib import Path

from nosology.files import write_json

ADDRESS_FILE = "listening.json"
_SECONDS = 4.0


def write_address(state: Path, host: str, port: int, *, is_encrypted: bool) -> None:
    """Write down where a service listens.

    Args:
        state: The folder of audit log and decisions.
        host: The address it listens on.
        port: The port that it got.
        is_encrypted: Whether the service speaks TLS.
    """
    address = ipaddress.ip_address(host)
    loopback = "127.0.0.1" if address.version == 4 else "::1"
    own = loopback if address.is_unspecified else host
    write_json(state / ADDRESS_FILE, {"host": own, "port": port, "is_encrypted": is_encrypted}, is_private=True)


def is_well(state: Path) -> bool:
    """Return whether the service of a state folder answers that notes can be read."""
    try:
        found = json.loads((state / ADDRESS_FILE).read_text(encoding="utf-8"))
        connection: http.client.HTTPConnection
        if found["is_encrypted"]:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(found["host"], found["port"], timeout=_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(found["host"], found["port"], timeout=_SECONDS)
        with closing(connection):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_well(Path(sys.argv[1])) else 1)
