"""kill -9 of the client at the n-th boundary of the apply, for n = 1, 2, ... until none is left.

CRASH_STEP=1 takes all of them (make check-crash-long); more leaves some out."""

import os

import pytest

from site_before_apply import VERSIONS, was_killed

STEP = int(os.environ.get("CRASH_STEP", "5"))
PARTS = 2


def crash_once(site, boundary):
    """Crashes at that boundary and goes on; False when there is no such boundary."""
    site.put_back()
    crashed = site.apply(crash_at=boundary)
    if not was_killed(crashed):
        crashed.ended(0)
        return False
    site.wait_for_silence()
    site.check_consistent()
    site.apply().ended(0)
    site.check_finished()
    assert f"nothing to do: {len(VERSIONS)} applied, 0 held" in site.apply().ended(0).stderr
    return True


@pytest.mark.parametrize("part", range(PARTS))
def test_after_a_crash_at_any_boundary_the_next_run_ends_well(site, part, record_property):
    boundary, crashed = 1 + part * STEP, 0
    while crash_once(site, boundary):
        crashed += 1
        boundary += PARTS * STEP
    record_property("said", f"client crash: {crashed} boundaries, every {PARTS * STEP}th from {1 + part * STEP}; "
                    f"there is none at {boundary}")
    assert crashed > 0
    site.check_finished()
