"""A good answer in which one node is of another type: every command says so and ends well."""

import json
import random
import shlex

OTHERS = [
    None, True, 0, -1.5, 10**30, float("nan"), float("inf"), "", "text", "²", "\ud800", "a" * 300,
    "\u0661", "\x1b[2J\r\n", [], [[]], [None], [{}], {}, {"a": []}, {"": None},
]  # fmt: skip
A_FEW = 24


def nodes(value, path=()):
    """Every place in a JSON value, the whole of it first."""
    yield path
    if isinstance(value, dict | list):
        for step, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(part, (*path, step))


def with_other(value, path, other):
    if not path:
        return other
    changed = value.copy()
    changed[path[0]] = with_other(value[path[0]], path[1:], other)
    return changed


def spoiled(kept, chance):
    """Return *kept* answers with one node of one of them replaced, and what that was."""
    at = chance.randrange(len(kept))
    where, (status, headers, content) = kept[at]
    body = json.loads(content or "null")
    path, other = chance.choice(list(nodes(body))), chance.choice(OTHERS)
    changed = json.dumps(with_other(body, path, other)).encode()
    told = (where, (200 if status == 204 else status, headers, changed))
    return [*kept[:at], told, *kept[at + 1 :]], f"{where}: {path} is {other!r}"


def test_no_answer_of_another_shape_ends_badly(front, run_offline, files, line, before, seed):
    for earlier in before:
        run_offline(earlier.format_map(files))
    front.kept.clear()
    line = line.format_map(files)
    ran = run_offline(line, expect=None)
    kept, chance = list(front.kept), random.Random(f"{line} {seed}")
    assert kept, ran

    for _ in range(A_FEW):
        answers, what = spoiled(kept, chance)
        front.tell_again(answers)
        ran = run_offline(line, expect=None)

        assert "This should not have happened" not in ran.err, f"{what}\n{shlex.quote(line)}\n{ran}"
        assert ran.code in range(11), f"{what}\n{ran}"
        assert ran.code in (0, 10) or ran.err or "failed" in ran.out, f"{what}\n{ran}"
