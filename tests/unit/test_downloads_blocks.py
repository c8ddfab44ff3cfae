"""What a transfer fetches next, and what it remembers of it: the pure schedule and the block map, under every order of events."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.downloads.disk.block_map import BlockMap, recorded_bytes
from launcher.downloads.transfer.schedule import Run, Schedule, connections_for

SHA = "ab" * 32
BLOCK = 64


def schedules() -> st.SearchStrategy[Schedule]:
    """Files of some blocks, of which an earlier run left any prefixes of blocks."""

    def build(size: int, connections: int, run_blocks: int, seeds: list[int]) -> Schedule:
        lengths = [min(BLOCK, size - at) for at in range(0, size, BLOCK)]
        present = [seeds[i % len(seeds)] % (length + 1) for i, length in enumerate(lengths)]
        return Schedule(size, BLOCK, present, run_blocks * BLOCK, connections)

    return st.builds(
        build,
        st.integers(1, 40 * BLOCK),
        st.integers(1, 5),
        st.integers(1, 8),
        st.lists(st.sampled_from([0, 0, 0, 1, BLOCK // 2, BLOCK]), min_size=1, max_size=12),
    )


def missing(schedule: Schedule, present: list[int]) -> set[int]:
    return {
        at
        for block, count in enumerate(present)
        for at in range(block * BLOCK + count, block * BLOCK + schedule.length_of(block))
    }


@given(schedules(), st.data())
def test_every_missing_byte_is_fetched_and_none_twice(schedule: Schedule, data: st.DataObject) -> None:
    """Connections that claim, write, break, and take over halves of each other, in any order."""
    wanted = missing(schedule, list(schedule._present))  # pyright: ignore[reportPrivateUsage]
    fetched: list[int] = []
    runs: list[Run] = []
    now = 0.0
    for _ in range(60):
        now += data.draw(st.sampled_from([0.1, 5.0]))
        step = data.draw(st.sampled_from(["claim", "write", "write", "break"]))
        if step == "claim":
            run = schedule.claim(now)
            if run is not None:
                assert run.at < run.end
                runs.append(run)
        elif runs:
            run = data.draw(st.sampled_from(runs))
            if step == "write":
                count = schedule.reserve(run, data.draw(st.integers(1, 3 * BLOCK)))
                fetched += range(run.at, run.at + count)
                schedule.advance(run, count)
            if step == "break" or run.at == run.end:
                schedule.release(run)
                runs.remove(run)
        spans = sorted((r.at, r.end) for r in runs if r.at < r.end)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans)), "no byte is under way twice"
    for run in runs:
        schedule.release(run)
    while (run := schedule.claim(now)) is not None:  # one connection finishes it
        fetched += range(run.at, run.end)
        schedule.advance(run, run.end - run.at)
        schedule.release(run)
    assert schedule.is_complete
    assert len(fetched) == len(set(fetched)), "a byte was fetched twice"
    assert set(fetched) == wanted


@given(schedules(), st.data())
def test_a_lost_block_is_fetched_again_and_nothing_else(schedule: Schedule, data: st.DataObject) -> None:
    while (run := schedule.claim(0)) is not None:
        schedule.advance(run, run.end - run.at)
        schedule.release(run)
    lost = data.draw(st.sets(st.integers(0, schedule.blocks - 1), min_size=1))
    for block in lost:
        assert schedule.lose(block) == schedule.length_of(block)
    again: set[int] = set()
    while (run := schedule.claim(0)) is not None:
        again |= {at // BLOCK for at in range(run.at, run.end)}
        schedule.advance(run, run.end - run.at)
        schedule.release(run)
    assert again == lost
    assert schedule.is_complete


def test_runs_come_from_the_front_and_share_the_file() -> None:
    schedule = Schedule(40 * BLOCK, BLOCK, [0] * 40, 2 * BLOCK, 4)
    runs = [schedule.claim(0) for _ in range(4)]
    assert [(r.at // BLOCK, r.end // BLOCK) for r in runs if r] == [(0, 10), (10, 18), (18, 24), (24, 28)]


def test_the_slowest_run_is_split_when_nothing_is_left_to_claim() -> None:
    schedule = Schedule(16 * BLOCK, BLOCK, [0] * 16, 8 * BLOCK, 2)
    slow, fast = schedule.claim(0), schedule.claim(0)
    assert slow is not None
    assert fast is not None
    schedule.advance(slow, BLOCK)
    schedule.advance(fast, fast.end - fast.at)
    schedule.release(fast)
    half = schedule.claim(10)
    assert half is not None
    assert (slow.end, half.at, half.end) == (5 * BLOCK, 5 * BLOCK, 8 * BLOCK)
    assert schedule.claim(10.5) is not None, "what was just begun is left alone, the slow one is split further"
    assert slow.end == 3 * BLOCK


def test_what_a_connection_has_in_its_hands_is_not_taken_away() -> None:
    schedule = Schedule(8 * BLOCK, BLOCK, [0] * 8, 8 * BLOCK, 2)
    run = schedule.claim(0)
    assert run is not None
    assert schedule.reserve(run, 7 * BLOCK + 1) == 7 * BLOCK + 1
    assert schedule.claim(100) is None
    schedule.advance(run, 7 * BLOCK + 1)
    assert run.end == 8 * BLOCK


@pytest.mark.parametrize(("size", "expected"), [(1, 1), (63, 1), (64, 1), (128, 2), (10_000, 4)])
def test_small_files_have_few_connections(size: int, expected: int) -> None:
    assert connections_for(size, 4, 64) == expected


@given(
    st.integers(1, 10 * BLOCK), st.lists(st.tuples(st.integers(0, 9), st.integers(0, BLOCK), st.integers(0, 2**32 - 1)))
)
def test_a_map_says_after_reopening_what_was_noted(
    tmp_path_factory: pytest.TempPathFactory, size: int, notes: list[tuple[int, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("map") / "map"
    expected: dict[int, tuple[int, int]] = {}
    with BlockMap(path, SHA, size, BLOCK) as block_map:
        for block, length, crc in notes:
            if block < len(block_map):
                length = min(length, block_map.length_of(block))
                block_map.write(block, length, crc)
                expected[block] = (length, crc)
    assert recorded_bytes(path, SHA, size) == sum(length for length, _ in expected.values())
    with BlockMap(path, SHA, size, 7) as again:  # the old block size stays
        present = again.present()
        assert again.block_bytes == BLOCK
        for block in range(len(again)):
            length, crc = expected.get(block, (0, 0))
            assert (present[block], again.crc(block)) == (length, crc)


@given(st.integers(1, 10 * BLOCK), st.integers(0, 12 * BLOCK))
def test_a_part_without_a_map_counts_as_its_front(
    tmp_path_factory: pytest.TempPathFactory, size: int, prefix: int
) -> None:
    path = tmp_path_factory.mktemp("map") / "map"
    with BlockMap(path, SHA, size, BLOCK, prefix_bytes=prefix) as block_map:
        present = block_map.present()
        assert sum(present) == min(prefix, size)
        assert all(block_map.crc(b) is None for b, count in enumerate(present) if count), "it has to be looked at"


def test_a_map_that_is_damaged_or_of_another_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "map"
    with BlockMap(path, SHA, 5 * BLOCK, BLOCK) as block_map:
        block_map.write(0, BLOCK, 1)
    sound = path.read_bytes()
    assert recorded_bytes(path, "cd" * 32, 5 * BLOCK) is None
    assert recorded_bytes(path, SHA, 5 * BLOCK + 1) is None
    for damaged in (sound[:-1], sound + b"x", sound[:50] + b"\xff" + sound[51:], sound[:64], b"", b"x" * 10_000):
        path.write_bytes(damaged)
        assert recorded_bytes(path, SHA, 5 * BLOCK) is None
    too_long = bytearray(sound)
    too_long[64:68] = (BLOCK + 1).to_bytes(4, "little")
    path.write_bytes(too_long)
    assert recorded_bytes(path, SHA, 5 * BLOCK) is None
    with BlockMap(path, SHA, 5 * BLOCK, BLOCK, prefix_bytes=BLOCK):
        pass
    assert recorded_bytes(path, SHA, 5 * BLOCK) == BLOCK


@given(st.binary(max_size=200))
def test_no_bytes_in_a_map_do_harm(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("map") / "map"
    with BlockMap(path, SHA, 5 * BLOCK, BLOCK):
        pass
    with path.open("r+b") as stream:
        stream.seek(len(noise) % 90)
        stream.write(noise)
    found = recorded_bytes(path, SHA, 5 * BLOCK)
    assert found is None or 0 <= found <= 5 * BLOCK


def test_a_map_of_a_huge_file_is_small(tmp_path: Path) -> None:
    path = tmp_path / "map"
    with BlockMap(path, SHA, 400 * 10**9, 1 << 20):
        pass
    assert os.stat(path).st_size < 3.1e6
