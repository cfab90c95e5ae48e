/* What the kernels share: the size from the command line, memory, a checksum of the result.

   They are loops over matrices and grids of the kinds that numerical benchmark collections such as
   PolyBench are made of, written anew. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int size(int argc, char **argv, int otherwise) {
    int n = argc > 1 ? atoi(argv[1]) : otherwise;
    if (n < 2) {
        fprintf(stderr, "the size must be a number from 2 on\n");
        exit(2);
    }
    return n;
}

static inline double *numbers(size_t count, unsigned seed) {
    double *memory = malloc(count * sizeof *memory);
    if (memory == NULL) abort();
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        memory[i] = (double)(seed >> 16) / 65536.0;
    }
    return memory;
}

/* The bits of every number count, so that a difference anywhere is seen. */
static inline void report(const char *name, const double *values, size_t count) {
    unsigned long long sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned long long bits;
        memcpy(&bits, &values[i], sizeof bits);
        sum = (sum << 5 | sum >> 59) ^ bits;
    }
    printf("%s: %016llx\n", name, sum);
}
