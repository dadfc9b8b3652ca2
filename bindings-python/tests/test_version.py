import pathlib
import re

import hullmark


def test_version_is_that_of_the_workspace():
    manifest = pathlib.Path(__file__).parents[2] / "Cargo.toml"
    assert hullmark.version() == re.search(r'^version = "(.+)"$', manifest.read_text(), re.M).group(1)
