"""Bad input: one clear message that says what to do next, its exit code, and nothing changed anywhere."""

import contextlib
import os
import re
import socket

import psycopg2
import pytest

from harness import place
from harness.scene import Scene, error_lines, scene
from harness.wait import wait_until
from test_connection import fake_server

READABLE = "hint: Name the folder with -m DIR; it must be readable."


# -- files --

BAD_FILES = {
    "a version in two files": (
        {"2_more.sql": "SELECT 1;"},
        ["pgsluice: error: {folder}/2_more.sql: version 2 stands in two files: 002_names.sql and 2_more.sql",
         "hint: Give one of them a number of its own; leading zeros do not count."]),
    "a bad name": (
        {"more.sql": "SELECT 1;"},
        ["pgsluice: error: {folder}/more.sql: bad name more.sql",
         "detail: A migration is named by digits, an underscore and words: 003_add_users.sql, with"
         " 003_add_users.down.sql and 003_add_users.verify.sql beside it.",
         "hint: Rename the file, or move it out of the folder; only TEMPLATE.sql, dot files and files that do not end in"
         " .sql are ignored."]),
    "a down without its up": (
        {"003_more.down.sql": "SELECT 1;"},
        ["pgsluice: error: {folder}/003_more.down.sql: 003_more.down.sql has no up file",
         "hint: Add 003_more.sql, or remove this file."]),
    "an unknown directive": (
        {"003_more.sql": "-- pgsluice:require 002\nSELECT 1;"},
        ['pgsluice: error: {folder}/003_more.sql:1:1: unknown directive "require"',
         'hint: Did you mean "requires", as in `-- pgsluice:requires 003 005`?']),
    "a requirement that is not there": (
        {"003_more.sql": "-- pgsluice:requires 009\nSELECT 1;"},
        ["pgsluice: error: {folder}/003_more.sql:1: 003 requires 009, and there is no 009",
         "hint: Add the file of 009, or remove the requirement."]),
    "a forward dependency": (
        {"003_more.sql": "-- pgsluice:requires 004\nSELECT 1;", "004_last.sql": "SELECT 1;"},
        ["pgsluice: error: {folder}/003_more.sql:1: 003 requires 004, which is higher and runs after it",
         "hint: Give 003 a number above 004, or remove the requirement."]),
    "a cycle": (
        {"003_more.sql": "-- pgsluice:requires 005\nSELECT 1;", "004_b.sql": "-- pgsluice:requires 003\nSELECT 1;",
         "005_c.sql": "-- pgsluice:requires 004\nSELECT 1;"},
        ["pgsluice: error: {folder}/003_more.sql:1: cycle of requirements: 003 -> 005 -> 004 -> 003",
         "hint: Remove one of these requirements; a migration can only need what runs before it."]),
    "a NUL byte": (
        {"003_more.sql": b"SELECT 1;\n\0"},
        ["pgsluice: error: {folder}/003_more.sql:2: NUL byte in 003_more.sql at byte 11",
         "hint: PostgreSQL takes no NUL in text: remove the byte, or save the file as UTF-8."]),
    "invalid UTF-8": (
        {"003_more.sql": b"SELECT 1;\nSELECT '\xff';"},
        ["pgsluice: error: {folder}/003_more.sql:2: invalid UTF-8 in 003_more.sql at byte 19",
         "hint: Save the file as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`."]),
    "an unterminated quote": (
        {"003_more.sql": "SELECT 1;\n  SELECT 'abc;\n"},
        ["pgsluice: error: {folder}/003_more.sql:2:10: unterminated quoted string",
         "hint: Close the quoted string that opens here; everything behind it was taken for a part of it."]),
    "an unterminated dollar quote": (
        {"003_more.sql": "SELECT 1;\nDO $x$ BEGIN END $$;"},
        ["pgsluice: error: {folder}/003_more.sql:2:4: unterminated dollar-quoted string",
         "hint: Close the dollar-quoted string that opens here; everything behind it was taken for a part of it."]),
    "an unterminated comment": (
        {"003_more.sql": "SELECT 1;\n /* abc\n"},
        ["pgsluice: error: {folder}/003_more.sql:2:2: unterminated comment",
         "hint: Close the comment that opens here; everything behind it was taken for a part of it."]),
    "an include": (
        {"003_more.sql": "SELECT 1;\n\\i other.sql\n"},
        ["pgsluice: error: {folder}/003_more.sql:2:1: psql command \\i is not accepted",
         "detail: psql commands are not executed here; nothing of this file runs.",
         "hint: Remove the line, or put the SQL that it stands for into the file."]),
    "a gexec": (
        {"003_more.sql": "SELECT 'DROP TABLE users'\\gexec\n"},
        ["pgsluice: error: {folder}/003_more.sql:1:26: psql command \\gexec inside a statement",
         "detail: psql commands are not executed here; nothing of this file runs.",
         "hint: End the statement with a semicolon and remove the command."]),
    "a nested BEGIN": (
        {"003_more.sql": "BEGIN;\nSELECT 1;\nBEGIN;\nCOMMIT;\n"},
        ["pgsluice: error: {folder}/003_more.sql:3:1: BEGIN inside a transaction",
         "detail: PostgreSQL only warns, and the first COMMIT ends both: what follows it would be outside.",
         "hint: Remove this BEGIN and its COMMIT, or use SAVEPOINT."]),
    "a BEGIN without COMMIT": (
        {"003_more.sql": "BEGIN;\nSELECT 1;\n"},
        ["pgsluice: error: {folder}/003_more.sql:1:1: BEGIN without COMMIT",
         "detail: psql would roll everything behind it back without a word.",
         "hint: End the file with COMMIT, or remove the BEGIN: the file is one transaction without it."]),
    "a COMMIT without BEGIN": (
        {"003_more.sql": "SELECT 1;\nCOMMIT;\n"},
        ["pgsluice: error: {folder}/003_more.sql:2:1: COMMIT without BEGIN",
         "hint: Remove it, or put the BEGIN that it ends before it: the file is one transaction without both."]),
    "a ROLLBACK": (
        {"003_more.sql": "BEGIN;\nSELECT 1;\nROLLBACK;\n"},
        ["pgsluice: error: {folder}/003_more.sql:3:1: ROLLBACK in a migration",
         "detail: A migration ends with what it did committed, together with its history row.",
         "hint: Remove it; to try a migration out, run the rehearsal: --stop-before preflight."]),
    "a verify file that writes": (
        {"002_names.verify.sql": "DELETE FROM users;"},
        ["pgsluice: error: {folder}/002_names.verify.sql:1:1: DELETE in a verify file",
         "detail: Verify files run on live: only statements that read may stand in them.",
         "hint: Ask with SELECT: a row whose first column is false or null fails the check."]),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_refused_file(scene, case):
    files, said = BAD_FILES[case]
    for name, content in files.items():
        (scene.migrations.path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    scene.refused(10, said)


@pytest.mark.parametrize("command", ["status", "plan", "--batch"])
def test_every_command_refuses_a_file_in_the_same_words(scene, command):
    files, said = BAD_FILES["an unterminated quote"]
    scene.migrations.file("003_more.sql", files["003_more.sql"].encode())
    scene.refused(10, said, command)


def test_statement_that_does_not_parse_is_refused_with_its_place(scene):
    scene.migrations.write("003_more", up="SELECT 1;\nCREAT TABLE x ();")
    result = scene.sluice.run("--batch").ended(10)
    first, detail, hint = error_lines(result.stderr)
    assert first == f'pgsluice: error: {scene.migrations.path}/003_more.sql:2:1: syntax error at or near "CREAT"'
    assert re.fullmatch(r"detail: The packaged parser, PostgreSQL \d+'s, does not take this statement, so its rules and"
                        r" locks cannot be checked\.", detail)
    scene.refused(10, [first, detail, hint])


def test_file_over_the_ceiling_is_refused(scene):
    (scene.sluice.home / "pgsluice.conf").write_text("file-ceiling = 1KiB\n", encoding="utf-8")
    scene.migrations.write("003_more", up="SELECT 1;" + " " * 1024)
    scene.refused(10, ['pgsluice: error: file "{folder}/003_more.sql" is larger than the allowed 1024 bytes',
                       "hint: Make the file smaller, or raise the limit in the configuration."])


def test_empty_folder_does_not_look_like_nothing_to_do(scene):
    for path in scene.migrations.path.iterdir():
        path.unlink()
    (scene.migrations.path / "README").write_text("not mounted", encoding="utf-8")
    scene.refused(10, ["pgsluice: error: {folder}: no migration in the folder",
                       "detail: The folder is {folder}; it has no file like 001_name.sql.",
                       "hint: Check the path and that the volume is mounted; subfolders are not looked into."])


def test_missing_folder(scene, folder):
    scene.refused(2, [f'pgsluice: error: cannot read the migrations: could not read folder "{folder}/nowhere":'
                      " No such file or directory", READABLE], migrations=folder / "nowhere")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as another user")
def test_unreadable_folder(scene):
    scene.migrations.path.chmod(0o700)
    scene.refused(2, ['pgsluice: error: cannot read the migrations: could not read folder "{folder}": Permission denied',
                      READABLE], user=place.server_user().pw_name)


# -- history --

def with_checksums(scene):
    scene.database.execute("ALTER TABLE schema_migrations ADD checksum text, ADD applied_by text, "
                           "ADD duration_ms bigint, ADD run_id uuid")


def test_edited_applied_file(scene):
    with_checksums(scene)
    scene.database.execute("UPDATE schema_migrations SET checksum = repeat('0', 64)")
    result = scene.sluice.run("--batch").ended(10)
    first, hint = error_lines(result.stderr)
    assert re.fullmatch(
        f"pgsluice: error: {scene.migrations.path}/001_users.sql: file {scene.migrations.path}/001_users.sql was edited"
        " after it was applied: its checksum is [0-9a-f]{12}, the history has 0{12}", first)
    assert hint == "hint: Restore the file as it was applied and put the change into a new migration."
    scene.refused(10, [first, hint])


def test_applied_version_whose_file_is_gone(scene):
    scene.migrations.remove("001_users.sql").remove("001_users.down.sql")
    scene.refused(10, ["pgsluice: error: version 001 (users) is applied and its file is gone",
                       "hint: Bring the file back; if it was never meant to be there, see pgsluice-runbook(7)."])


def test_version_out_of_order(scene):
    scene.database.execute("INSERT INTO schema_migrations VALUES ('003', 'later')")
    scene.migrations.write("003_later", up="SELECT 1;")
    scene.refused(10, ["pgsluice: error: {folder}/002_names.sql: version 002 is not applied and it is below 003, the"
                       " highest applied version",
                       "hint: Give it a higher number, or name it with --out-of-order 002."])


def test_history_of_a_foreign_shape(scene):
    scene.database.execute("DROP TABLE schema_migrations")
    scene.database.execute("CREATE TABLE schema_migrations (id int PRIMARY KEY, script text)")
    scene.refused(10, ["pgsluice: error: the history table public.schema_migrations is of a foreign shape",
                       "detail: It has the columns id integer, script text; needed are version and name as text, and"
                       " applied_at.",
                       "hint: Set `history-table` to another name and create that table by hand: (version text primary key,"
                       " name text not null, applied_at timestamptz not null default now()), with a row for each version"
                       " that is applied. A later command, adopt, will take such a history over."])


def test_two_history_tables_on_the_path(scene):
    scene.database.execute("CREATE SCHEMA app")
    scene.database.execute("CREATE TABLE app.schema_migrations (LIKE public.schema_migrations)")
    scene.database.cluster.execute(f'ALTER DATABASE "{scene.database.name}" SET search_path = app, public')
    scene.refused(10, ["pgsluice: error: two history tables are on the search path: app.schema_migrations and"
                       " public.schema_migrations",
                       "hint: Say which one it is: `history-table = app.schema_migrations` in the configuration."])


def test_until_a_version_that_no_file_has(scene):
    result = scene.refused(10, ["pgsluice: error: no migration has version 9",
                                "hint: Name a version that `pgsluice status` lists."], "--batch", "--until", "9")
    assert "plan :" not in result.stdout


# -- command line --

@pytest.mark.parametrize("options, said", [
    (["--batc"], ['unknown option "--batc"', 'hint: Did you mean "--batch"?']),
    (["--batch", "--untl", "3"], ['unknown option "--untl"', 'hint: Did you mean "--until"?']),
    (["statsu"], ['unknown command "statsu"', 'hint: Did you mean "status"?']),
    (["--batch", "--until", "x"], ['--until: "x" is not a version: the digits before the name of a migration file',
                                   "hint: Correct the value; pgsluice(1) says what each option takes."]),
    (["--batch", "--approve", "123"], ['--approve: "123" is not a plan id: its first 12 hex digits or more',
                                       "hint: Correct the value; pgsluice(1) says what each option takes."]),
    (["--batch", "--check"], ["pgsluice --batch does not take --check",
                              "hint: `pgsluice --batch --help` lists its options."]),
    (["--batch", "--waive", "apply", "--reason", "x"], ['--waive: "apply" cannot be waived',
                                                        "hint: What happens on live is a fact and cannot be waived."]),
    (["--batch", "--waive", "backup"], ["--waive backup has no --reason",
                                        "hint: Write --waive CHECK --reason TEXT: every waiver says why."]),
    (["--batch", "--stop-before", "aply"], ['--stop-before: there is no gate "aply"', 'hint: Did you mean "apply"?']),
    (["--batch", "--format", "xml"], ['--format: "xml" is not one of text, json', "hint: Choose one of them."]),
])
def test_wrong_option(scene, options, said):
    result = scene.refused(2, ["pgsluice: error: " + said[0], *said[1:]], *options)
    assert result.stdout == ""


@pytest.mark.parametrize("text, said", [
    ("windw = always\n", ['unknown key "windw"', 'hint: Did you mean "window"?']),
    ("verify-watch = soon\n", ['verify-watch: "soon" is not a duration such as 250ms, 2s, 10min, 4h or 1d',
                               "hint: Correct the value; pgsluice.conf(5) says what each key takes."]),
    ("no equals sign\n", ["the line is not of the form key = value",
                          "hint: pgsluice.conf(5) shows the form of the file."]),
])
def test_wrong_configuration(scene, text, said):
    (scene.sluice.home / "pgsluice.conf").write_text(text, encoding="utf-8")
    scene.refused(2, ["pgsluice: error: ./pgsluice.conf:1: " + said[0], *said[1:]])


# -- connection --

def test_target_that_does_not_answer(scene, folder):
    scene.refused(22, [f"pgsluice: error: could not connect to host={folder} port=5432 dbname=x user=me: No such file"
                       " or directory",
                       "hint: No server has its socket there: check host and port, and that the server is up."],
                  database=f"host={folder} port=5432 dbname=x user=me")


def test_connection_refused(scene):
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        scene.refused(22, [f"pgsluice: error: could not connect to host=127.0.0.1 port={port} dbname=x user=me:"
                           " Connection refused",
                           "hint: Nothing listens there: check host and port, and that the server is up."],
                      database=f"host=127.0.0.1 port={port} dbname=x user=me")


def test_server_that_never_answers(scene):
    with contextlib.closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        scene.refused(22, [f"pgsluice: error: could not connect to host=127.0.0.1 port={port} dbname=x user=me: no answer"
                           " within 1 s",
                           "hint: Check host, port and firewalls on the way, and that the server is up."],
                      database=f"host=127.0.0.1 port={port} dbname=x user=me connect_timeout=1")


def test_unknown_host(scene):
    scene.refused(22, [re.compile("pgsluice: error: could not connect to host=nowhere[.]invalid port=5432 dbname=x user=me:"
                                  ' could not translate host name "nowhere[.]invalid" to address: .+'),
                       "hint: Check the host's name and that it can be looked up from here."],
                  database="host=nowhere.invalid port=5432 dbname=x user=me")


@pytest.fixture
def own(sluice, make_cluster, migrations):
    """own(setting=...): the scene on a cluster of its own."""
    def make(**settings):
        sluice.database = make_cluster(settings=settings).create_database()
        return Scene(sluice, sluice.database, migrations)
    return make


def test_too_many_connections(own):
    scene = own(max_connections=12, superuser_reserved_connections=0, max_wal_senders=0)
    cluster, before = scene.database.cluster, scene.look()
    with contextlib.ExitStack() as stack:
        with pytest.raises(psycopg2.OperationalError, match="too many clients already"):
            while True:
                stack.enter_context(contextlib.closing(cluster.connect()))
        result = scene.sluice.run("--batch").ended(22)
    assert error_lines(result.stderr) == [
        f"pgsluice: error: could not connect to host={cluster.socket_dir} port=5432 dbname={scene.database.name}"
        " user=postgres: sorry, too many clients already [53300]",
        "hint: All connections are taken: wait, end one that is not needed, or raise max_connections."]
    wait_until(lambda: can_connect(cluster), what="a connection is free again")
    scene.unchanged(before)


def can_connect(cluster):
    with contextlib.suppress(psycopg2.OperationalError):
        cluster.connect().close()
        return True
    return False


def test_server_that_is_starting_up(own, folder):
    scene = own()
    cluster, before, go_on = scene.database.cluster, scene.look(), folder / "go-on"
    cluster.stop()
    # A recovery that waits for its archive: connections are refused until it gets an answer.
    cluster.configure(restore_command=f"'until test -e {go_on}; do sleep 0.1; done; false'")
    (cluster.data / "recovery.signal").touch()
    os.chown(cluster.data / "recovery.signal", cluster.user.pw_uid, cluster.user.pw_gid)
    cluster.start(wait=False)
    try:
        wait_until(lambda: refusal(cluster) and "starting up" in refusal(cluster), what="the server starts up")
        result = scene.sluice.run("--batch").ended(22)
    finally:
        go_on.touch()
    assert error_lines(result.stderr) == [
        f"pgsluice: error: could not connect to host={cluster.socket_dir} port=5432 dbname={scene.database.name}"
        " user=postgres: the database system is starting up [57P03]",
        "hint: The server is starting up, shutting down or in recovery; run again in a moment."]
    wait_until(cluster.is_ready, what="the server is up")
    wait_until(lambda: not cluster.one("SELECT pg_is_in_recovery()"), what="recovery has ended")
    scene.unchanged(before)


def refusal(cluster):
    try:
        cluster.connect().close()
    except psycopg2.OperationalError as refused:
        return str(refused)
    return ""


def test_unknown_database(scene):
    cluster = scene.database.cluster
    scene.refused(2, [f"pgsluice: error: could not connect to host={cluster.socket_dir} port=5432 dbname=nothing"
                      ' user=postgres: database "nothing" does not exist [3D000]',
                      "hint: Check the database's name; `psql -l` lists those there are."],
                  database=cluster.conninfo("nothing"))


@pytest.mark.parametrize("conninfo", ["host=/tmp passwort=hunter2 dbname=x", "postgresql://me:hun@ter2@/x?hst=1"])
def test_connection_string_that_does_not_parse_is_not_shown(scene, conninfo):
    result = scene.refused(2, [
        "pgsluice: error: the connection string does not parse",
        "detail: It is not shown, because it may hold a password.",
        'hint: Give "host=HOST dbname=NAME user=USER" or "postgresql://USER@HOST:PORT/NAME". In a URI, write the'
        " characters @ : / ? # % of a password as %40 %3A %2F %3F %23 %25; or keep it out of the string, in ~/.pgpass or"
        " PGPASSWORD."], database=conninfo)
    assert "ter2" not in result.stdout + result.stderr


@pytest.fixture(scope="module")
def guarded(base):
    """A cluster of its own where role `guarded` needs a password."""
    from harness.cluster import Cluster
    own = Cluster(base, "guarded").init().start()
    own.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    own.set_hba("local all guarded scram-sha-256", "local all all trust", "local replication all trust")
    yield own
    own.remove()


@pytest.fixture
def guarded_scene(sluice, guarded, migrations):
    sluice.database = guarded.create_database()
    return Scene(sluice, sluice.database, migrations)


def test_wrong_password_is_nowhere_to_be_found(guarded_scene, guarded):
    scene, sluice, database = guarded_scene, guarded_scene.sluice, guarded_scene.database
    scene.refused(2, [
        f"pgsluice: error: could not connect to host={guarded.socket_dir} port=5432 dbname={database.name} user=guarded:"
        ' password authentication failed for user "guarded" [28P01]',
        "hint: Check the user and the password: ~/.pgpass, PGPASSWORD or the connection string. It is never shown."],
        "--batch", "--record", str(sluice.home / "record"),
        database=database.conninfo(user="guarded", password="hunter2"))
    written = b"".join(path.read_bytes() for path in sluice.home.rglob("*") if path.is_file())
    assert b"hunter2" not in written


def test_no_password_where_one_is_asked_for(guarded_scene, guarded):
    database = guarded_scene.database
    guarded_scene.refused(2, [
        f"pgsluice: error: could not connect to host={guarded.socket_dir} port=5432 dbname={database.name} user=guarded:"
        " fe_sendauth: no password supplied",
        "hint: The server asks for a password: put it into ~/.pgpass or PGPASSWORD."],
        database=database.conninfo(user="guarded"))


def test_standby_is_no_target(guarded_scene, guarded, make_standby):
    replica = make_standby(guarded)
    guarded_scene.refused(2, ["pgsluice: error: the target is a standby: it takes no writes",
                              "hint: Connect to the primary; a standby can serve the backup with --source."],
                          database=replica.conninfo(guarded_scene.database.name))


def test_server_that_is_read_only_as_a_whole(own):
    scene = own()
    scene.database.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    scene.database.cluster.reload()
    scene.refused(2, [
        "pgsluice: error: gate inspect: inspect.rights: the target is read-only: default_transaction_read_only is on for"
        " the whole server (limit: the server takes writes)",
        "hint: Have an administrator run: ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf(); or"
        " log in as a role that has it switched off."], judged=["inspect"])


@pytest.mark.parametrize("of_role", [False, True])
def test_read_only_target(scene, of_role):
    cluster, name = scene.database.cluster, scene.database.name
    role = f"reader{name}" if of_role else "postgres"
    if of_role:
        cluster.execute(f"CREATE ROLE {role} LOGIN SUPERUSER")
        cluster.execute(f"ALTER ROLE {role} SET default_transaction_read_only = yes")
    else:
        cluster.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    scene.refused(2, [f"pgsluice: error: the target is read-only for role {role}: default_transaction_read_only is set"
                      " for it",
                      "hint: Take the setting back from the database or the role, or log in as a role that may write."],
                  database=cluster.conninfo(name, user=role))


def test_role_that_may_write_all_the_same(scene):
    cluster, name = scene.database.cluster, scene.database.name
    cluster.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    cluster.execute(f"CREATE ROLE writer{name} LOGIN SUPERUSER")
    cluster.execute(f'ALTER ROLE writer{name} IN DATABASE "{name}" SET default_transaction_read_only = off')
    scene.sluice.run("--batch", "--stop-before", "backup", database=cluster.conninfo(name, user=f"writer{name}")).ended(0)


@pytest.fixture
def limited(scene):
    """A role that may do nothing but log in, look at the sessions and read the history."""
    role = f"limited{scene.database.name}"
    scene.database.cluster.execute(f"CREATE ROLE {role} LOGIN; GRANT pg_monitor TO {role}")
    scene.database.execute(f"GRANT SELECT ON schema_migrations TO {role}")
    return role


def test_missing_right_to_read_is_named_with_what_grants_it(scene, limited):
    scene.database.execute(f"GRANT CREATE ON DATABASE {scene.database.name} TO {limited}; CREATE SCHEMA app;"
                           "CREATE SEQUENCE app.numbers; SELECT lo_from_bytea(70000, 'abc')")
    scene.refused(2, [
        f"pgsluice: error: gate inspect: inspect.rights: role {limited} may not read schema app, app.numbers, public.users,"
        " large object 70000 (limit: whoever takes the backup may read every table)",
        f"hint: Have an administrator run: GRANT USAGE ON SCHEMA app TO {limited}; GRANT SELECT ON SEQUENCE app.numbers TO"
        f" {limited}; GRANT SELECT ON public.users TO {limited}; GRANT SELECT ON LARGE OBJECT 70000 TO {limited}; or for"
        f" all tables: GRANT pg_read_all_data TO {limited};"], database=scene.database.conninfo(user=limited),
        judged=["inspect"])
    scene.database.execute(f"GRANT USAGE ON SCHEMA app TO {limited}; GRANT SELECT ON SEQUENCE app.numbers TO {limited};"
                           f"GRANT SELECT ON public.users TO {limited}; GRANT SELECT ON LARGE OBJECT 70000 TO {limited}")
    scene.sluice.run("--batch", "--stop-before", "rehearsal", database=scene.database.conninfo(user=limited)).ended(0)


def test_missing_right_to_write_the_ledger_is_named_with_what_grants_it(scene, limited):
    scene.database.execute(f"GRANT SELECT ON users TO {limited}")
    scene.refused(2, [
        f"pgsluice: error: gate inspect: inspect.rights: role {limited} may not write the ledger: database"
        f" {scene.database.name} (limit: the ledger can be written when the apply begins)",
        f"hint: Have an administrator run: GRANT CREATE ON DATABASE {scene.database.name} TO {limited};"],
        database=scene.database.conninfo(user=limited), judged=["inspect"])


def test_missing_right_to_write_the_history_fails_in_the_rehearsal(scene, limited):
    scene.database.execute(f"GRANT SELECT ON users TO {limited}; GRANT CREATE ON DATABASE {scene.database.name} TO"
                           f" {limited}")
    scene.refused(11, [
        "pgsluice: error: gate rehearsal: rehearsal.plan: history table: cannot extend the history table"
        " public.schema_migrations: must be owner of table schema_migrations (SQLSTATE 42501) (limit: the whole plan runs)",
        "hint: Grant the role the right that is missing, or connect as a role that has it."],
        database=scene.database.conninfo(user=limited), judged=["inspect", "backup", "rehearsal"])


def test_missing_ownership_fails_in_the_rehearsal_with_its_place(scene, limited):
    scene.database.execute(f"GRANT SELECT ON users TO {limited}; GRANT CREATE ON DATABASE {scene.database.name} TO"
                           f" {limited}; ALTER TABLE schema_migrations OWNER TO {limited};"
                           f"GRANT CREATE ON SCHEMA public TO {limited}")
    scene.refused(11, [
        "pgsluice: error: gate rehearsal: rehearsal.plan: {folder}/002_names.sql:1:1: migration 002: must be owner of table users"
        " (SQLSTATE 42501) (limit: the whole plan runs)",
        "hint: Grant the role the right that is missing, or connect as a role that has it."],
        database=scene.database.conninfo(user=limited), judged=["inspect", "backup", "rehearsal"])


def test_pooler_in_the_path(scene, make_pooler):
    pooler = make_pooler(scene.database.cluster)
    scene.refused(2, [
        f"pgsluice: error: a connection pooler is in the path to host={pooler.folder} port=5432"
        f" dbname={scene.database.name} user=postgres",
        re.compile("detail: It shows by this: unsupported startup parameter.*"),
        "hint: Connect to the server itself: a pooler shares its sessions, and a run needs its own."],
        database=pooler.conninfo(scene.database.name))


# -- which of several faults is told: usage, then the files, then the connection, then the gates --

UNREACHABLE = "host=127.0.0.1 port=1 dbname=x user=me"


def test_usage_comes_before_files(scene):
    scene.migrations.file("003_more.sql", b"SELECT 'abc;")
    scene.refused(2, ["pgsluice: error: --stop-before: there is no gate \"aply\"", 'hint: Did you mean "apply"?'],
                  "--batch", "--stop-before", "aply", database=UNREACHABLE)


def test_a_wrong_password_comes_before_files(guarded_scene, guarded):
    guarded_scene.migrations.file("003_more.sql", b"SELECT 'abc;")
    guarded_scene.refused(2, [
        f"pgsluice: error: could not connect to host={guarded.socket_dir} port=5432 dbname={guarded_scene.database.name}"
        ' user=guarded: password authentication failed for user "guarded" [28P01]',
        "hint: Check the user and the password: ~/.pgpass, PGPASSWORD or the connection string. It is never shown."],
        database=guarded_scene.database.conninfo(user="guarded", password="hunter2"))


@pytest.mark.parametrize("case", ["an unterminated quote", "a cycle", "a version in two files"])
def test_files_come_before_the_connection(scene, case):
    files, said = BAD_FILES[case]
    for name, content in files.items():
        scene.migrations.file(name, content.encode())
    scene.refused(10, said, database=UNREACHABLE)


def test_the_connection_comes_before_the_gates(scene):
    scene.migrations.remove("001_users.sql").remove("001_users.down.sql")
    scene.refused(22, ["pgsluice: error: could not connect to host=127.0.0.1 port=1 dbname=x user=me: Connection refused",
                       "hint: Nothing listens there: check host and port, and that the server is up."],
                  database=UNREACHABLE)


# -- a server that is too old --

def test_server_older_than_13(scene):
    with contextlib.closing(fake_server("12.22")) as server:
        port = server.getsockname()[1]
        scene.refused(2, [
            f"pgsluice: error: the server at host=127.0.0.1 port={port} dbname=app user=me is PostgreSQL 12.22, which is"
            " too old",
            "hint: pgsluice works with PostgreSQL 13 and later; upgrade the server first."],
            database=f"host=127.0.0.1 port={port} user=me dbname=app")
