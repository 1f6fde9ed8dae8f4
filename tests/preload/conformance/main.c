// SPDX-License-Identifier: GPL-2.0
/*
 * conformance --list, or conformance CASE...: each case in a process of its own. Prints what the
 * calls returned.
 */
#include <signal.h>
#include <sys/wait.h>

#include "case.h"

#define LIMIT	60	/* seconds that a case may take */

extern const struct test_case *const __start_cases[];
extern const struct test_case *const __stop_cases[];

static int run(const struct test_case *test)
{
	int status;
	pid_t pid;

	printf("== %s\n", test->name);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		alarm(LIMIT);
		test->run();
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("conformance");
		return 1;
	}
	if (WIFSIGNALED(status))
		printf("killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	return 0;
}

int main(int argc, char **argv)
{
	int i, found, failed = 0;

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (const struct test_case *const *at = __start_cases; at < __stop_cases; at++)
			puts((*at)->name);
		return 0;
	}
	for (i = 1; i < argc; i++) {
		found = 0;
		for (const struct test_case *const *at = __start_cases; at < __stop_cases; at++) {
			if (!strcmp((*at)->name, argv[i])) {
				failed |= run(*at);
				found = 1;
			}
		}
		if (!found) {
			fprintf(stderr, "conformance: no case %s\n", argv[i]);
			failed = 1;
		}
	}
	return failed;
}
