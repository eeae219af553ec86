"""What dpkg knows: which package a file is from, and what that package is."""

import subprocess
from pathlib import Path
from typing import Dict, List, NamedTuple


class Package(NamedTuple):
    """An installed Debian package."""
    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    homepage: str

    @property
    def purl(self) -> str:
        """The package URL (purl-spec, type "deb"); versions may hold characters that a URL may not."""
        version = self.version.replace("%", "%25").replace("+", "%2B").replace(":", "%3A").replace("~", "~")
        return f"pkg:deb/debian/{self.name.replace('+', '%2B')}@{version}?arch={self.architecture}&distro=debian-12"


def query(*arguments: str) -> str:
    return subprocess.run(["dpkg-query", *arguments], text=True, capture_output=True, check=True).stdout


def package(name: str) -> Package:
    fields = ("Package", "Version", "Architecture", "source:Package", "source:Version", "Homepage")
    return Package(*query("--show", f"--showformat={'|'.join('${' + field + '}' for field in fields)}\\n", name).splitlines()[0].split("|"))


def status(name: str) -> str:
    """The package's paragraph in dpkg's status file, which scanners of images look for."""
    return query("--status", name)


def files(name: str) -> List[Path]:
    return [Path(line) for line in query("--listfiles", name).splitlines()]


def owners(paths: List[Path]) -> Dict[Path, str]:
    """The package of each path. A merged /usr gives a file two names, of which dpkg knows one."""
    spellings = {path: [str(path), str(path).removeprefix("/usr") if str(path).startswith("/usr/") else f"/usr{path}"] for path in paths}
    asked = [spelling for both in spellings.values() for spelling in both]
    said = subprocess.run(["dpkg-query", "--search", *asked], text=True, capture_output=True, check=False).stdout
    known = {}
    for line in said.splitlines():
        names, _, file = line.partition(": ")
        known[file] = names.split(",")[0].split(":")[0]
    unowned = [str(path) for path in paths if not any(spelling in known for spelling in spellings[path])]
    if unowned:
        raise LookupError(f"no Debian package owns {', '.join(unowned)}")
    return {path: next(known[spelling] for spelling in both if spelling in known) for path, both in spellings.items()}
