/* Lists of relations with their fingerprints: made comparable, compared, written as evidence. Pure; reads nothing. */
#ifndef PG_RELATION_H
#define PG_RELATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/list.h"

enum fingerprint_treatment {
	FINGERPRINT_COMPARED, /* rows and content must be equal */
	FINGERPRINT_REPORTED, /* read and reported, never judged: materialised views, rows a dump leaves to an extension */
	FINGERPRINT_NOT_READ, /* foreign tables, partitioned parents, what has no rows of its own */
	FINGERPRINT_UNPROVEN, /* has rows that cannot be seen from here: unlogged tables on a standby */
};

struct fingerprint_column {
	int number;         /* attnum: stays when a column is renamed */
	const char *name;
	unsigned type_oid;
	const char *type;   /* as format_type prints it */
	bool collatable;
	const char *cast;   /* read it as this type, or NULL */
	unsigned cast_oid;  /* its oid, and whether it is collatable; used with `cast` */
	bool cast_collatable;
};

struct relation {
	unsigned oid;       /* stays when a relation is renamed; 0 for large objects */
	const char *name;   /* qualified and quoted */
	const char *later;  /* its name after a change that renamed it, or NULL; set by relations_living_through */
	char kind;          /* pg_class.relkind, 'L' for all large objects together */
	enum fingerprint_treatment treatment;
	const char *why;    /* why it is not compared, or NULL */
	const char *where;  /* only these rows ("WHERE ..."), or NULL: what a dump takes of an extension's table */
	int64_t size_bytes;
	int64_t blocks;
	bool heap;
	LIST(struct fingerprint_column) columns; /* by name */
	int64_t rows;       /* filled in by fingerprint_take; -1 = not read */
	const char *hash;   /* decimal number, or NULL = not read */
};

struct relation_list {
	struct relation *items; /* the biggest first */
	size_t count;
	size_t room;
};

/* Copies in the arena of those relations that `known` has too, told by oid; with all their texts. */
void relations_keep(struct arena *arena, const struct relation_list *relations, const struct relation_list *known,
                    struct relation_list *ret_kept);

/* The relation of that name, or NULL. */
struct relation *relation_find(const struct relation_list *relations, const char *name);

/*
 * Makes two lists of one database (before and after a change, told by oid and attnum) comparable: drops relations and
 * columns that only one of them has, and has `before` read with the types of `after`. Relations only one side has are
 * appended to *ret_gone and *ret_new; one that was renamed is compared under its later name.
 */
void relations_living_through(struct arena *arena, struct relation_list *before, struct relation_list *after,
                              struct text_list *ret_gone, struct text_list *ret_new);

/*
 * Takes over what was read of the same database earlier, while nobody wrote: for relations, told by oid, that would be
 * read by the same columns in the same order.
 */
void relations_take_known(struct relation_list *relations, const struct relation_list *known);

/* Compared relations that differ, each one sentence; relations only one list has are differences too. By name. */
void relations_compare(struct arena *arena, const struct relation_list *before, const struct relation_list *after,
                       struct text_list *ret_differences);

/* For evidence: [{"table","kind","treatment","why","rows","hash","size_bytes"}]. The caller owns it. */
struct json *relations_json(const struct relation_list *relations);

#endif
