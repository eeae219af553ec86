"""kubeconfigs for people (client certificates) and for ServiceAccounts (tokens)."""

import hashlib
import re
import subprocess
from pathlib import Path
from typing import List

from . import kubeconfig
from .errors import ToolError, UsageError
from .state import State

_LONGEST = 64  # of a common or organization name in a certificate (RFC 5280, appendix A.1), in characters


def user(state: State, name: str, groups: List[str]) -> Path:
    """The kubeconfig of a user; the same name and groups give the same file, other groups another one."""
    for what, text in (("user name", name), *(("group", group) for group in groups)):
        _refuse_unusable(what, text)
    _require_cluster(state)
    with state.locked():
        file = _file_name(name, groups)
        path = state.folder / "users" / f"{file}.kubeconfig"
        if not path.exists():
            state.pki.issue_client(file, name, groups)
            pair = (state.pki.path(f"{file}.crt"), state.pki.path(f"{file}.key"))
            kubeconfig.with_certificate(path, state.server(), state.pki.path("ca.crt"), name, pair)
    return path


def token(state: State, namespace: str, account: str) -> Path:
    """The kubeconfig of a ServiceAccount, with a new token for a day in a file beside it."""
    for what, text in (("namespace", namespace), ("ServiceAccount", account)):
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", text):
            raise UsageError(f"the {what} '{text}' is no Kubernetes name: lower-case letters, digits, '-' and '.'")
    _require_cluster(state)
    with state.locked():
        created = subprocess.run(
            [state.binaries / "kubectl", f"--kubeconfig={state.admin_kubeconfig}", f"--namespace={namespace}",
             "create", "token", account, "--duration=24h"],
            capture_output=True, text=True, check=False)
        if created.returncode:
            raise ToolError(f"no token for {namespace}/{account}: {created.stderr.strip()}")
        file = _file_name(f"{namespace}_{account}", [])
        path = state.folder / "tokens" / f"{file}.kubeconfig"
        token_file = path.with_suffix(".token")
        kubeconfig.write_whole(token_file, created.stdout.strip())
        kubeconfig.with_token(path, state.server(), state.pki.path("ca.crt"), account, token_file)
    return path


def _require_cluster(state: State) -> None:
    if "kube-apiserver" not in state.ports:
        raise ToolError(f"no control plane in {state.folder}; start one with 'tools/controlplane up --state {state.folder}'")


def _refuse_unusable(what: str, text: str) -> None:
    if not text:
        raise UsageError(f"the {what} is empty; it needs 1 to {_LONGEST} characters")
    if len(text) > _LONGEST:
        raise UsageError(f"the {what} '{text}' has {len(text)} characters; a certificate holds at most {_LONGEST}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"the {what} {text!r} is not valid UTF-8")


def _file_name(name: str, groups: List[str]) -> str:
    """Readable, harmless in a path, and different for different people."""
    digest = hashlib.sha256("\0".join([name, *groups]).encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', name).lstrip('.-')}-{digest}"
