"""Store and audit log killed fifty times, and out of room at fifty moments: nothing acknowledged is lost."""

import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from nosology.feedback.checking import check, compare
from nosology.feedback.store import FeedbackStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

WRITER = """
    import resource, signal, sys, uuid
    from pathlib import Path
    from nosology.feedback.audit import AuditError, AuditLog
    from nosology.feedback.ledger import Ledger
    from nosology.feedback.store import Decision, FeedbackStore, StoreError

    state, n, room = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = FeedbackStore(f"sqlite:///{state / 'feedback.db'}")
    store.create()
    audit = AuditLog(state / "audit.jsonl")
    ledger = Ledger(store, audit)
    ledger.begin()
    print("begun", flush=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if room:
        resource.setrlimit(resource.RLIMIT_FSIZE, (audit.path.stat().st_size + room, hard))
    for number in range(n):
        if room and number == n - 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        name = str(uuid.uuid4())
        decision = Decision(name, "a", "", "", "a" * 64, "b" * 64, "X", 0.5, False, ("X",), "accepted", "X")
        try:
            ledger.take(decision)
        except (AuditError, StoreError):
            print("refused", flush=True)
            continue
        print(name, flush=True)
"""


def writer(state: Path, n: int, room: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(state), str(n), str(room)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def assert_whole(state: Path, acknowledged: set[str]) -> None:
    """Start once more and end, then compare what was acknowledged with store and log."""
    assert writer(state, 0, 0).communicate(timeout=60)[0] == "begun\n"
    store = FeedbackStore(f"sqlite:///{state / 'feedback.db'}")
    stored = store.all()
    store.close()
    assert acknowledged <= {decision.decision_id for decision in stored}
    found = check(state / "audit.jsonl")
    assert (found.first_broken, found.head_problem) == (None, None)
    compared = compare(state / "audit.jsonl", stored)
    assert (compared.edited, compared.missing, compared.unlogged) == ((), (), ())


def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    rng, acknowledged = random.Random(16), set()
    for _ in range(50):
        process = writer(tmp_path, 100_000, 0)
        assert process.stdout.readline() == "begun\n"
        time.sleep(rng.uniform(0, 0.2))
        process.kill()
        rest, _ = process.communicate(timeout=60)
        acknowledged |= {line for line in rest.splitlines() if len(line) == 36}
    assert len(acknowledged) > 50
    assert_whole(tmp_path, acknowledged)


def test_fifty_moments_without_room_lose_nothing_and_writing_goes_on(tmp_path: Path) -> None:
    rng, acknowledged, n_refused = random.Random(16), set(), 0
    for _ in range(50):
        lines = writer(tmp_path, 8, rng.randrange(1, 2_000)).communicate(timeout=60)[0].splitlines()
        n_refused += lines.count("refused")
        assert len(lines[-1]) == 36, "with room again, the last decisions are taken"
        acknowledged |= {line for line in lines if len(line) == 36}
    assert n_refused > 50
    assert_whole(tmp_path, acknowledged)
