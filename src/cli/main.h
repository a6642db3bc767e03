/* The program: command line to configuration to command to exit code. Knows no command's work. */
#ifndef CLI_MAIN_H
#define CLI_MAIN_H

/* Runs the program and returns its exit code. */
int cli_main(int argc, char **argv);

#endif
