"""What is in the image: the program, the libraries that it loads, CA certificates, time zones. No shell, no package manager."""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from . import debian

OWN = "curfew"
_USER = 65532


class Entry(NamedTuple):
    """A file or a link; `package` is OWN or a Debian package."""
    package: str
    data: bytes = b""
    link: Optional[str] = None
    executable: bool = False


Contents = Dict[str, Entry]  # by path in the image, without the leading slash


def gather(program: Path, licence: Path) -> Contents:
    contents: Contents = {
        "usr/bin/curfew": Entry(OWN, stripped(program), executable=True),
        "etc/passwd": Entry(OWN, f"root:x:0:0:root:/:/nonexistent\ncurfew:x:{_USER}:{_USER}:Curfew:/:/nonexistent\n".encode()),
        "etc/group": Entry(OWN, f"root:x:0:\ncurfew:x:{_USER}:\n".encode()),
        "usr/share/doc/curfew/LICENSE": Entry(OWN, licence.read_bytes()),
        "lib": Entry(OWN, link="usr/lib"),
        "lib64": Entry(OWN, link="usr/lib64"),
    }
    contents.update(libraries(program))
    contents.update(_certificates())
    contents.update(_time_zones())
    contents["etc/os-release"] = Entry("base-files", Path("/usr/lib/os-release").read_bytes())
    contents.update(_papers(packages(contents)))
    return contents


def packages(contents: Contents) -> List[str]:
    return sorted({entry.package for entry in contents.values()} - {OWN})


def stripped(program: Path) -> bytes:
    """Without its symbols, and without the build ID: the linker makes that of the symbols too, and so of the folder that it was built in."""
    with tempfile.NamedTemporaryFile(prefix="curfew-stripped-") as file:
        subprocess.run(["objcopy", "--strip-all", "--remove-section=.note.gnu.build-id", program, file.name], check=True)
        return Path(file.name).read_bytes()


def libraries(program: Path) -> Contents:
    """As the loader finds them on this machine, each under its soname, and the loader itself."""
    said = subprocess.run(["ldd", program], text=True, capture_output=True, check=True).stdout
    missing = re.findall(r"(\S+) => not found", said)
    if missing:
        raise LookupError(f"{program} needs {', '.join(missing)}, which this machine does not have")
    found = [Path(path) for path in re.findall(r"(?:=> |^\s*)(/\S+) \(0x", said, re.M)]
    owners = debian.owners(found)
    contents: Contents = {}
    for path in found:
        at = str(path).removeprefix("/").removeprefix("usr/")
        contents[f"usr/{at}"] = Entry(owners[path], path.read_bytes(), executable=at.startswith("lib64/"))
    return contents


def _certificates() -> Contents:
    """Mozilla's, as Debian has them; not this machine's own list, which may hold others."""
    name = "ca-certificates"
    authorities = sorted(path for path in debian.files(name) if path.suffix == ".crt")
    bundle = b"".join(path.read_bytes().rstrip(b"\n") + b"\n" for path in authorities)
    return {"etc/ssl/certs/ca-certificates.crt": Entry(name, bundle)}


def _time_zones() -> Contents:
    """Without the two other editions of the same zones."""
    name, root = "tzdata", Path("/usr/share/zoneinfo")
    contents: Contents = {}
    for path in debian.files(name):
        if root not in path.parents or path.relative_to(root).parts[0] in ("posix", "right") or (path.is_dir() and not path.is_symlink()):
            continue
        link = str(path.readlink()) if path.is_symlink() else None
        contents[str(path).removeprefix("/")] = Entry(name, b"" if link else path.read_bytes(), link)
    return contents


def _papers(names: List[str]) -> Contents:
    """What belongs to each Debian package: its licence, and its paragraph for scanners."""
    contents: Contents = {}
    for name in names:
        contents[f"usr/share/doc/{name}/copyright"] = Entry(name, Path(f"/usr/share/doc/{name}/copyright").read_bytes())
        contents[f"var/lib/dpkg/status.d/{name}"] = Entry(name, debian.status(name).encode())
    return contents
