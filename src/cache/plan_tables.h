/* The tables of the plan cache, and every statement that is sent to them. Knows no values. */
#ifndef CACHE_PLAN_TABLES_H
#define CACHE_PLAN_TABLES_H

#include "cache/store.h"

extern const struct store_form PLAN_TABLES;

/* How many columns of a plan the questions select. */
enum { PLAN_COLUMN_COUNT = 21 };

/* A query's series, made when missing: ?1..?5 its key, ?6 the query's text; gives its id. */
extern const char PLAN_SERIES_NEED[];
/* Id and shape of the newest plan of series ?1. */
extern const char PLAN_NEWEST_SHAPE[];
/* Plan ?1 is the last one of its shape. */
extern const char PLAN_MARK_ENDED[];
extern const char PLAN_INSERT[];
/* Plan ?2 is the newest one of series ?1. */
extern const char PLAN_SERIES_NEWEST[];
/* Of series ?1: those behind the ?2 + 1 newest, but for the first and the last of each shape; and all behind those. */
extern const char PLAN_DROP_BETWEEN[];
extern const char PLAN_DROP_BEYOND[];
/* The ?2 oldest of all, but for plan ?1; and series that have lost all of theirs. */
extern const char PLAN_DROP_OLDEST[];
extern const char PLAN_SERIES_DROP_EMPTY[];

/* Questions, each up to its conditions, to which "AND s.column = ..." is added, and the order behind them, limit ?6. */
extern const char PLAN_HISTORY[], PLAN_HISTORY_ORDER[];
extern const char PLAN_NEWEST[], PLAN_NEWEST_ORDER[];
extern const char PLAN_CHANGES[]; /* columns of the plan after, then of the one before */

/* The document of plan ?1. */
extern const char PLAN_DOCUMENT[];

#endif
