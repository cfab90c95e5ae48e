/* A plugin of QEMU's user-mode emulators: counts the instructions that are executed at given addresses, and
   prints the sum on standard error at the end of the process:

       qemu-riscv64 -plugin libcount_instructions.so,at=10000-40000000,at=200000000-800000000 PROGRAM

   The addresses are hexadecimal, the second of each pair is the first behind it. Instructions are counted by
   translated blocks, so that a block which traps midway counts whole.

   What is used of QEMU's interface is declared here, since few distributions have its header. It is the same in
   every QEMU since 4.2, but for the version number that QEMU asks for: 1 until 8.2, then 2. */

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_info_t;
struct qemu_plugin_tb;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                          void (*callback)(unsigned int vcpu, void *data),
                                          enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t id, void *data),
                                    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);

/* Came with version 2, and tells which one this QEMU has. */
extern void *qemu_plugin_scoreboard_new(size_t size) __attribute__((weak));

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;

/* Runs before QEMU looks at the version. */
__attribute__((constructor)) static void choose_version(void)
{
    if (qemu_plugin_scoreboard_new)
        qemu_plugin_version = 2;
}

#define MOST_RANGES 8

static struct { uint64_t start, end; } ranges[MOST_RANGES];
static size_t range_count;

static uint64_t executed;

/* `data` is the number of the block's instructions. Only one thread runs at the addresses in question. */
static void block_runs(unsigned int vcpu, void *data)
{
    (void)vcpu;
    executed += (uintptr_t)data;
}

static void block_is_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    uint64_t address = qemu_plugin_tb_vaddr(block);
    for (size_t i = 0; i < range_count; i++) {
        if (ranges[i].start <= address && address < ranges[i].end) {
            void *count = (void *)(uintptr_t)qemu_plugin_tb_n_insns(block);
            qemu_plugin_register_vcpu_tb_exec_cb(block, block_runs, QEMU_PLUGIN_CB_NO_REGS, count);
            return;
        }
    }
}

static void process_ends(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    fprintf(stderr, "{\"instructions\":%" PRIu64 "}\n", executed);
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        uint64_t start, end;
        if (range_count == MOST_RANGES || sscanf(argv[i], "at=%" SCNx64 "-%" SCNx64, &start, &end) != 2) {
            fprintf(stderr, "count_instructions: write at=START-END, not %s\n", argv[i]);
            return -1;
        }
        ranges[range_count].start = start;
        ranges[range_count++].end = end;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_is_translated);
    qemu_plugin_register_atexit_cb(id, process_ends, NULL);
    return 0;
}
