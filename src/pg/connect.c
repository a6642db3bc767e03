#include <poll.h>
#include <string.h>

#include "pg/wire.h"
#include "sys/clock.h"

/*
 * libpq gives no SQLSTATE for a connection that fails, only text; with verbose errors the text has it, and unlike the
 * words around it no server translates it. Its own words are English as long as nobody sets LC_MESSAGES.
 */
struct refusal {
	char sqlstate[6];
	const char *message; /* the server's words; in the arena */
};

struct saying {
	const char *words;   /* in libpq's or a pooler's own text */
	enum status status;
	const char *hint;
};

/* Failures without SQLSTATE of their own; the first row that fits counts. */
static const struct saying SAYINGS[] = {
	{.words = "could not translate host name",
	 .status = FAIL_UNREACHABLE,
	 .hint = "Check the host's name and that it can be looked up from here."},
	{.words = "SYSCALL error", .status = FAIL_UNREACHABLE},
	{.words = "no password supplied",
	 .status = FAIL_USAGE,
	 .hint = "The server asks for a password: put it into ~/.pgpass or PGPASSWORD."},
	{.words = "session is read-only",
	 .status = FAIL_USAGE,
	 .hint = "No server of the connection string takes writes: check target_session_attrs."},
	{.words = "server is in hot standby mode",
	 .status = FAIL_USAGE,
	 .hint = "No server of the connection string is a primary: check target_session_attrs."},
	{.words = "server is not in hot standby mode",
	 .status = FAIL_USAGE,
	 .hint = "No server of the connection string is a standby: check target_session_attrs."},
	{.words = "SSL",
	 .status = FAIL_USAGE,
	 .hint = "Check sslmode and the certificates of the connection string against what the server offers."},
	{.words = "certificate",
	 .status = FAIL_USAGE,
	 .hint = "Check sslmode and the certificates of the connection string against what the server offers."},
	{.words = "SCRAM", .status = FAIL_USAGE, .hint = "Check the password and channel_binding."},
	{.words = "authentication", .status = FAIL_USAGE, .hint = "Check how pg_hba.conf lets this user in."},
	/* An option's value that libpq does not take: it never came to a connection. */
	{.words = "invalid ", .status = FAIL_USAGE, .hint = "Correct the connection string."},
	{.words = "could not match ", .status = FAIL_USAGE, .hint = "Name as many ports as hosts, or one for all."},
	{.words = "definition of service",
	 .status = FAIL_USAGE,
	 .hint = "Check the name of the service and ~/.pg_service.conf."},
	{.words = "Connection refused",
	 .status = FAIL_UNREACHABLE,
	 .hint = "Nothing listens there: check host and port, and that the server is up."},
	{.words = "No such file or directory",
	 .status = FAIL_UNREACHABLE,
	 .hint = "No server has its socket there: check host and port, and that the server is up."},
};

/* Finds ":  28P01: words" as libpq writes an error of the server; the last one counts, for the others were retried. */
static bool read_refusal(struct arena *arena, const char *text, struct refusal *ret_refusal)
{
	bool found = false;
	for (const char *at = text; (at = strstr(at, ":  ")) != NULL; at++) {
		const char *code = at + 3;
		if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || code[5] != ':' || code[6] != ' ')
			continue;
		memcpy(ret_refusal->sqlstate, code, 5);
		ret_refusal->sqlstate[5] = '\0';
		ret_refusal->message = arena_strndup(arena, code + 7, strcspn(code + 7, "\n"));
		found = true;
	}
	return found;
}

/* "connection to server at ... failed: REASON", the last line that says so, else the first line. */
static const char *reason_of(struct arena *arena, const char *text)
{
	const char *reason = text;
	for (const char *at = text; (at = strstr(at, " failed: ")) != NULL; at += 9)
		reason = at + 9;
	reason += strspn(reason, " \t\n");
	size_t length = strcspn(reason, "\n");
	return length ? arena_strndup(arena, reason, length) : "the server closed the connection";
}

static const struct saying *find_saying(const char *text)
{
	for (size_t i = 0; i < sizeof(SAYINGS) / sizeof(SAYINGS[0]); i++)
		if (strstr(text, SAYINGS[i].words))
			return &SAYINGS[i];
	return NULL;
}

/* What a server says before the session exists: other words than ours for its state, so other statuses. */
static enum status refusal_status(const char *sqlstate, const char **ret_hint)
{
	if (strncmp(sqlstate, "53", 2) == 0) {
		*ret_hint = "All connections are taken: wait, end one that is not needed, or raise max_connections.";
		return FAIL_UNREACHABLE;
	}
	enum status status = sqlstate_status(sqlstate, ret_hint);
	if (strncmp(sqlstate, "XX", 2) == 0 || strncmp(sqlstate, "58", 2) == 0)
		return FAIL_UNREACHABLE;
	if (status == FAIL_INTERNAL) {
		*ret_hint = "Check the connection string against what the server says.";
		return FAIL_USAGE;
	}
	return status;
}

enum status connection_pooled(struct session *session, const char *sign, struct error *err)
{
	error_set(err, FAIL_USAGE, "a connection pooler is in the path to %s", session->place);
	error_detail(err, "It shows by this: %s.", sign);
	return error_hint(err, "Connect to the server itself: a pooler shares its sessions, and a run needs its own.");
}

enum status connection_failed(struct session *session, struct error *err)
{
	const char *text = PQerrorMessage(session->conn);
	const struct saying *saying = find_saying(text);
	struct refusal refusal = {{0}, NULL};

	if (read_refusal(session->arena, text, &refusal)) {
		const char *hint;
		enum status status = refusal_status(refusal.sqlstate, &hint);
		/* No server says this, only PgBouncer and its like do. */
		if (strstr(refusal.message, "unsupported startup parameter"))
			return connection_pooled(session, refusal.message, err);
		error_set(err, status, "could not connect to %s: %s", session->place, refusal.message);
		error_sqlstate(err, refusal.sqlstate);
		if (hint)
			error_hint(err, "%s", hint);
		return err->status;
	}
	error_set(err, saying ? saying->status : FAIL_UNREACHABLE, "could not connect to %s: %s", session->place,
	          reason_of(session->arena, text));
	if (saying && saying->hint)
		error_hint(err, "%s", saying->hint);
	return err->status;
}

static void note_notice(void *context, const PGresult *result)
{
	struct session *session = context;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (session->notice && severity && sqlstate && message)
		session->notice(session->notice_context, severity, sqlstate, message);
}

enum connecting connection_start(struct session *session, const struct conninfo *info)
{
	session->conn = PQconnectStartParams(info->keywords, info->values, 0);
	if (PQstatus(session->conn) == CONNECTION_BAD)
		return CONNECTING_REFUSED;
	PQsetErrorVerbosity(session->conn, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(session->conn, note_notice, session);
	return CONNECTING_WRITES;
}

enum connecting connection_step(struct session *session)
{
	switch (PQconnectPoll(session->conn)) {
	case PGRES_POLLING_OK:
		PQsetnonblocking(session->conn, 1);
		return CONNECTING_DONE;
	case PGRES_POLLING_READING:
		return CONNECTING_READS;
	case PGRES_POLLING_WRITING:
		return CONNECTING_WRITES;
	default:
		return CONNECTING_REFUSED;
	}
}

enum attempt { CONNECTED, REFUSED, TIMED_OUT, STOPPED };

static enum attempt attempt(struct session *session, const struct conninfo *info, int64_t deadline_ms)
{
	enum connecting next = connection_start(session, info);
	while (next == CONNECTING_READS || next == CONNECTING_WRITES) {
		/* The descriptor changes from address to address. */
		struct loop_fd fd = {.fd = PQsocket(session->conn),
				     .events = next == CONNECTING_READS ? POLLIN : POLLOUT};
		enum loop_outcome outcome = loop_wait(session->loop, &fd, 1, deadline_ms);
		if (outcome != LOOP_READY)
			return outcome == LOOP_STOPPED ? STOPPED : TIMED_OUT;
		next = connection_step(session);
	}
	return next == CONNECTING_DONE ? CONNECTED : REFUSED;
}

/* The host that libpq is at: those before it have answered, so only this one hangs. */
static void drop_hanging_host(struct session *session, struct conninfo *info)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *host = PQhost(session->conn), *keyword = conninfo_get(info, "host") ? "host" : "hostaddr";
	const char *list = arena_strdup(scratch, conninfo_get(info, keyword));
	size_t index = 0;
	for (const char *at = list; at && *at; index++) {
		size_t length = strcspn(at, ",");
		if (host && strlen(host) == length && memcmp(host, at, length) == 0)
			break;
		at += at[length] ? length + 1 : length;
	}
	conninfo_drop_host(info, index < conninfo_host_count(info) ? index : 0);
}

enum status connection_open(struct session *session, struct conninfo *info, int64_t timeout_ms, struct error *err)
{
	for (;;) {
		switch (attempt(session, info, clock_ms() + timeout_ms)) {
		case CONNECTED:
			return OK;
		case REFUSED:
			return connection_failed(session, err);
		case STOPPED:
			return loop_stop_error(session->loop, err);
		case TIMED_OUT:
			break;
		}
		if (conninfo_host_count(info) < 2)
			break;
		drop_hanging_host(session, info);
		PQfinish(session->conn);
		session->conn = NULL;
	}
	error_set(err, FAIL_UNREACHABLE, "could not connect to %s: no answer within %lld s", session->place,
	          (long long)(timeout_ms / 1000));
	return error_hint(err, "Check host, port and firewalls on the way, and that the server is up.");
}
