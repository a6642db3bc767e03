/* SQL written on paper in colours: key words, texts, numbers, comments. Parses nothing. */
#ifndef CONSOLE_CODE_H
#define CONSOLE_CODE_H

#include "console/terminal/paper.h"

/* Every line of the text in lines of its own, from line `number` on, with the numbers before them; 0 = without. */
void code_write(struct paper *paper, const char *text, size_t length, long number);

#endif
