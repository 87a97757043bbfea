"""The queue in front of the model: order, budget, bounds, cancellation, and an end that finishes what was begun."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from nosology.machine.patience import ask
from nosology.records import Prediction
from nosology.serve.batching import LONG_CHARACTERS, Batcher, QueueFull, ReadingFailed, Stopping, TooSlow
from nosology.serve.model import CannotSuggest, Reading


class Model:
    """Reads when it is let."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[str], int | None]] = []
        self.gate = threading.Event()
        self.gate.set()

    def read(self, texts: Sequence[str], n_suggestions: int | None) -> list[Reading]:
        self.batches.append((list(texts), n_suggestions))
        self.gate.wait(20)
        if n_suggestions == 99:
            raise CannotSuggest("no codes")
        if "poison" in texts:
            raise ValueError("poison")
        return [Reading(Prediction(text, 1.0, ((text, 1.0),))) for text in texts]


def run(scenario: Any, **options: Any) -> Any:
    """Run a scenario with a model and a batcher; stop the batcher afterwards."""
    model = Model()

    async def main() -> Any:
        batcher = Batcher(model.read, **{"max_tokens": 4096, "max_waiting": 100, "note_tokens": 256, **options})
        batcher.start()
        try:
            async with asyncio.timeout(20):
                return await scenario(model, batcher)
        finally:
            model.gate.set()
            await batcher.stop(5)

    return asyncio.run(main())


def labels(readings: Any) -> Any:
    return [reading.prediction.label for reading in readings]


async def first_in(model: Any, batcher: Any) -> Any:
    """Let one note reach the closed model, so that everything after it waits."""
    model.gate.clear()
    task = asyncio.create_task(batcher.submit(["first"], None))
    while not model.batches:
        await asyncio.sleep(0.001)
    return task


def test_requests_that_came_while_one_was_read_share_the_next_pass() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        others = [asyncio.create_task(batcher.submit([f"{i}a", f"{i}b"], None)) for i in range(3)]
        await asyncio.sleep(0.01)
        model.gate.set()
        assert labels(await first) == ["first"]
        assert [labels(await task) for task in others] == [["0a", "0b"], ["1a", "1b"], ["2a", "2b"]]
        assert [len(texts) for texts, _ in model.batches] == [1, 6]

    run(scenario)


def test_a_pass_stays_within_its_budget_but_one_note_always_fits() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        task = asyncio.create_task(batcher.submit(["x" * 400] * 5 + ["y" * LONG_CHARACTERS], None))
        await asyncio.sleep(0.01)
        model.gate.set()
        await first
        await task
        # 400 characters are 101 tokens and 24 for the answers: two fit into 260, a long note is cut to 256.
        assert [len(texts) for texts, _ in model.batches] == [1, 2, 2, 1, 1]

    run(scenario, max_tokens=260)


def test_categories_and_suggestions_are_read_in_passes_of_their_own() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        kinds = [None, 5, None, 5, 3]
        tasks = [asyncio.create_task(batcher.submit([str(i)], kind)) for i, kind in enumerate(kinds)]
        await asyncio.sleep(0.01)
        model.gate.set()
        await asyncio.gather(first, *tasks)
        assert model.batches[1:] == [(["0", "2"], None), (["1"], 5), (["3"], 5), (["4"], 3)]

    run(scenario)


def test_a_full_queue_refuses_the_whole_request_and_says_when_to_come_back() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        second = asyncio.create_task(batcher.submit(["a", "b", "c"], None))
        await asyncio.sleep(0.01)
        with pytest.raises(QueueFull) as caught:
            await batcher.submit(["d", "e"], None)
        assert caught.value.retry_after_seconds >= 1
        third = asyncio.create_task(batcher.submit(["f"], None))
        model.gate.set()
        assert labels(await third) == ["f"]
        await asyncio.gather(first, second)

    run(scenario, max_waiting=4)


def test_rows_of_tables_wait_for_requests_and_do_not_fill_the_queue() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        rows = asyncio.create_task(batcher.submit_rows([f"row {i}" for i in range(50)]))
        await asyncio.sleep(0.01)
        request = asyncio.create_task(batcher.submit(["urgent"], None))
        await asyncio.sleep(0.01)
        model.gate.set()
        await asyncio.gather(first, rows, request)
        assert model.batches[1][0][:3] == ["urgent", "row 0", "row 1"]

    run(scenario, max_waiting=2)


def test_a_note_whose_request_was_given_up_is_never_read() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        given_up = asyncio.create_task(batcher.submit(["given up"], None))
        kept = asyncio.create_task(batcher.submit(["kept"], None))
        await asyncio.sleep(0.01)
        given_up.cancel()
        await asyncio.sleep(0.01)
        model.gate.set()
        await asyncio.gather(first, kept)
        assert [texts for texts, _ in model.batches] == [["first"], ["kept"]]

    run(scenario)


def test_a_note_that_breaks_the_model_spares_the_notes_beside_it() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        tasks = [asyncio.create_task(batcher.submit([text], None)) for text in ("good", "poison", "better")]
        await asyncio.sleep(0.01)
        model.gate.set()
        await first
        good, poison, better = await asyncio.gather(*tasks, return_exceptions=True)
        assert (labels(good), labels(better)) == (["good"], ["better"])
        assert isinstance(poison, ReadingFailed)
        assert str(poison) == "ValueError", "the kind alone: a message may quote the note"

    run(scenario)


class Panic(BaseException):
    """What a native library raises when it breaks: no Exception."""


def test_a_panic_breaks_its_own_note_and_the_reader_reads_on() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        read = model.read

        def panicking(texts: Any, n_suggestions: Any) -> Any:
            if "poison" in texts:
                raise Panic("called `Option::unwrap()` on a `None` value: the note says SECRET")
            return read(texts, n_suggestions)

        batcher._read = panicking
        poison = asyncio.create_task(batcher.submit(["poison"], None))
        with pytest.raises(ReadingFailed, match=r"^Panic$"):
            await poison
        assert labels(await batcher.submit(["next"], None)) == ["next"]
        assert batcher.is_reading

    run(scenario)


def test_a_model_that_answers_for_too_few_notes_breaks_no_other_request() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        read = model.read
        batcher._read = lambda texts, n: read(texts, n)[: -1 if "lost" in texts else None]
        first = await first_in(model, batcher)
        tasks = [asyncio.create_task(batcher.submit([text], None)) for text in ("good", "lost", "better")]
        await asyncio.sleep(0.01)
        model.gate.set()
        await first
        good, lost, better = await asyncio.gather(*tasks, return_exceptions=True)
        assert (labels(good), labels(better)) == (["good"], ["better"])
        assert isinstance(lost, ReadingFailed)

    run(scenario)


def test_a_run_that_cannot_suggest_is_not_asked_note_by_note() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        with pytest.raises(CannotSuggest):
            await batcher.submit(["a", "b"], 99)
        assert len(model.batches) == 1

    run(scenario)


def test_stopping_reads_what_waits_and_takes_no_more() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        waiting = asyncio.create_task(batcher.submit(["waits"], None))
        await asyncio.sleep(0.01)
        stopping = asyncio.create_task(batcher.stop(10))
        await asyncio.sleep(0.01)
        with pytest.raises(Stopping):
            await batcher.submit(["late"], None)
        model.gate.set()
        assert await stopping == 0
        assert labels(await first) + labels(await waiting) == ["first", "waits"]

    run(scenario)


def test_stopping_gives_up_when_its_time_is_over_and_says_how_much_is_left() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        waiting = asyncio.create_task(batcher.submit(["a", "b"], None))
        await asyncio.sleep(0.01)
        assert await batcher.stop(0.05) == 3
        for task in (first, waiting):
            task.cancel()

    run(scenario)


def test_requests_take_turns_a_note_at_a_time() -> None:
    """One request of three notes to suggest for does not keep others from being read until it is done."""

    async def scenario(model: Any, batcher: Any) -> None:
        first = await first_in(model, batcher)
        long = asyncio.create_task(batcher.submit(["a1", "a2", "a3"], 50))
        await asyncio.sleep(0.01)
        short = asyncio.create_task(batcher.submit(["b"], None))
        other = asyncio.create_task(batcher.submit(["c1", "c2"], 10))
        await asyncio.sleep(0.01)
        model.gate.set()
        await asyncio.gather(first, long, short, other)
        assert [texts for texts, _ in model.batches] == [["first"], ["a1"], ["b"], ["c1"], ["a2"], ["c2"], ["a3"]]

    run(scenario)


def test_a_note_that_takes_too_long_ends_alone_and_the_others_of_its_batch_are_read() -> None:
    def read(texts: Any, _: Any) -> Any:
        while "endless" in texts:
            ask()
        return [Reading(Prediction(text, 1.0, ((text, 1.0),))) for text in texts]

    async def scenario(_: Any, batcher: Any) -> None:
        batcher._read = read
        tasks = [asyncio.create_task(batcher.submit([text], None)) for text in ("good", "endless", "fine")]
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [labels(item) if isinstance(item, list) else type(item) for item in found] == [
            ["good"],
            TooSlow,
            ["fine"],
        ]
        assert found[1].seconds == 0.05

    run(scenario, note_seconds=0.05)


def test_reading_stops_at_its_next_step_when_nobody_waits_any_more() -> None:
    steps = []

    def read(texts: Any, _: Any) -> Any:
        while texts == ["gone"]:
            steps.append(1)
            ask(of_time=False)
        return [Reading(Prediction(text, 1.0, ((text, 1.0),))) for text in texts]

    async def scenario(_: Any, batcher: Any) -> None:
        batcher._read = read
        gone = asyncio.create_task(batcher.submit(["gone"], None))
        while not steps:
            await asyncio.sleep(0.001)
        gone.cancel()
        assert labels(await batcher.submit(["next"], None)) == ["next"]

    run(scenario)


LONG = "x" * (LONG_CHARACTERS + 1)


def closed_to_long_notes(batcher: Any) -> threading.Event:
    """Let the reader wait at long notes until the event is set."""
    read, gate = batcher._read, threading.Event()

    def waits(texts: Any, n_suggestions: Any) -> Any:
        if LONG in texts:
            gate.wait(20)
        return read(texts, n_suggestions)

    batcher._read = waits
    return gate


def test_an_ordinary_note_does_not_wait_behind_a_very_long_one() -> None:
    async def scenario(_: Any, batcher: Any) -> None:
        gate = closed_to_long_notes(batcher)
        long = asyncio.create_task(batcher.submit([LONG], 10))
        while not batcher.seconds_at_work:
            await asyncio.sleep(0.001)
        assert labels(await batcher.submit(["short"], None)) == ["short"]
        assert batcher.seconds_at_work > 0, "the long one is still being read"
        assert not long.done()
        gate.set()
        assert labels(await long) == [LONG]
        assert batcher.seconds_at_work == 0

    run(scenario)


def test_a_request_of_both_kinds_is_answered_in_its_own_order() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        assert labels(await batcher.submit(["a", LONG, "b"], None)) == ["a", LONG, "b"]
        assert sorted(len(texts) for texts, _ in model.batches) == [1, 2]
        found = await batcher.submit_rows([LONG, "c"])
        assert labels(found) == [LONG, "c"]

    run(scenario)


def test_long_notes_count_against_the_queue_and_against_the_time_to_stop() -> None:
    async def scenario(_: Any, batcher: Any) -> None:
        gate = closed_to_long_notes(batcher)
        tasks = [asyncio.create_task(batcher.submit([LONG], None))]
        while not batcher.seconds_at_work:
            await asyncio.sleep(0.001)
        tasks += [asyncio.create_task(batcher.submit([LONG], None)) for _ in range(2)]
        await asyncio.sleep(0.02)
        assert batcher.n_waiting == 2
        with pytest.raises(QueueFull) as caught:
            await batcher.submit(["short"], None)
        assert caught.value.retry_after_seconds >= 1
        assert await batcher.stop(0.05) == 3
        gate.set()
        for task in tasks:
            task.cancel()

    run(scenario, max_waiting=2)


def test_long_notes_of_several_requests_take_turns_too() -> None:
    async def scenario(model: Any, batcher: Any) -> None:
        gate = closed_to_long_notes(batcher)
        first = asyncio.create_task(batcher.submit([LONG], None))
        while not batcher.seconds_at_work:
            await asyncio.sleep(0.001)
        many = asyncio.create_task(batcher.submit([f"{LONG}a", f"{LONG}b"], 5))
        one = asyncio.create_task(batcher.submit([f"{LONG}c"], 5))
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(first, many, one)
        assert [texts[0][-1] for texts, _ in model.batches] == ["x", "a", "c", "b"]

    run(scenario)


def test_a_service_of_which_one_reader_ended_does_not_read() -> None:
    async def scenario(_: Any, batcher: Any) -> None:
        assert batcher.is_reading
        batcher._long.task.cancel()
        await asyncio.sleep(0.01)
        assert not batcher.is_reading

    run(scenario)
