// SPDX-License-Identifier: GPL-2.0
#include <pthread.h>
#include <signal.h>

#include "host.h"

static const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
static int told[2];

static void thread(union sigval value)
{
	dprintf(told[1], "thread %d\n", value.sival_int);
}

static void handle(int signal, siginfo_t *info, void *unused)
{
	(void)signal, (void)unused;
	dprintf(told[1], "signal %d code %d\n", info->si_value.sival_int, info->si_code);
}

static void wait_told(void)
{
	char line[32] = "";

	/* a handler may run meanwhile */
	while (read(told[0], line, sizeof(line) - 1) < 0)
		;
	printf("  %s", line);
}

static void look(const char *name, const struct addrinfo *request, int mode, struct sigevent *event)
{
	struct gaicb one = { .ar_name = name, .ar_service = "80", .ar_request = request };
	struct gaicb *list[] = { NULL, &one };
	char text[INET_ADDRSTRLEN];

	printf("name %s mode %d\n", name, mode);
	printf("getaddrinfo_a = %d\n", getaddrinfo_a(mode, list, 2, event));
	while (gai_suspend((const struct gaicb *const *)list, 2, NULL) == EAI_INTR)
		;
	if (event && event->sigev_notify != SIGEV_NONE)
		wait_told();
	printf("gai_error = %d\n", gai_error(&one));
	if (gai_error(&one) || one.ar_result->ai_family != AF_INET)
		return;
	tell_text("address", inet_ntop(AF_INET, &((struct sockaddr_in *)one.ar_result->ai_addr)->sin_addr,
				       text, sizeof(text)));
	printf("gai_cancel = %d\n", gai_cancel(&one));
	freeaddrinfo(one.ar_result);
}

// req: G-009
CASE(getaddrinfo_a)
{
	const struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	struct sigevent by_thread = { .sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 7 };
	struct sigevent by_signal = { .sigev_notify = SIGEV_SIGNAL, .sigev_value.sival_int = 8 };
	struct gaicb one = { .ar_name = "peer.test", .ar_request = &hints }, *list[] = { &one };

	pipe(told);
	by_thread.sigev_notify_function = thread;
	by_signal.sigev_signo = SIGUSR1;
	sigaction(SIGUSR1, &action, NULL);
	look("peer.test", &hints, GAI_WAIT, NULL);
	look("nobody.test", &hints, GAI_WAIT, NULL);
	look("192.0.2.77", &hints, GAI_WAIT, NULL);
	look("peer.test", &hints, GAI_NOWAIT, NULL);
	look("peer.test", &hints, GAI_NOWAIT, &none);
	look("peer.test", &hints, GAI_NOWAIT, &by_thread);
	look("peer.test", &hints, GAI_NOWAIT, &by_signal);
	CALL(getaddrinfo_a(99, list, 1, NULL));
	CALL(getaddrinfo_a(GAI_WAIT, list, 0, NULL));
}
