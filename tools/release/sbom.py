"""The software bill of materials, in SPDX 2.3 (JSON)."""

import hashlib
import re
from datetime import datetime, timezone
from typing import Any, Dict, List

from . import debian

Document = Dict[str, Any]


def document(version: str, program_sha256: str, shipped: List[str], built_with: List[str], epoch: int) -> Document:
    """`shipped`: Debian packages that have files in the image; `built_with`: those whose headers are compiled into the program."""
    contained = [debian.package(name) for name in shipped]
    compiled = [debian.package(name) for name in built_with]
    identity = hashlib.sha256("\n".join([program_sha256, *(package.purl for package in contained)]).encode()).hexdigest()
    program = {
        "SPDXID": "SPDXRef-Package-curfew", "name": "curfew", "versionInfo": version, "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION", "checksums": [{"algorithm": "SHA256", "checksumValue": program_sha256}],
    }
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"curfew-{version}",
        "documentNamespace": f"https://curfew.dev/spdx/curfew-{version}-{identity[:32]}",
        "creationInfo": {"created": datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: curfew-build-image"]},
        "documentDescribes": [program["SPDXID"]],
        "packages": [program, *map(_package, sorted({*contained, *compiled}))],
        "relationships": [
            _relationship("SPDXRef-DOCUMENT", "DESCRIBES", program["SPDXID"]),
            *(_relationship(program["SPDXID"], "DEPENDS_ON", _identifier(package)) for package in contained),
            *(_relationship(_identifier(package), "BUILD_DEPENDENCY_OF", program["SPDXID"]) for package in compiled),
        ],
    }


def _identifier(package: debian.Package) -> str:
    """Letters, digits, '.' and '-' only (SPDX 2.3, section 3.2)."""
    return f"SPDXRef-Package-deb-{re.sub(r'[^A-Za-z0-9.-]', '-', package.name)}"


def _package(package: debian.Package) -> Document:
    return {
        "SPDXID": _identifier(package), "name": package.name, "versionInfo": package.version, "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION", "sourceInfo": f"built from Debian source package {package.source} {package.source_version}",
        **({"homepage": package.homepage} if package.homepage else {}),
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package.purl}],
    }


def _relationship(element: str, kind: str, related: str) -> Document:
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}
