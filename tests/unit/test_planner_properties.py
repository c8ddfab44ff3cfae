"""What must hold on any machine: nothing is over its budget, levers are obeyed, and more hardware is never worse."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from launcher import catalog, planner
from launcher.core.codec import from_json, to_json
from launcher.core.machine import Cpu, Disk, Gpu, Machine, Ram
from launcher.core.plans import Goal, Plan, Wishes
from launcher.core.units import GIB
from launcher.planner.machine_view import view
from launcher.planner.worth import plan_worth
from tests.depth import part

KNOWN = catalog.load()
# One of every kind: dense, the old and the new MLA layout, sparse attention, compressed cache; small and squeezed files.
MODELS = [
    (KNOWN.find(model), KNOWN.find(model).quant(quant))
    for model, quant in (
        ("r1-distill-qwen-1.5b", "Q4_K_M"),
        ("r1-0528-qwen3-8b", "Q8_0"),
        ("r1-distill-qwen-32b", "Q4_K_M"),
        ("coder-v2-lite-instruct", "Q4_K_M"),
        ("r1-0528", "UD-IQ1_S"),
        ("v3.2", "UD-TQ1_0"),
        ("v4-flash-0731", "UD-Q4_K_XL"),
    )
]
# Whole blocks go to a card or not, buffers grow in steps, estimates choose: a larger machine may come out this much
# below a smaller one.
TOLERANCE = 0.98

gib = lambda low, high: st.integers(low * 16, high * 16).map(lambda n: n * GIB // 16)  # noqa: E731
gpus = st.builds(
    lambda free, bandwidth, backend: Gpu(
        "G", "nvidia", backend, free + GIB, free, bandwidth, bandwidth and bandwidth * 120, 20e9
    ),
    gib(0, 96),
    st.sampled_from([None, 60e9, 200e9, 450e9, 1000e9, 1800e9]),
    st.sampled_from(["cuda", "cuda", "vulkan", None]),
)


def machine_of(cards, free, bandwidth, disk_bytes_s=3e9):
    disks = (Disk("/", 10**13, read_bytes_s=disk_bytes_s),)
    return Machine("m", "linux", Cpu("c", 8, 16), Ram(free + 4 * GIB, free, bandwidth), tuple(cards), disks)


def machines(least=0, most=3):
    cards = st.lists(gpus, min_size=least, max_size=most)
    return st.builds(machine_of, cards, gib(2, 300), st.sampled_from([30e9, 60e9, 90e9]))


models = st.integers(0, len(MODELS) - 1)  # by number: a failing example is printed whole
wishes = st.builds(
    Wishes,
    goal=st.sampled_from([Goal.BALANCED, Goal.LONGEST_CONTEXT]),
    context=st.sampled_from([None, None, 4096, 20_000]),
)


def is_no_worse(better, than, wishes):
    """As good for the goal: it fits if the other did, needs the disk only if the other did, and is worth as much."""
    assert better.fits >= than.fits
    if not than.fits:
        return
    assert bool(better.paged_bytes) <= bool(than.paged_bytes)
    a, b = plan_worth(better, wishes), plan_worth(than, wishes)
    assert a[0] >= b[0] * TOLERANCE
    assert a[0] > b[0] or a[1] >= b[1] * TOLERANCE or wishes.goal is not Goal.LONGEST_CONTEXT


@settings(max_examples=part(50), deadline=None)
@given(machine=machines(most=8), model=models, wishes=wishes, caps=st.lists(st.none() | gib(0, 20), max_size=8))
def test_nothing_is_over_its_budget_on_any_machine(machine, model, wishes, caps):
    wishes = replace(wishes, vram_caps_bytes=tuple(caps))
    p = planner.plan(machine, *MODELS[model], wishes)
    assert from_json(Plan, to_json(p)) == p
    assert p.speed.decode_low <= p.speed.decode_tokens_s <= p.speed.decode_high
    weights = sum(d.weights_bytes for d in p.memory.devices)
    whole = MODELS[model][1].facts.weights_bytes
    assert weights == whole or (p.paged_bytes and weights < whole)
    assert p.fits == (not p.missing_bytes)
    assert p.context == (wishes.context or p.context)
    if not p.fits:
        return
    budgets = {g.index: g for g in view(machine, wishes).gpus}
    assert len(p.memory.devices) <= len(budgets) + 1
    for device in p.memory.devices:
        reserve = wishes.vram_reserve_bytes if device.kind == "gpu" else wishes.ram_reserve_bytes
        assert device.total_bytes <= device.free_bytes - reserve
        assert device.kind == "host" or any(
            device.free_bytes == g.free_bytes and device.total_bytes <= g.budget_bytes + g.unaccounted_bytes
            for g in budgets.values()
        )


@settings(max_examples=part(30), deadline=None)
@given(machine=machines(least=1), model=models, wishes=wishes, more=st.integers(1, 32), which=st.integers(0, 2))
def test_more_vram_is_never_worse(machine, model, wishes, more, which):
    i = which % len(machine.gpus)
    gpu = machine.gpus[i]
    larger = replace(
        gpu, vram_free_bytes=gpu.vram_free_bytes + more * GIB, vram_total_bytes=gpu.vram_total_bytes + more * GIB
    )
    cards = (*machine.gpus[:i], larger, *machine.gpus[i + 1 :])
    is_no_worse(
        planner.plan(replace(machine, gpus=cards), *MODELS[model], wishes),
        planner.plan(machine, *MODELS[model], wishes),
        wishes,
    )


@settings(max_examples=part(30), deadline=None)
@given(machine=machines(), model=models, wishes=wishes, more=st.integers(1, 64))
def test_more_ram_is_never_worse(machine, model, wishes, more):
    ram = replace(
        machine.ram, free_bytes=machine.ram.free_bytes + more * GIB, total_bytes=machine.ram.total_bytes + more * GIB
    )
    is_no_worse(
        planner.plan(replace(machine, ram=ram), *MODELS[model], wishes),
        planner.plan(machine, *MODELS[model], wishes),
        wishes,
    )


@settings(max_examples=part(30), deadline=None)
@given(
    machine=machines(), model=models, wishes=wishes, rates=st.tuples(*[st.sampled_from([None, 0.5e9, 3e9, 14e9])] * 2)
)
def test_a_faster_disk_is_never_worse(machine, model, wishes, rates):
    """Nor one whose speed is known beside one where it is not."""
    slow, fast = (
        planner.plan(replace(machine, disks=(Disk("/", 10**13, read_bytes_s=rate),)), *MODELS[model], wishes)
        for rate in sorted(rates, key=lambda rate: rate or 0)
    )
    is_no_worse(fast, slow, wishes)


@settings(max_examples=part(30), deadline=None)
@given(machine=machines(), model=models, wishes=wishes, times=st.sampled_from([1.1, 1.5, 3.0]))
def test_more_bandwidth_is_never_worse(machine, model, wishes, times):
    faster = replace(
        machine,
        ram=replace(machine.ram, bandwidth_bytes_s=machine.ram.bandwidth_bytes_s * times),
        gpus=tuple(
            replace(g, bandwidth_bytes_s=g.bandwidth_bytes_s and g.bandwidth_bytes_s * times) for g in machine.gpus
        ),
        disks=tuple(replace(d, read_bytes_s=d.read_bytes_s * times) for d in machine.disks),
    )
    a, b = planner.plan(faster, *MODELS[model], wishes), planner.plan(machine, *MODELS[model], wishes)
    is_no_worse(a, b, wishes)


@settings(max_examples=part(25), deadline=None)
@given(
    machine=machines(),
    model=models,
    layers=st.none() | st.integers(0, 28),
    experts=st.none() | st.integers(0, 27),
    context=st.integers(256, 100_000),
    kv_type=st.sampled_from([None, "f16", "q8_0", "q4_0"]),
    n_ubatch=st.sampled_from([None, 64, 1024]),
)
def test_levers_fixed_by_hand_are_obeyed(machine, model, layers, experts, context, kv_type, n_ubatch):
    wishes = Wishes(
        context=context, n_gpu_layers=layers, expert_layers_on_cpu=experts, kv_type=kv_type, n_ubatch=n_ubatch
    )
    placed = planner.plan(machine, *MODELS[model], wishes).placement
    assert placed.n_ctx == context
    assert kv_type in (None, placed.kv_type_k)
    assert n_ubatch in (None, placed.n_ubatch)
    if view(machine, wishes).gpus:
        assert layers in (None, placed.n_gpu_layers)
    if experts is not None:
        assert placed.expert_layers_on_cpu == experts
