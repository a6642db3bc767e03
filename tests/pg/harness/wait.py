"""Waiting on conditions. Tests never sleep for a fixed time."""

import time


def wait_until(condition, deadline=30.0, what=None, interval=0.02):
    """Calls `condition` until it is true and returns its value; fails after `deadline` seconds."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            name = what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"waited {deadline:g} s in vain for: {name} (last value {value!r})")
        time.sleep(interval)
