"""Where etcd, kube-apiserver, kube-controller-manager, kubectl and helm come from."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List, Optional

from . import gobuild, toolchain
from .errors import ToolError

NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
HELM_MODULE = Path(__file__).parent / "helm"  # of its own: Helm and the control plane want different versions of the same libraries
OLDEST_APISERVER = (1, 31)  # ValidatingAdmissionPolicy and selectable fields of custom resources


def find_or_build() -> Path:
    """The folder that holds the four of NAMES. Builds them if neither the environment nor the cache has them."""
    return _from_assets() or _from_path() or _from_cache()


def were_built_here(folder: Path) -> bool:
    """Whether the folder that find_or_build() answered is the cache's, and not the environment's."""
    return folder.parent == _cache()


def helm() -> Path:
    """Helm, of the version that the charts are tested with. Builds it, and the four of NAMES, if the cache does not have it."""
    program = _from_cache() / "helm"
    if not program.exists():
        with _locked(program.parent.with_suffix(".lock")):
            if not program.exists():
                _build_helm(program)
    return program


def _from_assets() -> Optional[Path]:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if not assets:
        return None
    trouble = _why_unusable(Path(assets))
    if trouble:
        print(f"KUBEBUILDER_ASSETS={assets} is not used: {trouble}", file=sys.stderr)
        return None
    return Path(assets).resolve()


def _from_path() -> Optional[Path]:
    folders = (Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder)
    return next((folder.resolve() for folder in folders if not _why_unusable(folder)), None)


def _why_unusable(folder: Path) -> Optional[str]:
    missing = [name for name in NAMES if not os.access(folder / name, os.X_OK)]
    if missing:
        return f"it has no {', '.join(missing)}"
    version = version_of(folder / "kube-apiserver")
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_APISERVER:
        return f"its kube-apiserver is {version}, older than {'.'.join(map(str, OLDEST_APISERVER))}"
    return None


def version_of(binary: Path) -> str:
    """What the binary says of itself, as in "v1.36.3"; "unknown" if it does not run."""
    arguments = ["version", "--client"] if binary.name == "kubectl" else ["--version"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        output = subprocess.run([binary, *arguments], text=True, capture_output=True, check=True, timeout=30).stdout
        found = re.search(r"v?\d+\.\d+\.\d+\S*", output)
        return found.group(0) if found else "unknown"
    return "unknown"


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(root) / "curfew" / "controlplane"


def _from_cache() -> Path:
    target = _cache() / _fingerprint()
    if target.exists():  # it only ever appears whole
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_suffix(".lock")):
        if not target.exists():
            _build(target)
    return target


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for module in (toolchain.MODULE, HELM_MODULE):
        for file in sorted(path for path in module.rglob("*") if path.is_file()):
            digest.update(f"{file.relative_to(module.parent)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build of the control plane is under way: waiting for it", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(target: Path) -> None:
    go = toolchain.find_go(target.parent)
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    print(f"building the control plane into {target}: once, about five minutes on two cores", file=sys.stderr)
    _go_build(go, toolchain.MODULE, unfinished, _version_flags(), *(f"./{name}" for name in NAMES))
    unfinished.rename(target)


def _build_helm(program: Path) -> None:
    unfinished = program.parent.with_suffix(".helm.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    print(f"building helm into {program.parent}: once, about a minute on two cores", file=sys.stderr)
    _go_build(toolchain.find_go(_cache()), HELM_MODULE, unfinished, _helm_version_flags(), "helm.sh/helm/v3/cmd/helm")
    (unfinished / program.name).rename(program)
    unfinished.rmdir()


def _go_build(go: Path, module: Path, into: Path, version_flags: List[str], *packages: str) -> None:
    flags = ["-buildvcs=false", f"-ldflags={' '.join(['-s', '-w', *version_flags])}", f"-o={into}/"]
    if not gobuild.build(go, module, flags, packages):
        raise ToolError(f"building the control plane failed; see above, then try again: {module}")


def _required(module: Path, name: str) -> re.Match:
    """The version of a required module: whole, major, minor."""
    return re.search(rf"^\t{re.escape(name)} (v(\d+)\.(\d+)\.\S+)( // indirect)?$", (module / "go.mod").read_text(), re.M)


def _version_flags() -> List[str]:
    """The version that a release build would have: clients and kubectl look at it."""
    version = _required(toolchain.MODULE, "k8s.io/kubernetes")
    values = {"gitVersion": version[1], "gitMajor": version[2], "gitMinor": version[3], "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return [f"-X {package}.{key}={value}" for package in packages for key, value in values.items()]


def _helm_version_flags() -> List[str]:
    """As a release of Helm has them: without a cluster, a chart is rendered for the Kubernetes of Helm's own libraries."""
    kubernetes = _required(HELM_MODULE, "k8s.io/client-go")
    packages = ("helm.sh/helm/v3/pkg/lint/rules", "helm.sh/helm/v3/pkg/chartutil")
    return [f"-X helm.sh/helm/v3/internal/version.version={_required(HELM_MODULE, 'helm.sh/helm/v3')[1]}",
            *(f"-X {package}.k8sVersionMajor={int(kubernetes[2]) + 1}" for package in packages),
            *(f"-X {package}.k8sVersionMinor={kubernetes[3]}" for package in packages)]
