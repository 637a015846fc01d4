"""A certificate authority of its own and a server certificate, made with the openssl program."""
import subprocess
from pathlib import Path

from servers.server import Failed, find

_DAYS = "30"
_CONFIG = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
"""


def program() -> str:
    return find("openssl", "install openssl")


def make(folder: Path) -> None:
    """Writes ca.pem, server.pem and server.key, good for 127.0.0.1 and localhost."""
    folder.mkdir()
    (folder / "openssl.cnf").write_text(_CONFIG)
    common = ["req", "-x509", "-config", "openssl.cnf", "-newkey", "ec", "-pkeyopt",
              "ec_paramgen_curve:P-256", "-nodes", "-days", _DAYS]
    _run(folder, *common, "-subj", "/CN=spawn test authority", "-extensions", "authority",
         "-keyout", "ca.key", "-out", "ca.pem")
    _run(folder, *common, "-subj", "/CN=127.0.0.1", "-extensions", "server",
         "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "server.key", "-out", "server.pem")


def _run(folder: Path, *arguments):
    done = subprocess.run([program(), *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=30)
    if done.returncode:
        raise Failed(f"openssl ended with {done.returncode}: {done.stderr.strip()}")
