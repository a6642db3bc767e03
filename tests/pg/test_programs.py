"""The C programs in c/: session, pipeline, history, ledger on a real cluster."""

import pytest

from harness.programs import run_tests

PROGRAMS = ["test_history", "test_leader", "test_ledger", "test_pipeline", "test_plan_memory", "test_session"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_passes_on_a_real_cluster(database, name):
    run_tests(name, database.conninfo())
