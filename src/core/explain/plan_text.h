/*
 * Figures of query plans for columns, at most seven characters wide but for the words. Knows no plan; sentences take
 * theirs from figure.h.
 */
#ifndef CORE_EXPLAIN_PLAN_TEXT_H
#define CORE_EXPLAIN_PLAN_TEXT_H

#include "base/arena.h"

/* "0", "2,417", "199,990", "12.3M", "4.56G"; a fraction (rows of a loop) below 10 keeps one digit: "0.3". */
const char *plan_text_count(struct arena *arena, double count);

/* Of 1: "99", "12"; "<1" for what rounds to nothing and is none, "." for 0. */
const char *plan_text_share(struct arena *arena, double share);

/*
 * An estimate factor (actual by planned): "20k over", "12 under" for what was planned too high or too low by so many
 * times; "" for what is less than twice off or not known (0).
 */
const char *plan_text_factor(struct arena *arena, double factor);

#endif
