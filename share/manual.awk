# A manual page as mandoc prints it, made an array of C strings: -v array=NAME. Bold and underlined characters stay
# overstruck (c BS c, _ BS c), which console/manual.c reads.
BEGIN {
	printf "static const char *const %s[] = {\n", array
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	gsub("\010", "\\b")
	printf "\t\"%s\",\n", $0
}
END {
	print "\tNULL,\n};"
}
