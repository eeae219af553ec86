"""Starting, stopping and describing one control plane."""

import http.client
import json
import socket
import ssl
import time
from pathlib import Path
from typing import Callable, List

from . import binaries, components, kubeconfig, process
from .errors import ToolError, UsageError
from .state import State

_START_SECONDS = 120  # a loaded machine; five are usual
_ATTEMPTS = 5


def up(state: State) -> Path:
    """Starts what is not running yet and waits until it serves. Returns the administrator's kubeconfig."""
    found = binaries.find_or_build()
    state.prepare()
    with state.locked():
        if not all(map(state.is_running, components.ORDER)):
            state.binaries = found
            _start_missing(state)
        _wait("kube-apiserver", state, lambda: _is_ready(state))
        _wait("kube-controller-manager", state, lambda: _roles_are_aggregated(state))
    return state.admin_kubeconfig


def start(state: State, name: str, command: List[str]) -> None:
    """Runs one more program beside the control plane, in place of one of that name; `down` ends it first."""
    if name in components.ORDER:
        raise UsageError(f"'{name}' is part of the control plane; give your program another name")
    if not state.exists():
        raise ToolError(f"no control plane in {state.folder}; start one with 'up' first")
    with state.locked():
        _stop(state, [name])
        state.processes[name] = process.spawn(command, state.logs / f"{name}.log")
        state.save()


def down(state: State, keep: bool) -> None:
    """Stops everything, and deletes the data unless `keep`. Nothing there is no error."""
    if not state.exists():
        return
    with state.locked():
        _stop(state, _others(state))
        _stop(state, list(components.ORDER))
        if not keep:
            state.remove()


def status(state: State) -> bool:
    """Prints a line for each component. True if all of it is up."""
    if not state.exists():
        print(f"no control plane in {state.folder}")
        return False
    for name in components.ORDER:
        version = binaries.version_of(state.binaries / name) if state.binaries else "unknown"
        running = f"running, pid {state.processes[name].pid}" if state.is_running(name) else "stopped"
        ports = ", ".join(f"127.0.0.1:{state.ports[port]}" for port in components.PORTS[name] if port in state.ports)
        print(f"{name:24} {version:10} {running:20} {ports}".rstrip())
    for name in _others(state):
        print(f"{name:24} {'':10} {'running, pid ' + str(state.processes[name].pid) if state.is_running(name) else 'stopped'}")
    ready = all(map(state.is_running, components.ORDER)) and _is_ready(state)
    print(f"{'ready':24} {'yes' if ready else 'no'}")
    print(f"{'logs':24} {state.logs}")
    print(f"{'binaries':24} {state.binaries}")
    print(f"{'kubeconfig':24} {state.admin_kubeconfig}")
    return ready


def _others(state: State) -> List[str]:
    return [name for name in state.processes if name not in components.ORDER]


def _start_missing(state: State) -> None:
    state.save()  # the folder is ours from here on
    state.logs.mkdir(exist_ok=True)
    state.pki.create()
    (state.folder / "audit-policy.yaml").write_text(components.AUDIT_POLICY, encoding="utf-8")
    alive = [state.is_running(name) for name in components.ORDER]
    missing = list(components.ORDER[alive.index(False):])  # and those after it, which may not find its new port
    _stop(state, missing)
    try:
        for name in missing:
            _start(state, name)
    except BaseException:  # an interruption too: no process is left that nobody asked for
        _stop(state, missing)
        raise


def _start(state: State, name: str) -> None:
    """A port that was free a moment ago may be taken by now: tries again with others."""
    ready = {"etcd": lambda: _etcd_is_healthy(state), "kube-apiserver": lambda: _is_ready(state)}.get(name, lambda: True)
    for attempt in range(1, _ATTEMPTS + 1):
        _choose_ports(state, name, keep=attempt == 1)
        log = state.logs / f"{name}.log"
        state.processes[name] = process.spawn(components.command(state, name), log)
        state.save()
        try:
            return _wait(name, state, ready)
        except ToolError:
            if attempt == _ATTEMPTS or "address already in use" not in log.read_text(errors="replace"):
                raise
            _stop(state, [name])


def _choose_ports(state: State, name: str, keep: bool) -> None:
    for port in components.PORTS[name]:
        if not (keep and port in state.ports and _is_free(state.ports[port])):
            state.ports[port] = _free_port()
    if name == "kube-apiserver":
        _write_kubeconfigs(state)


def _write_kubeconfigs(state: State) -> None:
    pki = state.pki.path
    for path, file, user in ((state.admin_kubeconfig, "admin", "admin"),
                             (components.controller_manager_kubeconfig(state), "controller-manager", "kube-controller-manager")):
        kubeconfig.with_certificate(path, state.server(), pki("ca.crt"), user, (pki(f"{file}.crt"), pki(f"{file}.key")))
    for path in state.kubeconfigs():
        kubeconfig.move(path, state.server())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _stop(state: State, names: List[str]) -> None:
    """etcd last: an API server without it would wait for it before it ends."""
    for group in ([name for name in names if name != "etcd"], [name for name in names if name == "etcd"]):
        process.stop([state.processes[name] for name in group if name in state.processes], patience=10)
        for name in group:
            state.processes.pop(name, None)
        state.save()


def _wait(name: str, state: State, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        if not state.is_running(name):
            raise ToolError(f"{name} has ended: {_last_words(state, name)}")
        if time.monotonic() > deadline:
            raise ToolError(f"{name} was not ready after {_START_SECONDS} s: {_last_words(state, name)}")
        time.sleep(0.05)


def _last_words(state: State, name: str) -> str:
    log = state.logs / f"{name}.log"
    lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    return f"{lines[-1]} ({log})"


def _etcd_is_healthy(state: State) -> bool:
    return _get(http.client.HTTPConnection("127.0.0.1", state.ports["etcd"], timeout=5), "/health") != b""


def _is_ready(state: State) -> bool:
    return _get(_connect(state), "/readyz") == b"ok"


def _roles_are_aggregated(state: State) -> bool:
    """The controller manager fills ClusterRole view; before, nobody can be granted anything with it."""
    role = _get(_connect(state), "/apis/rbac.authorization.k8s.io/v1/clusterroles/view")
    return bool(role and json.loads(role).get("rules"))


def _connect(state: State) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(state.pki.path("ca.crt")))
    context.load_cert_chain(state.pki.path("admin.crt"), state.pki.path("admin.key"))
    return http.client.HTTPSConnection("127.0.0.1", state.ports["kube-apiserver"], timeout=5, context=context)


def _get(connection: http.client.HTTPConnection, path: str) -> bytes:
    """The body of a 200, nothing otherwise: also when the server of a lost port is not ours."""
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return body if answer.status == 200 else b""
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()
