"""The state folder of one control plane: its layout, its lock, and what is remembered between calls."""

import contextlib
import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Dict, Iterator, Optional

from .errors import ToolError
from .kubeconfig import write_whole
from .pki import Pki
from .process import Process

_ENTRIES = ("pki", "etcd", "logs", "users", "tokens", "admin.kubeconfig", "controller-manager.kubeconfig", "audit-policy.yaml")
_MEMORY = "controlplane.json"  # also the mark that the folder is ours to delete in
_LOCK = "lock"


class State:
    """Paths are absolute. Attributes change in memory until `save`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.pki = Pki(folder / "pki")
        self.logs = folder / "logs"
        self.admin_kubeconfig = folder / "admin.kubeconfig"
        self.binaries: Optional[Path] = None
        self.ports: Dict[str, int] = {}
        self.processes: Dict[str, Process] = {}
        self.load()

    def exists(self) -> bool:
        return (self.folder / _MEMORY).exists()

    def load(self) -> None:
        if not self.exists():
            return
        memory = json.loads((self.folder / _MEMORY).read_text(encoding="utf-8"))
        self.binaries = Path(memory["binaries"]) if memory["binaries"] else None
        self.ports = memory["ports"]
        self.processes = {name: Process(*identity) for name, identity in memory["processes"].items()}

    def save(self) -> None:
        memory = {"binaries": str(self.binaries or ""), "ports": self.ports, "processes": self.processes}
        write_whole(self.folder / _MEMORY, json.dumps(memory, indent=1) + "\n")

    def is_running(self, name: str) -> bool:
        return name in self.processes and self.processes[name].is_running()

    def server(self) -> str:
        """The URL of the API server."""
        return f"https://127.0.0.1:{self.ports['kube-apiserver']}"

    def kubeconfigs(self) -> Iterator[Path]:
        yield from self.folder.glob("*.kubeconfig")
        yield from self.folder.glob("*/*.kubeconfig")

    def prepare(self) -> None:
        """Makes the folder, or finds it empty or ours: nobody's data is mixed with ours."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.exists() and any(entry.name != _LOCK for entry in self.folder.iterdir()):
            raise ToolError(f"--state {self.folder} holds other files; name an empty or a new folder")

    def remove(self) -> None:
        """Deletes what `up` and `user` made, and the folder if nothing else is in it."""
        for entry in _ENTRIES:
            path = self.folder / entry
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        (self.folder / _MEMORY).unlink(missing_ok=True)
        (self.folder / _LOCK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One `up`, `down`, `user` or `token` at a time. The folder must exist; reads the memory anew."""
        while True:
            with open(self.folder / _LOCK, "a", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if _is_same(file, self.folder / _LOCK):  # `down` may have deleted it while we waited
                    self.load()
                    yield
                    return
            self.folder.mkdir(parents=True, exist_ok=True)


def _is_same(file, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False
