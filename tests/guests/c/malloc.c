/* Uses the heap between calls of WASI, up to the memory cap and after it: what the allocator takes and
   what the adapter of WASI 0.1 has must not overlap. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept;

static char *filled(size_t size, char with) {
    char *memory = malloc(size);
    kept = memory;
    if (memory != NULL) memset(memory, with, size);
    return memory;
}

int main(int argc, char **argv) {
    puts("start");
    fflush(stdout);
    char *large = filled(150000, 1);
    printf("a large piece: %d\n", large != NULL && large[149999] == 1);
    fflush(stdout);
    for (int count = 0; count < 40; count++) filled(4000, 2);
    puts("small pieces");
    fflush(stdout);
    int mebibytes = 0;
    while (filled(1 << 20, 3) != NULL) mebibytes++;
    printf("everything: %d MiB\n", mebibytes);
    printf("arguments: %d, last %s\n", argc, argv[argc - 1]);
    return large[0] == 1 ? 42 : 1;
}
