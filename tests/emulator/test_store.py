"""The store by itself: steps, pages, what is kept."""

import os
import sqlite3
from contextlib import closing
from threading import Thread

import pytest

from dpsctl.emulator.store import Store
from dpsctl.errors import UsageError


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    path = ":memory:" if request.param == "memory" else str(tmp_path / "db")
    with closing(Store(path)) as opened:
        yield opened


def test_record_comes_back_by_id_in_any_case(store):
    store.put("kind", "Id", {"b": None, "a": 1})

    assert list(store.get("kind", "iD").items()) == [("b", None), ("a", 1)]
    assert store.get("other", "id") is None


def test_overwritten_record_keeps_its_place(store):
    for name in "abc":
        store.put("kind", name, {"name": name})
    store.put("kind", "A", {"name": "new a"})

    assert [record["name"] for record in store.page("kind", 9)[0]] == ["new a", "b", "c"]


def test_pages_follow_each_other_to_the_end(store):
    for name in "abc":
        store.put("kind", name, {"name": name}, label="L")
    store.put("kind", "d", {"name": "d"}, label="other")

    first, after = store.page("kind", 2, label="l")
    second, end = store.page("kind", 2, after, label="l")

    assert [record["name"] for record in first + second] == ["a", "b", "c"]
    assert end is None


def test_count_counts_one_label(store):
    store.put("kind", "a", {}, label="x509")
    store.put("kind", "b", {}, label="other")

    assert store.count("kind", "x509") == 1


def test_failed_step_leaves_nothing_behind(store):
    def write_and_fail():
        with store.writing():
            store.put("kind", "a", {})
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()

    assert store.get("kind", "a") is None


def test_reset_forgets_records_but_not_what_was_kept(store):
    store.put("kind", "a", {})
    store.keep("name", "value")

    store.reset()

    assert store.get("kind", "a") is None
    assert store.kept("name") == "value"


def test_steps_of_many_threads_do_not_mix(store):
    store.put("kind", "n", {"n": 0})

    def add():
        for _ in range(20):
            with store.writing():
                store.put("kind", "n", {"n": store.get("kind", "n")["n"] + 1})

    threads = [Thread(target=add) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get("kind", "n") == {"n": 100}


def test_file_is_for_its_owner_only_and_written_through(tmp_path):
    with closing(Store(str(tmp_path / "db"))) as store:
        store.put("kind", "a", {})
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}

        assert modes == {"db": 0o600, "db-wal": 0o600, "db-shm": 0o600}
        assert store._database.execute("PRAGMA synchronous").fetchone() == (2,)


def test_lookups_and_pages_use_indexes(store):
    plans = [
        "SELECT body FROM records WHERE kind = 'k' AND key = 'a'",
        "SELECT seq, body FROM records WHERE kind = 'k' AND seq > 1 ORDER BY seq LIMIT 9",
        "SELECT seq, body FROM records WHERE kind = 'k' AND label = 'l' AND seq > 1 ORDER BY seq",
    ]

    for sql in plans:
        plan = " ".join(row[3] for row in store._database.execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert "USING INDEX" in plan
        assert "TEMP B-TREE" not in plan


def other_database(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE records (id TEXT)")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(lambda path: path.mkdir(), "it is not a file", id="a folder"),
        pytest.param(os.mkfifo, "it is not a file", id="a FIFO"),
        pytest.param(
            lambda path: path.write_bytes(b"no database" * 100),
            "file is not a database",
            id="another file",
        ),
        pytest.param(other_database, "it holds something else", id="of another program"),
    ],
)
def test_unusable_file_is_a_usage_error_that_names_it_and_is_left_alone(tmp_path, make, problem):
    path = tmp_path / "db"
    make(path)
    path.chmod(0o640)
    before = path.is_file() and path.read_bytes()

    with pytest.raises(UsageError, match=f"--db .*db: cannot be used as a database: {problem}"):
        Store(str(path))

    assert path.stat().st_mode & 0o777 == 0o640
    assert (path.is_file() and path.read_bytes()) == before
    assert list(tmp_path.iterdir()) == [path]


def test_file_of_an_emulator_that_others_could_read_is_its_owners_again(tmp_path):
    path = tmp_path / "db"
    Store(str(path)).close()
    path.chmod(0o644)

    Store(str(path)).close()

    assert path.stat().st_mode & 0o777 == 0o600
