/*
 * The gates' work: one file per gate, one row per gate in engine/flow.c. Each fills its evidence (checks, data) and
 * returns OK when it could establish them; whether it passed is judged by core/flow from the checks. An error is a
 * gate that could not be carried out: it has failed.
 */
#ifndef ENGINE_GATES_GATES_H
#define ENGINE_GATES_GATES_H

#include "engine/run.h"

enum status gate_inspect(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;
enum status gate_backup(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;
enum status gate_rehearsal(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;
enum status gate_plans(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;
enum status gate_preflight(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;
enum status gate_approval(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;
enum status gate_apply(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;
enum status gate_verify(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;

#endif
