/* The canaries of a migration folder: the files in its folder `canaries`, read and held against each other. */
#ifndef ENGINE_CANARIES_H
#define ENGINE_CANARIES_H

#include "base/arena.h"
#include "base/error.h"
#include "core/canary/canary.h"

/*
 * Reads FOLDER/canaries/NAME.sql, sorted by name; other files there, dot files and folders are not looked at. No such
 * folder: no canaries. FAIL_REFUSED for a file that is no canary, for two of one name and for one over 1 MiB;
 * FAIL_USAGE for what cannot be read.
 */
enum status canaries_read(struct arena *arena, const char *folder, struct canary_list *ret_list,
                          struct error *err) MUST_CHECK;

/* FOLDER/canaries */
const char *canaries_folder(struct arena *arena, const char *folder);

#endif
