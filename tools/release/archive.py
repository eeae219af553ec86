"""An OCI image archive that is the same, byte for byte, whenever it is made from the same contents."""

import io
import json
import subprocess
import tarfile
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Dict, Iterable, Tuple

from .contents import Contents


def write(target: Path, contents: Contents, reference: str, labels: Dict[str, str], architecture: str, epoch: int) -> str:
    """Writes the archive and gives the digest of the image's manifest. `epoch` is the time of everything in it, in seconds."""
    with tempfile.TemporaryDirectory(prefix="curfew-image-") as scratch:
        layout, layer = Path(scratch) / "layout", Path(scratch) / "layer.tar"
        with tarfile.open(layer, "w", format=tarfile.PAX_FORMAT) as tar:
            add(tar, with_folders(contents), epoch)
        image = f"{layout}:{reference}"
        created = datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        _umoci("init", f"--layout={layout}")
        _umoci("new", f"--image={image}")
        _umoci("raw", "add-layer", f"--image={image}", f"--history.created={created}", "--history.created_by=tools/build-image", layer)
        _umoci("config", f"--image={image}", "--no-history", f"--created={created}", "--author=", f"--architecture={architecture}", "--os=linux",
               "--config.user=65532:65532", "--config.entrypoint=/usr/bin/curfew", "--config.workingdir=/", "--config.exposedports=8080/tcp",
               *(f"--config.label={key}={value}" for key, value in sorted(labels.items())))
        _umoci("gc", f"--layout={layout}")
        files = ((str(path.relative_to(layout)), path.read_bytes()) for path in sorted(layout.rglob("*")) if path.is_file())
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
            add(tar, ((name, data, None, False) for name, data in files), epoch)
        return json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]


Member = Tuple[str, bytes, "str | None", bool]


def with_folders(contents: Contents) -> Iterable[Member]:
    """In an order in which each folder comes before what is in it."""
    folders = {str(folder) for path in contents for folder in Path(path).parents} - {"."}
    for path in sorted(folders | set(contents)):
        entry = contents.get(path)
        yield (path, entry.data, entry.link, entry.executable) if entry else (f"{path}/", b"", None, True)


def add(tar: tarfile.TarFile, members: Iterable[Member], epoch: int) -> None:
    """All belongs to root and is nobody's to write."""
    for name, data, link, executable in members:
        member = tarfile.TarInfo(name.rstrip("/"))
        member.mtime = epoch
        member.mode = 0o755 if executable else 0o644
        if name.endswith("/"):
            member.type = tarfile.DIRTYPE
        elif link is not None:
            member.type, member.linkname, member.mode = tarfile.SYMTYPE, link, 0o777
        else:
            member.size = len(data)
        tar.addfile(member, io.BytesIO(data))


def _umoci(*arguments: object) -> None:
    done = subprocess.run(["umoci", *map(str, arguments)], text=True, capture_output=True, check=False)
    if done.returncode:
        raise OSError(f"umoci {arguments[0]} failed: {done.stderr.strip()}")
