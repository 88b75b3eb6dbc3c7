"""What the worker pretends."""

from opsnb.worker.pretence import STEPS, plan


def test_a_plan_is_always_the_same_and_takes_10_to_20_seconds():
    for type_ in [*STEPS, "unheard.of"]:
        plans = [plan(number, type_, {}) for number in range(100)]
        assert plans == [plan(number, type_, {}) for number in range(100)]
        assert all(10 <= 1.5 * p.steps <= 20 for p in plans)
        assert sum(p.error is None for p in plans) == 80
    for hostile in (None, True, -1, 0, "9", 2**80, [1]):
        assert plan(1, "archive.purge", {"total": hostile, "device_scope": hostile}).total == 12
    assert plan(7, "inventory.sync", {"device_scope": {"site": ["x"]}}).error
