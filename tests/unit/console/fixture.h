/*
 * A view on a model, drawn on canvases and held against pictures: tests/unit/console/screens/VIEW.MOMENT.COLUMNSxROWS.
 * With UPDATE_SCREENS set the files are written instead: look at them before they are committed.
 */
#ifndef TESTS_CONSOLE_FIXTURE_H
#define TESTS_CONSOLE_FIXTURE_H

#include "base/strbuf.h"
#include "console/view.h"

struct picture_size {
	int columns, rows;
	bool ascii;
};

struct fixture {
	struct model *model;
	struct arena *tick;
	void *state;
	const struct view_row *view;
	const struct picture_size *sizes; /* ended by one without columns */
};

/* A model that was told nothing yet, and a view in its first state; the sizes are those of most pictures. */
void fixture_open(struct fixture *f, const char *view);
void fixture_close(struct fixture *f);

/* Two seconds and a half after what was told last. */
struct scene scene_of(const struct fixture *f);

/* The action is the view's, or the test fails. */
void press(struct fixture *f, enum action action);

void draw(const struct fixture *f, int columns, int rows, bool ascii, struct strbuf *out);

/* In every size. */
void compare_all(const char *moment, const struct fixture *f);

#endif
