/* Heat on a square: each inner point becomes the mean of itself and its neighbours, again and again. */

#include "kernel.h"

static void step(int n, const double *from, double *to) {
    for (int i = 1; i < n - 1; i++)
        for (int j = 1; j < n - 1; j++)
            to[i * n + j] = 0.2 * (from[i * n + j] + from[i * n + j - 1] + from[i * n + j + 1] +
                                   from[(i + 1) * n + j] + from[(i - 1) * n + j]);
}

int main(int argc, char **argv) {
    int n = size(argc, argv, 64);
    double *a = numbers((size_t)n * n, 1), *b = numbers((size_t)n * n, 1);
    for (int round = 0; round < 50; round++) {
        step(n, a, b);
        step(n, b, a);
    }
    report("jacobi", a, (size_t)n * n);
    return 0;
}
