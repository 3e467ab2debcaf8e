"""Man pages: what stands on them, and what mandoc says of them."""

import re
import subprocess

import pytest

from dpsctl import PROJECT_URL
from dpsctl.cli import tree
from dpsctl.reference.topics import EXIT_CODES, topics
from dpsctl.reference.tree import TOPICS, pages

PAGES = {page.name: page for page in pages(tree())}
MADE = topics(PAGES.values())
EXAMPLES = {
    example
    for page in (*PAGES.values(), *(part for topic in MADE.values() for part in topic.sections))
    for example in page.examples
}


@pytest.fixture(scope="session")
def rendered(reference, program):
    """Read a man page as it shows on a terminal of 80 columns, blanks made one."""

    def read(name):
        shown = subprocess.run(
            [program("mandoc"), "-T", "utf8", "-O", "width=78", reference / "man" / name],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        plain = re.sub(".\b", "", shown)
        wide = [line for line in map(str.strip, plain.splitlines()) if len(line) > 80]
        assert [line for line in wide if line not in EXAMPLES] == []
        return " ".join(plain.split())

    return read


def test_mandoc_finds_nothing_to_complain_of(reference, program):
    found = subprocess.run(
        [program("mandoc"), "-T", "lint", *sorted((reference / "man").iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.returncode, found.stdout) == (0, "")


def test_every_command_and_topic_has_a_page(reference):
    made = {path.name for path in (reference / "man").iterdir()}

    assert made == {f"{name}.1" for name in PAGES} | {f"dpsctl-{name}.7" for name in TOPICS}


@pytest.mark.parametrize("name", PAGES)
def test_page_tells_all_of_every_option(rendered, name):
    page, shown = PAGES[name], rendered(f"{name}.1")

    for option in page.options:
        start = shown.index(f"{option.names[0]} ".rstrip(), shown.index(" OPTIONS "))
        told = shown[start:]
        wanted = [*option.names, *option.help.split(), *option.choices, *option.envvars]
        missing = [word for word in wanted if word not in told]
        assert missing == [], option.names
        if option.default:
            assert f"Default: {option.default}." in told


@pytest.mark.parametrize("name", PAGES)
def test_page_tells_every_exit_code_and_names_its_neighbours(rendered, name):
    page, shown = PAGES[name], rendered(f"{name}.1")

    listed = re.findall(r" (\d+) [A-Zd]", shown[shown.index("EXIT STATUS") :])
    assert {code for code, _ in EXIT_CODES.entries} <= set(listed)
    for member, _ in page.members:
        assert f"{name}-{member}(1)" in shown


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_the_command_s_examples_as_they_are_typed(rendered, name):
    shown = rendered(f"{name}.1")

    assert len(PAGES[name].examples) >= 2
    assert [line for line in PAGES[name].examples if " ".join(line.split()) not in shown] == []


def test_every_topic_shows_two_examples():
    told = {
        name: sum(len(section.examples) for section in topic.sections)
        for name, topic in MADE.items()
    }

    assert {name for name, count in told.items() if count < 2} == set()


def test_title_is_whole_and_the_project_is_named(rendered):
    """groff cuts a title that does not fit twice into a line of 80 columns."""
    for name in (*(f"{name}.1" for name in PAGES), *(f"dpsctl-{name}.7" for name in TOPICS)):
        shown = rendered(name)
        assert re.match(r"DPSCTL\(([17])\) .* DPSCTL\(\1\) NAME dpsctl", shown)
        assert PROJECT_URL in shown


def test_synopsis_shows_what_has_to_be_given(rendered):
    shown = rendered("dpsctl-enrollment-group-registration-show.1")

    assert "registration show --registration-id ID [options]" in shown


def test_man_prints_the_page_that_would_be_installed(run_offline, reference):
    printed = run_offline("man enrollment-group create").out

    assert printed.rstrip("\n") + "\n" == (
        reference / "man/dpsctl-enrollment-group-create.1"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize("topic", TOPICS)
def test_man_prints_topics_too(run_offline, reference, topic):
    words = f"7 {topic}" if f"dpsctl-{topic}" in PAGES else topic

    printed = run_offline(f"man {words}").out

    page = (reference / f"man/dpsctl-{topic}.7").read_text(encoding="utf-8")
    assert printed.rstrip("\n") + "\n" == page


@pytest.mark.parametrize("topic", TOPICS)
def test_page_of_a_topic_shows_all_of_it(rendered, topic):
    page, shown = MADE[topic], rendered(f"dpsctl-{topic}.7")

    examples = [line for section in page.sections for line in section.examples]
    entries = [*page.entries, *(entry for section in page.sections for entry in section.entries)]
    assert [line for line in examples if " ".join(line.split()) not in shown] == []
    assert [term for term, _ in entries if term not in shown] == []
    assert [one.title for one in page.sections if one.title not in shown] == []


def test_man_takes_the_command_where_a_topic_has_its_name(run_offline):
    assert run_offline("man emulator").out == run_offline("man 1 emulator").out
    assert run_offline("man emulator").out != run_offline("man 7 emulator").out


def test_man_says_which_page_there_is_not(run_offline):
    ran = run_offline("man enrolment", expect=2)

    assert "There is no page dpsctl-enrolment" in ran.err


def test_man_installs_all_pages_where_man_finds_them(run_offline, tmp_path, reference):
    run_offline(["man", "--install", tmp_path / "share/man"])

    installed = {path.name: path.parent.name for path in (tmp_path / "share/man").glob("*/*")}
    assert installed == {
        path.name: f"man{path.suffix[1:]}" for path in (reference / "man").iterdir()
    }


def test_man_says_why_it_cannot_install(run_offline, tmp_path):
    (tmp_path / "file").touch()

    ran = run_offline(["man", "--install", tmp_path / "file"], expect=2)

    assert "--install" in ran.err
