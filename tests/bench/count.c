// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU plugin: how often each kernel instruction of the guest is executed. One processor only.
 * At exit it writes lines "ADDRESS COUNT" to the file that the option 'out' names.
 *
 * Debian ships no qemu-plugin.h, so what is needed of the interface's version 4 stands here.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*translated)(qemu_plugin_id_t id,
							      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*executed)(unsigned int vcpu, void *data),
					  int flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
				    void (*finished)(qemu_plugin_id_t id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 4;

/* Instructions that are executed one after the other. */
struct block {
	uint64_t count;
	uint64_t start;
	size_t n;
	uint64_t address[];
};

/* A hash, of many more than a run has. */
#define BLOCK_BITS 21
#define BLOCKS ((size_t)1 << BLOCK_BITS)
static struct block *blocks[BLOCKS];
static const char *out = "counts";

static void executed(unsigned int vcpu, void *data)
{
	struct block *block = data;

	block->count++;
}

static struct block *make_block(const struct qemu_plugin_tb *tb, uint64_t start, size_t n)
{
	struct block *block = calloc(1, sizeof(*block) + n * sizeof(block->address[0]));

	if (!block)
		abort();
	block->start = start;
	block->n = n;
	for (size_t i = 0; i < n; i++)
		block->address[i] = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i));
	return block;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t start = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb);
	size_t i = (start * 0x9E3779B97F4A7C15 + n * 0xC2B2AE3D27D4EB4F) >> (64 - BLOCK_BITS);

	/* user space */
	if (!(start >> 63))
		return;
	/* translated anew, a block goes on counting */
	while (blocks[i] && (blocks[i]->start != start || blocks[i]->n != n))
		i = (i + 1) % BLOCKS;
	if (!blocks[i])
		blocks[i] = make_block(tb, start, n);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, blocks[i]);
}

static void finished(qemu_plugin_id_t id, void *data)
{
	FILE *file = fopen(out, "w");

	if (!file) {
		perror(out);
		return;
	}
	for (size_t i = 0; i < BLOCKS; i++)
		for (size_t k = 0; blocks[i] && blocks[i]->count && k < blocks[i]->n; k++)
			fprintf(file, "%" PRIx64 " %" PRIu64 "\n", blocks[i]->address[k],
				blocks[i]->count);
	fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
			       char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4) != 0)
		return 1;
	out = argv[0] + 4;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finished, NULL);
	return 0;
}
