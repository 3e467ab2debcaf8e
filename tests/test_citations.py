"""What comments and pages cite is there: files and anchors of pages, every source of a fact."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dpsctl.cli import COMMANDS, tree
from dpsctl.reference.topics import as_text, topics
from dpsctl.reference.tree import TOPICS
from dpsctl.reference.tree import pages as tree_pages

ROOT = Path(__file__).parents[1]
FOLDERS = ("dpsctl", "tests", "docs")
CITATION = re.compile(r"docs/([\w-]+\.md)#([\w-]+)")
LINK = re.compile(r"\]\((?!https?:)([^\s()#]*)#?([^\s()]*)\)")
ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
NAMED = re.compile(r"[\w-]+\.md\b")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
SOURCE = re.compile(r"\[([a-z0-9-]+)\](?![(\[])")
DEFINITION = re.compile(r"^\[([a-z0-9-]+)\]: https://\S+$", re.MULTILINE)


def anchors(page: str) -> set[str]:
    """Return what links may end at: written anchors, and headings as GitHub names them."""
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(page)
    }
    return headings | set(ANCHOR.findall(page))


def pages(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").glob("*.md"))]


def citations(root: Path) -> Iterator[tuple[Path, Path, str]]:
    """Yield (who cites, what, its anchor): comments by the root's names, pages by links."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.*")):
            if path.suffix in {".py", ".yaml", ".md"}:
                for page, anchor in CITATION.findall(path.read_text(encoding="utf-8")):
                    yield path, root / "docs" / page, anchor
    for path in pages(root):
        for to, anchor in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
            yield path, (path.parent / to).resolve() if to else path, anchor


def dangling(root: Path) -> list[str]:
    """Return the citations of what is not there."""
    known = {path: anchors(path.read_text(encoding="utf-8")) for path in pages(root)}
    return [
        f"{path.relative_to(root)}: {cited.name}#{anchor}"
        for path, cited, anchor in citations(root)
        if not cited.exists() or (anchor and anchor not in known.get(cited, ()))
    ]


def test_every_anchor_that_is_cited_exists():
    assert dangling(ROOT) == []


def test_citation_of_what_is_not_there_is_found(tmp_path):
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    (tmp_path / "README.md").write_text("## A b\n[a](#a-b) [b](docs/service.md#b3) [c](gone.md)")
    page = '<a id="b3"></a>\n\n### B3 Keys\n\n[a](#b3-keys) [b](#b4) [c](../README.md) `[d](#d)`\n'
    (tmp_path / "docs" / "service.md").write_text(page)
    cited = [f"# docs/{place}" for place in ("service.md#b3", "service.md#b5", "other.md#b3")]
    (tmp_path / "dpsctl" / "keys.py").write_text("\n".join(cited))

    assert dangling(tmp_path) == [
        "dpsctl/keys.py: service.md#b5",
        "dpsctl/keys.py: other.md#b3",
        "README.md: gone.md#",
        "docs/service.md: service.md#b4",
    ]


def test_code_names_no_page_that_a_checkout_lacks():
    named = {
        page
        for path in (ROOT / "dpsctl").rglob("*.*")
        if path.suffix in {".py", ".yaml"}
        for page in NAMED.findall(path.read_text(encoding="utf-8"))
    }

    assert "service.md" in named
    assert named <= {path.name for folder in (ROOT, ROOT / "docs") for path in folder.glob("*.md")}


def test_every_source_of_a_fact_is_named_once_and_used():
    page = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
    defined = DEFINITION.findall(page)
    used = set(SOURCE.findall(CODE.sub("", DEFINITION.sub("", page))))

    assert len(defined) == len(set(defined))
    assert used == set(defined)


def told() -> Iterator[tuple[str, str]]:
    """Yield what man pages and help say: the text of each with its name."""
    for path in sorted((ROOT / "man").iterdir()):
        yield path.name, path.read_text(encoding="utf-8").replace("\\%", "").replace("\\-", "-")
    listed = list(tree_pages(tree()))
    for page in listed:
        yield f"{' '.join(page.path)} --help", f"{page.description} {page.summary}"
    for name, topic in topics(listed).items():
        yield f"help {name}", as_text(topic, 10_000)


TOLD = dict(told())


@pytest.mark.parametrize("name", TOLD)
def test_what_man_pages_and_help_refer_to_is_there(name):
    text = TOLD[name]
    manuals = {path.name for path in (ROOT / "man").iterdir()}
    topics_and_nouns = {*TOPICS, *COMMANDS}

    assert [
        page for page in re.findall(r"\bdocs/[\w-]+\.md", text) if not (ROOT / page).exists()
    ] == []
    assert [
        one
        for one in re.findall(r"^\.Sy (dpsctl[\w-]*) Ns \((\d)\)", text, re.MULTILINE)
        if ".".join(one) not in manuals
    ] == []
    assert set(re.findall(r"'dpsctl help ([a-z-]+)", text)) <= topics_and_nouns


OUTSIDE = re.compile(r"(?:\]\(|^\[[\w-]+\]: |\.Lk )(\w+:[^\s)]*)", re.MULTILINE)


@pytest.mark.parametrize(
    "path", [*pages(ROOT), *sorted((ROOT / "man").iterdir())], ids=lambda path: path.name
)
def test_links_to_the_outside_are_whole_and_over_tls(path):
    """Whether they are answered is for no test to ask."""
    found = OUTSIDE.findall(path.read_text(encoding="utf-8"))

    assert [link for link in found if not re.fullmatch(r"https://[\w.-]+\.\w+(/\S*)?", link)] == []
    assert found or path.suffix == ".md"
