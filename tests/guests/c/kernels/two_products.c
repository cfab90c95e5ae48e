/* D := A B C + 0.5 D, by way of A B. */

#include "kernel.h"

static void multiply(int n, const double *a, const double *b, double *c) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] += sum;
        }
}

int main(int argc, char **argv) {
    int n = size(argc, argv, 48);
    size_t count = (size_t)n * n;
    double *a = numbers(count, 1), *b = numbers(count, 2), *c = numbers(count, 3), *d = numbers(count, 4);
    double *between = calloc(count, sizeof *between);
    if (between == NULL) abort();
    multiply(n, a, b, between);
    for (size_t i = 0; i < count; i++) d[i] *= 0.5;
    multiply(n, between, c, d);
    report("two products", d, count);
    return 0;
}
