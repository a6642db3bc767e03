/*
 * The demo: a running cluster of its own with the reference schema as it is after some of its migrations, with a
 * history and data. What it is made from comes with the program.
 */
#ifndef ENGINE_DEMO_H
#define ENGINE_DEMO_H

#include <stdbool.h>

#include "base/error.h"
#include "engine/run.h"

/* The last migration that is applied in it. */
#define DEMO_UNTIL "004"
#define DEMO_DATABASE "demo"

struct demo {
	/* what the caller sets */
	const char *folder;    /* absolute; of the cluster */
	const char *data;      /* SQL file with the data */
	void (*tell)(void *context, const char *what); /* what is being done, a sentence part */
	void *context;

	/* what comes out, in the run's arena */
	const char *conninfo;
	const char *server_version;
	bool was_there;        /* it was made before, and only had to run */
};

/*
 * Makes the cluster, or starts the one that was made before; one that was not finished is made anew. The run's
 * settings name the migrations. FAIL_USAGE for what has to be installed and for a folder that holds something else.
 */
enum status demo_start(struct run *run, struct demo *demo, struct error *err) MUST_CHECK;

#endif
