"""The memory model keeps its promise on a cross-section of the accuracy matrix. Run with -s to see the table."""

from tests.bench.plan_accuracy import measure, table, verdict
from tests.bench.plan_accuracy_cases import quick_cases


def test_plan_and_engine_agree():
    rows = measure(quick_cases())
    print(table(rows), verdict(rows), sep="\n\n")
    assert len(rows) >= 40
    assert not [r for r in rows if r.misses], verdict(rows)
