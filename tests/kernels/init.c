// SPDX-License-Identifier: GPL-2.0
/*
 * The first process on kernels whose disks are modules: load those of /modules in the order of their names, then go
 * on as the root file system says.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(void)
{
	glob_t modules;
	int tries = 600;

	if (glob("/modules/*", 0, NULL, &modules) == 0)
		for (size_t i = 0; i < modules.gl_pathc; i++) {
			int fd = open(modules.gl_pathv[i], O_RDONLY);

			if (syscall(SYS_finit_module, fd, "", 0))
				return fail(modules.gl_pathv[i]);
			close(fd);
		}
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, ""))
		return fail("/dev");
	/* who drives the disk finds it later */
	while (mount("/dev/nvme0n1", "/root", "ext4", 0, "")) {
		if (--tries == 0)
			return fail("/dev/nvme0n1");
		usleep(100000);
	}
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		return fail("/root");
	execl("/usr/sbin/natpt-init", "natpt-init", NULL);
	return fail("natpt-init");
}
