/*
 * Operating system locales that a copy needs: which are there, and a folder of our own for those that have to be made.
 * Knows no server.
 */
#ifndef PG_LOCALE_H
#define PG_LOCALE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "sys/loop.h"

/* Whether the C library has a locale of that name here. */
bool locale_exists(const char *name);

/*
 * Makes sure that all named locales can be used. *ret_path is NULL when the system has them all, else a value for
 * LOCPATH: a folder below `folder` in which all of them were made with localedef. FAIL_USAGE naming the locale and the
 * package when one can be neither found nor made.
 */
enum status locale_provide(struct loop *loop, struct arena *arena, const struct text_list *names, const char *folder,
                           const char **ret_path, struct error *err) MUST_CHECK;

#endif
