"""Passwords are nowhere but where the operator put them, and hostile text reaches no terminal, log or event."""

import pathlib
import shutil
import urllib.parse

import pytest

from harness.cluster import Cluster
from harness.flow import Flow, error, failed_checks
from harness.machine import Machine
from harness.tool import Migrations, Sluice

CANARY = "c4n4ry-Zq"
LIVE = """
    CREATE TABLE users (name text PRIMARY KEY, password text CHECK (length(password) > 2));
    INSERT INTO users VALUES ('ann', 'h4sh-of-ann');
    CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL
        DEFAULT now());
    INSERT INTO schema_migrations VALUES ('001', 'users')"""
WITHHELD = "What else the server says may quote a password: it is in the server's log."
# The environment and the arguments of this program, of its parent's other children, and its parent's arguments.
SPY = r"""
parent=$PPID
{ for pid in /proc/[0-9]*; do
    [ "$(sed -n 's/^PPid:[[:space:]]*//p' "$pid/status" 2>/dev/null)" = "$parent" ] || continue
    echo "== child"; tr '\0' '\n' <"$pid/cmdline"; tr '\0' '\n' <"$pid/environ"
  done
  echo "== parent"; tr '\0' '\n' </proc/$parent/cmdline; } >>"{log}"
exec "$REAL" "$@"
"""


@pytest.fixture(scope="module")
def guarded(base):
    """A cluster where role me, a superuser, needs the canary to come in; postgres needs nothing."""
    own = Cluster(base, "secrets").init().start()
    own.execute(f"CREATE ROLE me LOGIN SUPERUSER PASSWORD '{CANARY}'")
    own.set_hba("local all me scram-sha-256", "local replication all trust", "local all all trust")
    yield own
    own.remove()


@pytest.fixture
def secret_live(guarded, sluice, migrations):
    """A database on it with 001 applied, which `sluice` is aimed at, as postgres."""
    database = guarded.create_database()
    database.execute(LIVE)
    migrations.write("001_users", up="CREATE TABLE users (name text PRIMARY KEY, password text);")
    sluice.database = database
    Flow(sluice)
    yield database
    database.drop()


def place(database):
    return f"host={database.cluster.socket_dir} port=5432 dbname={database.name} user=me"


def uri(database):
    return f"postgresql://me:{CANARY}@/{database.name}?host={urllib.parse.quote(str(database.cluster.socket_dir), safe='')}"


def written(*folders):
    """The paths of all files below that hold the canary."""
    return [str(path) for folder in folders for path in pathlib.Path(folder).rglob("*")
            if path.is_file() and CANARY.encode() in path.read_bytes()]


def nowhere(sluice, result):
    """What the run said and what it left holds no canary; the ledger neither, where there is one."""
    assert CANARY not in result.stdout + result.stderr
    assert written(sluice.home) == []
    if sluice.database and sluice.database.one("SELECT to_regclass('pgsluice.ledger')"):
        kept = sluice.database.query("SELECT l::text FROM pgsluice.ledger l")
        assert kept and not [row for row, in kept if CANARY in row]
    return result


# -- the connection's password --

@pytest.fixture
def spy(folder):
    """A machine whose pg_dump and pg_restore note what can be seen of our processes; spy.seen() is the note."""
    machine = Machine(folder)
    log = folder / "seen"
    log.touch()
    log.chmod(0o666)
    for name in ("pg_dump", "pg_restore"):
        machine.program(name, SPY.replace("{log}", str(log)))
    machine.seen = lambda: log.read_text(encoding="utf-8", errors="replace")
    return machine


def ways_in(database, folder):
    """Every way a password can be given: (what -d is, the environment)."""
    (folder / "passwords").write_text(f"*:*:*:*:{CANARY}\n", encoding="utf-8")
    (folder / "passwords").chmod(0o600)
    (folder / "services").write_text("[live]\n" + place(database).replace(" ", "\n") + f"\npassword={CANARY}\n",
                                     encoding="utf-8")
    return {
        "conninfo": (f"{place(database)} password={CANARY}", {}),
        "URI": (uri(database), {}),
        "DATABASE_URL": (None, {"DATABASE_URL": uri(database)}),
        "PGPASSWORD": (place(database), {"PGPASSWORD": CANARY}),
        "PGPASSFILE": (place(database), {"PGPASSFILE": str(folder / "passwords")}),
        "service": ("service=live", {"PGSERVICEFILE": str(folder / "services")}),
    }


@pytest.mark.parametrize("way, form", [("conninfo", "text"), ("conninfo", "json"), ("URI", "text"),
                                       ("DATABASE_URL", "text"), ("PGPASSWORD", "text"), ("PGPASSFILE", "text"),
                                       ("service", "text")])
def test_the_connections_password_is_nowhere(secret_live, sluice, migrations, folder, spy, way, form):
    migrations.write("002_more", up="ALTER TABLE users ADD COLUMN more int;")
    conninfo, env = ways_in(secret_live, folder)[way]
    result = sluice.run("--batch", "--stop-before", "rehearsal", "--format", form, "--record", sluice.home / "record",
                        "--log", sluice.home / "log", "--log-level", "debug",
                        database=conninfo, env=env, under=spy.under).ended(0)
    nowhere(sluice, result)
    assert "== parent\n" in spy.seen() and "== child\n" in spy.seen()
    assert CANARY not in spy.seen()


def test_passwords_of_staging_and_source_are_nowhere(secret_live, sluice, migrations, guarded, make_standby, base,
                                                     folder, spy):
    migrations.write("002_more", up="ALTER TABLE users ADD COLUMN more int;")
    staging = Cluster(base, "staging").init().start()
    try:
        staging.execute(f"CREATE ROLE me LOGIN SUPERUSER PASSWORD '{CANARY}-2'")
        staging.set_hba("local all me scram-sha-256", "local all all trust")
        source = make_standby(guarded)
        options = ["--format", "json", "--staging", staging.conninfo(user="me", password=f"{CANARY}-2"),
                   "--source", source.conninfo(secret_live.name, user="me", password=CANARY)]
        target = f"{place(secret_live)} password={CANARY}"
        first = sluice.run("--batch", *options, database=target, under=spy.under).ended(12)
        plan_id = first.events("plan")[0]["plan_id"]
        second = sluice.run("--batch", *options, "--approve", plan_id, database=target, under=spy.under).ended(0)
    finally:
        staging.remove()
    nowhere(sluice, first)
    nowhere(sluice, second)
    assert "== child\n" in spy.seen() and CANARY not in spy.seen()


COMMAND = """#!/bin/sh
set -e
{ env; tr '\\0' '\\n' </proc/$PPID/cmdline; } >>"{log}"
kept="{folder}/kept"
if [ "$PGSLUICE_ACTION" = backup ]; then
	{bindir}/pg_dump --format=custom --snapshot="$PGSLUICE_SNAPSHOT" --file="$kept"
fi
{bindir}/pg_restore --dbname="$PGSLUICE_RESTORE_CONNINFO dbname=$PGSLUICE_RESTORE_DATABASE" "$kept"
"""


def test_programs_of_the_operator_are_given_no_password(secret_live, sluice, migrations, base, folder):
    migrations.write("002_more", up="ALTER TABLE users ADD COLUMN more int;")
    log = folder / "seen"
    script = folder / "backup"
    script.write_text(COMMAND.replace("{log}", str(log)).replace("{folder}", str(folder))
                      .replace("{bindir}", str(secret_live.cluster.bindir)), encoding="utf-8")
    script.chmod(0o755)
    tell = folder / "tell"
    tell.write_text(f'#!/bin/sh\n{{ env; echo "$@"; }} >>"{log}"\n', encoding="utf-8")
    tell.chmod(0o755)
    config = folder / "conf"
    config.write_text(f"verify-watch = 0\nbackup-provider = command\nbackup-command = {script}\nrehearsal-command = {tell}\n"
                      f"notify-command = {tell}\n", encoding="utf-8")
    staging = Cluster(base, "staging").init().start()
    try:
        staging.execute(f"CREATE ROLE me LOGIN SUPERUSER PASSWORD '{CANARY}-2'")
        staging.set_hba("local all me scram-sha-256", "local all all trust")
        result = sluice.run("--batch", "--config", config, "--staging",
                            staging.conninfo(user="me", password=f"{CANARY}-2"),
                            database=f"{place(secret_live)} password={CANARY}").ended(12)
    finally:
        staging.remove()
    nowhere(sluice, result)
    seen = log.read_text(encoding="utf-8")
    assert "PGSLUICE_ACTION=backup" in seen and "needs-you" in seen
    assert CANARY not in seen


MANGLED = [f"host=/tmp password={CANARY} oops", f"password='{CANARY}", f"nosuch={CANARY}",
           f"postgresql://me:{CANARY}@x@host/db", f"postgresql://me:{CANARY}", f"postgres//me:{CANARY}@host/db",
           f"me:{CANARY}@host/db", f"host=me:{CANARY}@host dbname=db", f"host=h port={CANARY}"]
NOT_SHOWN = ["pgsluice: error: {option}the connection string does not parse",
             "detail: It is not shown, because it may hold a password.",
             'hint: Give "host=HOST dbname=NAME user=USER" or "postgresql://USER@HOST:PORT/NAME". In a URI, write the'
             " characters @ : / ? # % of a password as %40 %3A %2F %3F %23 %25; or keep it out of the string, in"
             " ~/.pgpass or PGPASSWORD."]


@pytest.mark.parametrize("text", MANGLED)
@pytest.mark.parametrize("way", ["-d", "DATABASE_URL", "--staging", "--source"])
def test_string_that_does_not_parse_is_refused_first_and_not_shown(sluice, migrations, way, text):
    migrations.write("001_bad", up="SELECT 'unterminated")
    options, env, option = [], {}, "" if way in ("-d", "DATABASE_URL") else way + ": "
    if way == "DATABASE_URL":
        env = {"DATABASE_URL": text}
    elif option:
        options = [way, text]
    result = sluice.run("--batch", *options, env=env, database=text if way == "-d" else None if env else True).ended(2)
    assert result.stderr.splitlines()[:3] == [NOT_SHOWN[0].format(option=option), *NOT_SHOWN[1:]]
    nowhere(sluice, result)


@pytest.mark.parametrize("options, said", [
    ([f"postgresql://me:{CANARY}@host/db"], ["pgsluice: error: a connection string stands where a command is expected",
                                             "hint: Give the target with -d CONNINFO."]),
    (["status", f"host=h password={CANARY}"],
     ["pgsluice: error: pgsluice status does not take a connection string as an operand",
      "hint: Give the target with -d CONNINFO."]),
    ([f"-Dpostgresql://me:{CANARY}@host/db"], ['pgsluice: error: unknown option "-D"',
                                               "hint: `pgsluice --help` lists the options."]),
    ([f"--databse=postgresql://me:{CANARY}@host/db"], ['pgsluice: error: unknown option "--databse"',
                                                       'hint: Did you mean "--database"?']),
])
def test_connection_string_in_the_wrong_place_is_not_shown(sluice, options, said):
    result = sluice.run(*options, database=None, migrations=None).ended(2)
    assert result.stderr.splitlines() == said
    nowhere(sluice, result)


# -- passwords in migrations --

@pytest.fixture(scope="module")
def site(guarded, base):
    """The program aimed at a database that only reads and rehearsals see: its backup is taken once."""
    database = guarded.create_database()
    database.execute(LIVE)
    migrations = Migrations(base / "secrets.m").write("001_users", up="CREATE TABLE users (name text PRIMARY KEY);")
    home = base / "secrets.h"
    home.mkdir()
    tool = Sluice(home, database, migrations)
    Flow(tool)
    yield tool
    tool.close()
    shutil.rmtree(home)


def rehearsal_says(sluice):
    """Runs into a rehearsal that fails; what its check says."""
    result = nowhere(sluice, sluice.run("--batch", "--format", "json").ended(11))
    (name, measured), = failed_checks(result)
    assert name == "rehearsal.plan"
    return measured


def test_passwords_in_applied_sql_are_recorded_nowhere(secret_live, sluice, migrations):
    name = secret_live.name
    migrations.write("002_roles", up=f"""
        CREATE ROLE app_{name} LOGIN PASSWORD '{CANARY}';
        ALTER ROLE app_{name} PASSWORD '{CANARY}';
        CREATE FOREIGN DATA WRAPPER far;
        CREATE SERVER away FOREIGN DATA WRAPPER far OPTIONS (connection 'postgresql://u:{CANARY}@h/d');
        CREATE USER MAPPING FOR CURRENT_USER SERVER away OPTIONS (user 'u', password '{CANARY}');
        CREATE FUNCTION reach() RETURNS text LANGUAGE sql AS $$ SELECT 'host=away password={CANARY}' $$;
        INSERT INTO users VALUES ('bob', '{CANARY}');
        DO $$ BEGIN
            RAISE NOTICE 'the password is %', '{CANARY}';
            EXECUTE format('ALTER ROLE %I PASSWORD %L', 'app_{name}', '{CANARY}');
        END $$;
        """, verify=f"SELECT count(*) = 1 FROM users WHERE password = '{CANARY}';")
    migrations.write("003_server", up=f"ALTER SYSTEM SET archive_cleanup_command = 'fetch --password={CANARY}';")
    migrations.write("004_server", up="ALTER SYSTEM RESET archive_cleanup_command;")
    first = nowhere(sluice, sluice.run("--batch", "--format", "json").ended(12))
    plan_id = first.events("plan")[0]["plan_id"]
    result = nowhere(sluice, sluice.run("--batch", "--format", "json", "--approve", plan_id).ended(0))
    assert "NOTICE: the password is ***" in [event["message"] for event in result.events("log")]
    intents = secret_live.query("SELECT version, body ->> 'tag', body ->> 'sql', body ->> 'fingerprint' "
                                "FROM pgsluice.ledger WHERE kind = 'intent' ORDER BY seq")
    assert [row[:3] for row in intents] == [("003", "ALTER SYSTEM", None),
                                            ("004", "ALTER SYSTEM", "ALTER SYSTEM RESET archive_cleanup_command")]
    assert len(intents[0][3]) == 16 and intents[1][3] is None
    # What live has, a later run reads back and keeps in its evidence.
    migrations.write("005_more", up="ALTER TABLE users ADD COLUMN more int;")
    again = nowhere(sluice, sluice.run("--batch", "--format", "json", "--stop-before", "backup").ended(0))
    assert failed_checks(again) == []


@pytest.mark.parametrize("sql, place, said", [
    (f"CREATE ROLE me LOGIN PASSWORD '{CANARY}';", "1:1", 'role "me" already exists (SQLSTATE 42710)'),
    (f"DO $$ BEGIN CREATE ROLE me LOGIN PASSWORD '{CANARY}'; END $$;", "1:1",
     f'role "me" already exists (SQLSTATE 42710); {WITHHELD}'),
    (f"DO $$ BEGIN RAISE EXCEPTION '% is no password', '{CANARY}'; END $$;", "1:1",
     f"*** is no password (SQLSTATE P0001); {WITHHELD}"),
    (f"CREATE SUBSCRIPTION s CONNECTION 'host=h password=x {CANARY}' PUBLICATION p WITH (connect = false);", "1:1",
     'invalid connection string syntax: missing "=" after "***" in connection info string (SQLSTATE 42601)'),
    (f"INSERT INTO users (password, name) VALUES ('{CANARY}', 'ann');", "1:1",
     f'duplicate key value violates unique constraint "users_pkey" (SQLSTATE 23505); {WITHHELD}'),
    (f"UPDATE users SET password = substr('{CANARY}', 1, 1), name = '{CANARY}';", "1:1",
     f'new row for relation "users" violates check constraint "users_password_check" (SQLSTATE 23514); {WITHHELD}'),
    (f"COPY users (name, password) FROM stdin;\n{CANARY}\t{CANARY}\t{CANARY}\n\\.\n", "1:1",
     f"extra data after last expected column (SQLSTATE 22P04); {WITHHELD}"),
    (f"SELECT 1;\nSELECT '{CANARY}'::int AS password;", "2:8",
     'invalid input syntax for type integer: "***" (SQLSTATE 22P02)'),
])
def test_what_the_server_says_of_a_password_is_not_passed_on(site, sql, place, said):
    site.migrations.file("002_bad.sql", sql)
    assert rehearsal_says(site) == f"{site.migrations}/002_bad.sql:{place}: migration 002: {said}"


def test_verify_script_that_quotes_a_password(secret_live, sluice, migrations):
    migrations.write("002_more", up="SELECT 1;", verify=f"SELECT name = '{CANARY}'::int::text AS password FROM users;")
    result = nowhere(sluice, sluice.run("--batch", "--format", "json").ended(11))
    assert failed_checks(result) == [("rehearsal.verify_scripts",
                                      f'{migrations}/002_more.verify.sql:1: invalid input syntax for type integer: "***"')]


@pytest.mark.parametrize("sql, said", [
    (f"CREATE ROLE app PASSWORD {CANARY};", 'syntax error at or near "***"'),
    (f"CREATE ROLE app PASSWORD '{CANARY}' '{CANARY}';", 'syntax error at or near "\'***\'"'),
    (f"ALTER ROLE app WTH PASSWORD '{CANARY}';", 'unrecognized role option "wth"'),
    (f"CREATE USER MAPPING FOR u SERVER s OPTIONS (password '{CANARY}' '{CANARY}');", 'syntax error at or near "\'***\'"'),
])
def test_file_that_does_not_parse_gives_no_password_away(sluice, migrations, sql, said):
    migrations.write("001_bad", up=sql)
    result = nowhere(sluice, sluice.run("--batch", "--format", "json").ended(10))
    assert error(result)["message"] == said


def test_passwords_that_live_has_are_in_no_evidence(secret_live, sluice, migrations):
    secret_live.execute("CREATE FOREIGN DATA WRAPPER far")
    secret_live.execute(f"CREATE SERVER away FOREIGN DATA WRAPPER far OPTIONS (connection 'postgresql://u:{CANARY}@h/d')")
    secret_live.execute(f"CREATE FUNCTION reach() RETURNS text LANGUAGE sql AS $$ SELECT 'password={CANARY}' $$")
    secret_live.execute(f"CREATE VIEW reached AS SELECT 'host=h password={CANARY}'::text AS v")
    secret_live.execute(f"ALTER DATABASE \"{secret_live.name}\" SET app.jwt_secret = '{CANARY}'")
    migrations.write("002_more", up="ALTER TABLE users ADD COLUMN more int;")
    result = sluice.run("--batch", "--format", "json").ended(12)
    assert CANARY not in result.stdout + result.stderr
    # The dump is the backup: it holds what live holds.
    assert [path for path in written(sluice.home) if "/dump-" not in path] == []


def test_what_pg_restore_says_is_without_passwords(secret_live, sluice, migrations, folder):
    migrations.write("002_more", up="ALTER TABLE users ADD COLUMN more int;")
    machine = Machine(folder)
    machine.program("pg_restore", f'case "$*" in *--list*) exec "$REAL" "$@";; esac\n'
                    f'echo "pg_restore: error: no: CREATE ROLE x PASSWORD \'{CANARY}\';" >&2\n'
                    f'echo "Command was: ALTER USER MAPPING OPTIONS (password \'{CANARY}\');" >&2; exit 1')
    result = nowhere(sluice, sluice.run("--batch", "--format", "json", under=machine.under).ended(11))
    assert error(result)["detail"] == "Command was: ALTER USER MAPPING OPTIONS (password '***');"
