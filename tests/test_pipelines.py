"""The pipelines of docs/ci.md: they can be read, and every flag in them exists."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dpsctl.cli import tree
from dpsctl.reference.tree import pages

PAGE = (Path(__file__).parents[1] / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"\bdpsctl (diff|apply)([^\n\"']*)", "".join(code for _, code in BLOCKS))
OPTIONS = {
    page.path[-1]: {name for option in page.options for name in option.names}
    for page in pages(tree())
    if page.path[1:] in (("diff",), ("apply",))
}


def test_there_are_pipelines():
    assert [language for language, _ in BLOCKS] == ["yaml", "yaml", "hcl", "hcl"]
    assert len(COMMANDS) >= 7


@pytest.mark.parametrize("code", [code for language, code in BLOCKS if language == "yaml"])
def test_pipeline_is_yaml(code):
    assert isinstance(yaml.safe_load(code), dict)


@pytest.mark.parametrize(("name", "rest"), COMMANDS)
def test_every_flag_in_a_pipeline_exists(name, rest):
    assert set(re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest)) <= OPTIONS[name]


def test_terraform_applies_the_fleet(tmp_path, run):
    terraform = shutil.which("terraform") or pytest.skip("there is no terraform")
    code = next(code for language, code in BLOCKS if "terraform_data" in code)
    (tmp_path / "main.tf").write_text(code, encoding="utf-8")
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "line-5.yaml").write_text(
        "enrollmentGroupId: line-5\nattestation: {type: symmetricKey, symmetricKey: "
        "{primaryKey: {$env: LINE5_KEY}}}\n",
        encoding="utf-8",
    )
    (tmp_path / "dpsctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m dpsctl "$@"\n')
    (tmp_path / "dpsctl").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "TF_VAR_line5_key": "ZHBzY3RsLWV4YW1wbGUtZ3JvdXAta2V5LWRwc2N0bA==",
    }
    for words in (["init"], ["apply", "-auto-approve"]):
        subprocess.run([terraform, *words], cwd=tmp_path, env=environ, check=True, timeout=100)

    assert run("enrollment-group show --gid line-5").json["enrollmentGroupId"] == "line-5"
