"""What comments and pages cite is there: every anchor of a page, every source of a fact."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("dpsctl", "tests", "docs")
CITATION = re.compile(r"docs/([\w-]+\.md)#([\w-]+)")
LINK = re.compile(r"\]\(([\w-]+\.md)?#([\w-]+)\)")
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


def citations(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (who cites, page, anchor); pages also cite each other, and themselves, in links."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.*")):
            if path.suffix not in {".py", ".yaml", ".md"}:
                continue
            text, name = path.read_text(encoding="utf-8"), str(path.relative_to(root))
            yield from ((name, page, anchor) for page, anchor in CITATION.findall(text))
            if folder == "docs":
                yield from ((name, page or path.name, to) for page, to in LINK.findall(text))


def dangling(root: Path) -> list[str]:
    """Return the citations of what is not there."""
    pages = {path.name: anchors(path.read_text("utf-8")) for path in (root / "docs").glob("*.md")}
    return [
        f"{name}: {page}#{anchor}"
        for name, page, anchor in citations(root)
        if anchor not in pages.get(page, ())
    ]


def test_every_anchor_that_is_cited_exists():
    assert dangling(ROOT) == []


def test_citation_of_what_is_not_there_is_found(tmp_path):
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    page = '<a id="b3"></a>\n\n### B3 Keys\n\n[known](#b3-keys) [lost](#b4)\n'
    (tmp_path / "docs" / "service.md").write_text(page)
    cited = [f"# docs/{place}" for place in ("service.md#b3", "service.md#b5", "other.md#b3")]
    (tmp_path / "dpsctl" / "keys.py").write_text("\n".join(cited))

    found = ["dpsctl/keys.py: service.md#b5", "dpsctl/keys.py: other.md#b3"]
    assert dangling(tmp_path) == [*found, "docs/service.md: service.md#b4"]


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
