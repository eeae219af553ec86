#!/usr/bin/python3
"""Writes a C++ source with the specs of the shipped admission policies and kinds, as JSON: what the controller holds the cluster's against.

Usage: embed_guard.py OUTPUT YAML_FILE...
"""

import json
import re
import sys
from pathlib import Path

import yaml


class CoreSchema(yaml.SafeLoader):
    """Plain scalars by YAML's core schema, as Kubernetes reads them: "on" and "2026-01-01" are texts."""

    yaml_implicit_resolvers = {}


for tag, pattern, first in (("null", r"null|~|", "n~\0"), ("bool", "true|false", "tf"), ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
                            ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789")):
    CoreSchema.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), [c if c != "\0" else "" for c in first])


def specs_of(file: str) -> dict:
    """KIND/NAME -> spec."""
    objects = filter(None, yaml.load_all(Path(file).read_text(encoding="utf-8"), CoreSchema))
    return {f"{each['kind']}/{each['metadata']['name']}": each["spec"] for each in objects}


def main(output: str, *files: str) -> None:
    specs = {}
    for file in files:
        for name, spec in specs_of(file).items():
            if name in specs:
                sys.exit(f"embed_guard: {file}: there are two of {name}")
            specs[name] = spec
    text = json.dumps(specs, ensure_ascii=False, allow_nan=False)
    if ")~~~\"" in text:
        sys.exit("embed_guard: a text contains the end of a C++ raw string")
    Path(output).write_text(
        "#include \"guard/objects.hpp\"\n\nnamespace curfew::guard {\n\n"
        f"std::string_view shipped_guard_json() {{\n  return R\"~~~({text})~~~\";\n}}\n\n}}  // namespace curfew::guard\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
