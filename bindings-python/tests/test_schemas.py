"""What the engine prints keeps to the schemas it publishes."""
import json
import pathlib
import subprocess

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).parents[2]
HULLMARK = ROOT / "target" / "release" / "hullmark"
DEMO = ROOT / "examples" / "data" / "demo.oci.tar"
FEED = ROOT / "examples" / "data" / "advisories.jsonl"


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ("report-1", ["scan"]),
        ("report-1", ["scan", DEMO]),
        ("inventory-1", ["inventory", DEMO]),
    ],
)
def test_output_keeps_to_its_schema(schema, arguments):
    printed = subprocess.run([HULLMARK, *arguments, "--format", "json"], check=True, capture_output=True).stdout
    validate(schema, printed)


def test_matches_keep_to_the_schema_of_reports():
    purls = ["pkg:npm/minimist@0.0.8", "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1", "not a package URL"]
    printed = subprocess.run([HULLMARK, "match", "--db", FEED, *purls], check=True, capture_output=True).stdout
    validate("report-1", printed)


def validate(schema, printed):
    text = (ROOT / "schemas" / f"{schema}.schema.json").read_text()
    jsonschema.Draft202012Validator(json.loads(text)).validate(json.loads(printed))
