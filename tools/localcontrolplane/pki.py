"""Certificates and keys of one control plane, made by openssl. All of them live as long as the CA."""

import secrets
import subprocess
from pathlib import Path
from typing import Iterable

from .errors import ToolError

_DAYS = "365"
_CONFIG = """\
[req]
distinguished_name = subject
string_mask = utf8only
[subject]
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes.default.svc
[client]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
"""


class Pki:
    """The files in one folder; `create` makes the cluster's own, `issue_client` any number more."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name

    def create(self) -> None:
        """Makes the CA, the server's certificate, the service account key and the administrators. Once."""
        if self.path("complete").exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self.path("openssl.cnf").write_text(_CONFIG, encoding="utf-8")
        self._certificate("ca", "ca", "/CN=curfew-local-ca")
        self._certificate("apiserver", "server", "/CN=kube-apiserver")
        self.issue_client("admin", "admin", ["system:masters"])
        self.issue_client("controller-manager", "system:kube-controller-manager", [])
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path("service-account.key"))
        _openssl("pkey", "-in", self.path("service-account.key"), "-pubout", "-out", self.path("service-account.pub"))
        self.path("complete").touch()

    def issue_client(self, file: str, user: str, groups: Iterable[str]) -> None:
        """Writes FILE.crt and FILE.key for a user. The API server reads CN as the name and each O as a group."""
        self._certificate(file, "client", "".join([f"/CN={_escaped(user)}", *(f"/O={_escaped(group)}" for group in groups)]))

    def _certificate(self, file: str, extensions: str, subject: str) -> None:
        signer = [] if extensions == "ca" else ["-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key")]
        _openssl("req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8",
                 "-config", self.path("openssl.cnf"), "-extensions", extensions, "-days", _DAYS,
                 "-set_serial", f"0x{secrets.token_hex(15)}", "-subj", subject, *signer,
                 "-keyout", self.path(f"{file}.key"), "-out", self.path(f"{file}.crt"))


def _escaped(text: str) -> str:
    """For -subj, where / + and a backslash mean something."""
    return "".join(f"\\{character}" if character in "\\/+" else character for character in text)


def _openssl(*arguments) -> None:
    command = ["openssl", *map(str, arguments)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError:
        raise ToolError("openssl is not installed; tools/install-dependencies brings it") from None
    if done.returncode:
        raise ToolError(f"'openssl {command[1]}' failed: {done.stderr.strip().splitlines()[-1:]}")
