"""kubeconfig files: one cluster, one user, nothing that depends on other files but a token."""

import base64
import json
import os
import re
from pathlib import Path

_TEMPLATE = """\
apiVersion: v1
kind: Config
current-context: {user}
clusters:
- name: curfew-local
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {user}
  user:
{credentials}
contexts:
- name: {user}
  context:
    cluster: curfew-local
    user: {user}
"""


def with_certificate(path: Path, server: str, ca: Path, user: str, pair: tuple) -> None:
    """`pair`: the files of the certificate and of its key."""
    credentials = (f"    client-certificate-data: {_base64(pair[0])}\n"
                   f"    client-key-data: {_base64(pair[1])}")
    _write(path, server, ca, user, credentials)


def with_token(path: Path, server: str, ca: Path, user: str, token: Path) -> None:
    _write(path, server, ca, user, f"    tokenFile: {_quoted(str(token))}")


def move(path: Path, server: str) -> None:
    """Points an existing file at another address of the same cluster."""
    old = path.read_text(encoding="utf-8")
    new = re.sub(r"^    server: .*$", f"    server: {server}", old, flags=re.M)
    if new != old:
        write_whole(path, new)


def write_whole(path: Path, text: str) -> None:
    """Replaces a file in one step, so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(path)


def _write(path: Path, server: str, ca: Path, user: str, credentials: str) -> None:
    write_whole(path, _TEMPLATE.format(server=server, ca=_base64(ca), user=_quoted(user), credentials=credentials))


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _quoted(text: str) -> str:
    """A JSON string is a YAML string too, as long as nothing is written as a surrogate pair."""
    return json.dumps(text, ensure_ascii=False)
