# Turns the SQL files named as arguments into C: share/sql/lock_wait.sql becomes query_lock_wait.
# mode=header writes the declarations, anything else the definitions. The comment that opens a file is
# for its reader and is left out of the string.

function symbol(path) {
	sub(/^.*\//, "", path)
	sub(/\.sql$/, "", path)
	gsub(/[^A-Za-z0-9_]/, "_", path)
	return "query_" path
}

function literal(line) {
	gsub(/\\/, "\\\\&", line)
	gsub(/"/, "\\\"", line)
	gsub(/\t/, "\\t", line)
	return "\t\"" line "\\n\""
}

function define(path,    line, opening, status) {
	print ""
	print "const char " symbol(path) "[] ="
	opening = 1
	while ((status = (getline line < path)) > 0) {
		sub(/\r$/, "", line)
		if (opening && line ~ /^[ \t]*(--.*)?$/)
			continue
		opening = 0
		print literal(line)
	}
	if (status < 0) {
		print "embed.awk: cannot read " path > "/dev/stderr"
		failed = 1
		exit 1
	}
	close(path)
	print "\t\"\";"
}

function name_all(    i) {
	print ""
	print "const char *query_name(const char *sql)"
	print "{"
	for (i = 1; i < ARGC; i++)
		print "\tif (sql == " symbol(ARGV[i]) ")\n\t\treturn \"" substr(symbol(ARGV[i]), 7) "\";"
	print "\treturn 0;"
	print "}"
}

BEGIN {
	print "/* Made from share/sql by share/embed.awk; edit the SQL, not this. */"
	if (mode == "header") {
		print "#ifndef PGSLUICE_PG_QUERY_H"
		print "#define PGSLUICE_PG_QUERY_H"
		for (i = 1; i < ARGC; i++)
			print "extern const char " symbol(ARGV[i]) "[];"
		print "/* The name of one of these, by its address; NULL = it is none of them. */"
		print "const char *query_name(const char *sql);"
		print "#endif"
	} else {
		print "#include \"pg/query.h\""
		for (i = 1; i < ARGC; i++)
			define(ARGV[i])
		name_all()
	}
	exit failed
}
