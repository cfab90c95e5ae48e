/* The lengths of the shortest paths between all pairs of points (Floyd and Warshall), in integers. */

#include "kernel.h"

int main(int argc, char **argv) {
    int n = size(argc, argv, 64);
    int *length = malloc((size_t)n * n * sizeof *length);
    if (length == NULL) abort();
    unsigned seed = 1;
    for (int i = 0; i < n * n; i++) {
        seed = seed * 1664525u + 1013904223u;
        length[i] = 1 + (int)(seed >> 20);
    }
    for (int k = 0; k < n; k++)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                int by = length[i * n + k] + length[k * n + j];
                if (by < length[i * n + j]) length[i * n + j] = by;
            }
    unsigned sum = 0;
    for (int i = 0; i < n * n; i++) sum = (sum << 5 | sum >> 27) ^ (unsigned)length[i];
    printf("paths: %08x\n", sum);
    return 0;
}
