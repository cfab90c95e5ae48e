/* C := 1.5 A B + 0.5 C. */

#include "kernel.h"

int main(int argc, char **argv) {
    int n = size(argc, argv, 64);
    double *a = numbers((size_t)n * n, 1), *b = numbers((size_t)n * n, 2), *c = numbers((size_t)n * n, 3);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) c[i * n + j] *= 0.5;
        for (int k = 0; k < n; k++)
            for (int j = 0; j < n; j++) c[i * n + j] += 1.5 * a[i * n + k] * b[k * n + j];
    }
    report("gemm", c, (size_t)n * n);
    return 0;
}
