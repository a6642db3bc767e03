"""A backup of files and WAL, by the operator's own script, proved against a replica that is paused where it recovers to."""

import os

import pytest

from harness import place
from harness.flow import check, failed_checks, states
from harness.gates import evidence, seed
from harness.snapshot import database_snapshot
from harness.wait import wait_until

SCRIPT = """#!/bin/sh
set -eu
as_server() {{ if [ "$(id -u)" = 0 ]; then runuser -u {user} -- "$@"; else "$@"; fi; }}
echo "$PGSLUICE_ACTION ${{PGSLUICE_LSN:-}}" >> {folder}/asked
work=$(mktemp -d {folder}/recovered.XXXXXX)
trap 'as_server {bin}/pg_ctl -D "$work/data" -m immediate stop >/dev/null; rm -rf "$work"' EXIT
cp -a {base} "$work/data"
cat >> "$work/data/postgresql.conf" <<CONF
restore_command = 'cp {wal}/%f "%p"'
{target}
recovery_target_action = promote
recovery_target_inclusive = off
unix_socket_directories = '$work'
cluster_name = 'recovered'
CONF
touch "$work/data/recovery.signal"
if [ "$(id -u)" = 0 ]; then chown -R {user}: "$work"; fi
as_server {bin}/pg_ctl -D "$work/data" -w -l "$work/data/log" start >/dev/null || {{ cat "$work/data/log" >&2; exit 1; }}
unset PGSERVICE
from="host=$work user=postgres"
until [ "$({bin}/psql -X -At -c 'SELECT pg_is_in_recovery()' "$from dbname=postgres")" = f ]; do sleep 0.1; done
{bin}/pg_dump --format=custom --file="$work/dump" "$from dbname=$PGSLUICE_RESTORE_DATABASE"
{bin}/pg_restore --create --dbname="$PGSLUICE_RESTORE_CONNINFO" "$work/dump"
"""
TO_LSN = "recovery_target_lsn = '$PGSLUICE_LSN'"
HINT = ("The backup does not hold what live held at the snapshot. A tool that takes no snapshot is proved against a replica "
        "that is paused: name one with --source, and recover up to PGSLUICE_LSN.")


class Site:
    """A primary with a base backup of 50 rows, a replica that stands still at 250, and live, which has gone on to 300."""

    def __init__(self, flow, primary, make_standby, folder, migrations):
        self.flow = flow
        self.primary = primary
        self.folder = folder
        self.database = flow.sluice.database = primary.create_database()
        seed(self.database, migrations)
        migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
        self.database.execute("CREATE TABLE log (id serial, v text)")
        self.base = primary.base / f"{primary.name}.base"
        primary.program("pg_basebackup", "-D", self.base, "-d", primary.conninfo(), "-c", "fast", "--no-sync")
        self.replica = make_standby(primary)
        self.write(250)

    def write(self, rows):
        self.database.execute(f"INSERT INTO log (v) SELECT g FROM generate_series(1, {rows}) g")

    def pause(self):
        position = self.primary.one("SELECT pg_current_wal_lsn()::text")
        wait_until(lambda: self.replica.one("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", position),
                   what="the replica has all of it")
        self.replica.execute("SELECT pg_wal_replay_pause()")
        paused = ("SELECT pg_get_wal_replay_pause_state() = 'paused'" if place.server_major() >= 14
                  else "SELECT pg_is_wal_replay_paused()")
        wait_until(lambda: self.replica.one(paused), what="the replica is paused")
        self.write(50)
        return self.replica.one("SELECT pg_last_wal_replay_lsn()::text")

    def run(self, *options, target=TO_LSN):
        script = self.folder / "physical"
        script.write_text(SCRIPT.format(base=self.base, wal=self.primary.data / "pg_wal", folder=self.folder, target=target,
                                        bin=self.primary.bindir, user=place.server_user().pw_name), encoding="utf-8")
        script.chmod(0o755)
        self.flow.configure(backup_provider="command", backup_command=script)
        return self.flow.batch("--format", "json", "--source", self.replica.conninfo(self.database.name), *options)


@pytest.fixture
def site(flow, make_cluster, make_standby, folder, migrations):
    os.chmod(folder, 0o777)
    return Site(flow, make_cluster(settings={"wal_keep_size": "1GB"}), make_standby, folder, migrations)


def test_a_backup_of_files_is_proved_where_its_replica_stands_still(site):
    lsn = site.pause()
    before = database_snapshot(site.database)
    proved = site.run("--stop-before", "rehearsal").ended(0)
    assert check(proved, "backup.content")["measured"] == "4 table(s), 351 row(s), all equal"
    assert check(proved, "backup.source")["measured"].startswith(f"read from a replica that was paused at {lsn}, ")
    assert evidence(site.flow, "backup")["data"]["source_lsn"] == lsn
    # Another run needs the copy: the script recovers to the same position.
    result = site.run("--stop-before", "preflight").ended(0)
    assert states(result)["rehearsal"] == "passed"
    assert (site.folder / "asked").read_text(encoding="utf-8") == f"backup {lsn}\nrestore {lsn}\n"
    # Live waits for a standby that is behind: it goes on once the proof is there.
    site.replica.execute("SELECT pg_wal_replay_resume()")
    wait_until(lambda: site.primary.one("SELECT bool_and(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication"),
               what="the replica has caught up")
    assert states(site.run().ended(12))["preflight"] == "passed"
    assert database_snapshot(site.database) == before


def test_one_that_was_recovered_too_far_is_not_that_backup(site):
    site.pause()
    result = site.run("--stop-before", "rehearsal", target="").ended(11)
    assert dict(failed_checks(result))["backup.content"] == "public.log: 250 rows became 300"


def test_without_a_replica_that_stands_still_the_gate_stays_shut(site):
    result = site.run("--stop-before", "rehearsal", target="recovery_target = immediate").ended(11)
    assert dict(failed_checks(result))["backup.content"] == "public.log: 250 rows became 0"
    hint, = [event["hint"] for event in result.events("gate") if event["state"] == "failed"]
    assert hint == HINT
    assert (site.folder / "asked").read_text(encoding="utf-8") == "backup \n"
