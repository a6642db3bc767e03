/* The console that views ask, for tests of views without a terminal. */
#ifndef TESTS_CONSOLE_FAKE_CONSOLE_H
#define TESTS_CONSOLE_FAKE_CONSOLE_H

#include "console/view.h"

/* What was asked last. */
extern char fake_asked[256];

#endif
