#!/usr/bin/env python3
"""Fails if a crate of the workspace has a licence that deny.toml does not allow."""
import json
import re
import subprocess
import sys
import tomllib

allowed = set(tomllib.load(open("deny.toml", "rb"))["licenses"]["allow"])
banned = {entry["crate"] for entry in tomllib.load(open("deny.toml", "rb"))["bans"]["deny"]}
metadata = json.loads(subprocess.run(
    ["cargo", "metadata", "--format-version", "1", "--all-features", "--locked"], check=True, stdout=subprocess.PIPE).stdout)


def permitted(expression):
    """An SPDX expression holds if some choice of its OR branches names allowed licences only."""
    text = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|[^\s()]+", text)

    def parse_or():
        value = parse_and()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            value = parse_and() or value
        return value

    def parse_and():
        value = parse_one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            value = parse_one() and value
        return value

    def parse_one():
        token = tokens.pop(0)
        if token == "(":
            value = parse_or()
            tokens.pop(0)
            return value
        if tokens[:1] == ["WITH"]:
            token = f"{token} WITH {tokens[1]}"
            del tokens[:2]
        return token in allowed

    return parse_or()


bad = [f"{p['name']} {p['version']}: licence {p['license']!r} is not allowed" for p in metadata["packages"]
       if not permitted(p["license"] or "none stated")]
bad += [f"{p['name']} {p['version']}: banned" for p in metadata["packages"] if p["name"] in banned]
print("\n".join(bad) or f"licences of {len(metadata['packages'])} crates are allowed")
sys.exit(bool(bad))
