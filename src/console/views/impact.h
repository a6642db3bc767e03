/* What the change of live does to others, in a few lines: for the view Apply. Knows no keys. */
#ifndef CONSOLE_VIEWS_IMPACT_H
#define CONSOLE_VIEWS_IMPACT_H

#include "console/terminal/paper.h"
#include "console/view.h"

/* Its lines, for a width (0 = any); none while live is not sampled. Glyphs are those of the canvas. */
struct paper impact_write(const struct scene *scene, const struct canvas *signs, int width);

#endif
