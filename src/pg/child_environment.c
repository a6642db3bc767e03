#include <string.h>

#include "base/strbuf.h"
#include "pg/wire.h"
#include "sys/file.h"

/* libpq refuses longer lines in a service file. */
enum { LONGEST_LINE = 1000 };

/* Parts of the session's own connection that are another's business: set by us below, or secret, or already spent. */
static const char *const LEFT_OUT[] = {
	"password", "passfile", "service", "host", "hostaddr", "port", "dbname", "options", "application_name",
	"fallback_application_name", "client_encoding", "target_session_attrs", "replication",
};

static bool is_left_out(const char *keyword)
{
	for (size_t i = 0; i < sizeof(LEFT_OUT) / sizeof(LEFT_OUT[0]); i++)
		if (strcmp(keyword, LEFT_OUT[i]) == 0)
			return true;
	return false;
}

/* A line KEYWORD=VALUE has no quoting: a line end would begin another one, and blanks at the end are dropped. */
static enum status add(struct strbuf *file, const char *keyword, const char *value, struct error *err)
{
	size_t length = value ? strlen(value) : 0;
	if (length == 0)
		return OK;
	if (strchr(value, '\n') || strchr(value, '\r') || strchr(" \t", value[length - 1]) ||
	    length > LONGEST_LINE - 100) {
		error_set(err, FAIL_USAGE, "the connection's %s cannot be handed to a program", keyword);
		error_detail(err, "It is too long, ends in a blank or has a line end in it.");
		return error_hint(err, "Use a plain value for %s.", keyword);
	}
	strbuf_printf(file, "%s=%s\n", keyword, value);
	return OK;
}

/* The very server that the session is on, even where the string names several or the name has several addresses. */
static enum status add_place(const struct session *session, const char *database, struct strbuf *file,
                             struct error *err)
{
	if (add(file, "host", PQhost(session->conn), err) != OK ||
	    add(file, "hostaddr", PQhostaddr(session->conn), err) != OK ||
	    add(file, "port", PQport(session->conn), err) != OK)
		return err->status;
	return add(file, "dbname", database ? database : PQdb(session->conn), err);
}

static enum status add_options(const struct session *session, struct strbuf *file, struct error *err)
{
	_cleanup_strbuf_ struct strbuf options = {0};
	const char *own = session->own_options;
	strbuf_printf(&options, "%s%s%s", own ? own : "",
	              own && session->access == SESSION_READ_ONLY ? " " : "",
	              session->access == SESSION_READ_ONLY ? "-c default_transaction_read_only=on" : "");
	return add(file, "options", strbuf_text(&options), err);
}

static enum status write_service(const struct session *session, const char *database, const char *path,
                                 struct error *err)
{
	_cleanup_strbuf_ struct strbuf file = {0};
	PQconninfoOption *options = PQconninfo(session->conn);
	enum status status = OK;

	strbuf_puts(&file, "[pgsluice]\n");
	for (PQconninfoOption *option = options; status == OK && option && option->keyword; option++)
		if (!is_left_out(option->keyword))
			status = add(&file, option->keyword, option->val, err);
	PQconninfoFree(options);
	if (status != OK || add_place(session, database, &file, err) != OK ||
	    add(&file, "application_name", session->application, err) != OK ||
	    add_options(session, &file, err) != OK)
		return err->status;
	return file_write(path, file.data, file.length, err);
}

/* Written even when there is no password, so that the program looks into no other file. */
static enum status write_passwords(const struct session *session, const char *path, struct error *err)
{
	_cleanup_strbuf_ struct strbuf file = {0};
	const char *password = PQpass(session->conn);

	if (password && *password)
		strbuf_puts(&file, "*:*:*:*:");
	for (; password && *password; password++) {
		if (*password == ':' || *password == '\\')
			strbuf_putc(&file, '\\');
		strbuf_putc(&file, *password);
	}
	strbuf_putc(&file, '\n');
	return file_write(path, strbuf_text(&file), file.length, err);
}

enum status session_child_environment(struct session *session, struct arena *arena, const char *folder,
                                      const char *database, const char *const **ret_environment,
                                      struct error *err)
{
	const char *service = path_join(arena, folder, "pg_service.conf");
	const char *passwords = path_join(arena, folder, "pgpass");
	const char **environment = arena_alloc(arena, 4 * sizeof(*environment));

	if (write_service(session, database, service, err) != OK || write_passwords(session, passwords, err) != OK)
		return err->status;
	environment[0] = arena_printf(arena, "PGSERVICEFILE=%s", service);
	environment[1] = "PGSERVICE=pgsluice";
	environment[2] = arena_printf(arena, "PGPASSFILE=%s", passwords);
	*ret_environment = environment;
	return OK;
}

/* A value in a connection string. */
static void put(struct strbuf *text, const char *keyword, const char *value)
{
	strbuf_printf(text, "%s%s='", text->length ? " " : "", keyword);
	for (; value && *value; value++) {
		if (*value == '\'' || *value == '\\')
			strbuf_putc(text, '\\');
		strbuf_putc(text, *value);
	}
	strbuf_putc(text, '\'');
}

enum status session_child_conninfo(struct session *session, struct arena *arena, const char *folder,
                                   const char **ret_conninfo, struct error *err)
{
	const char *passwords = path_join(arena, folder, "pgpass-restore");
	PQconninfoOption *options = PQconninfo(session->conn);
	_cleanup_strbuf_ struct strbuf text = {0};

	for (PQconninfoOption *option = options; option && option->keyword; option++)
		if (!is_left_out(option->keyword) && strcmp(option->keyword, "sslpassword") != 0 && option->val &&
		    option->val[0])
			put(&text, option->keyword, option->val);
	PQconninfoFree(options);
	put(&text, "host", PQhost(session->conn));
	put(&text, "hostaddr", PQhostaddr(session->conn));
	put(&text, "port", PQport(session->conn));
	put(&text, "dbname", PQdb(session->conn));
	put(&text, "application_name", session->application);
	put(&text, "options", session->own_options);
	put(&text, "passfile", passwords);
	if (write_passwords(session, passwords, err) != OK)
		return err->status;
	*ret_conninfo = arena_strdup(arena, strbuf_text(&text));
	return OK;
}
