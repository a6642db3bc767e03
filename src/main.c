#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "usage: pgsluice --version\n");
	return 2;
}
