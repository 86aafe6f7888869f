// What a GPU does beside matrix products: the pieces of a convolution, and optimisers' updates. Compiled by NVRTC when a
// program first needs it. The tests compile the same text as plain C++, where EACH is a loop over everything.

#ifdef __CUDACC_RTC__
#define KERNEL extern "C" __global__ void
#define EACH(at, count)                                                                                                \
    for (unsigned int at = blockIdx.x * blockDim.x + threadIdx.x; at < (count); at += gridDim.x * blockDim.x)
#else
#include <math.h>
#define KERNEL extern "C" void
#define EACH(at, count) for (unsigned int at = 0; at < (count); at++)
#endif

// Images (batch, channels, height, width), and where a window of kernel × kernel reaches: rows × columns.
struct Sizes {
    unsigned int batch, channels, height, width, rows, columns;
    int kernel, stride, padding;
    // Whether to add to what is there.
    int add;
};

// Each window's pixels as a column: (channels·kernel·kernel, batch·rows·columns) from images.
KERNEL patches(const float *images, float *columns, Sizes s) {
    unsigned int wide = s.batch * s.rows * s.columns;
    EACH(at, s.channels * s.kernel * s.kernel * wide) {
        unsigned int line = at / wide, place = at % wide;
        int v = line % s.kernel, u = line / s.kernel % s.kernel;
        unsigned int c = line / (s.kernel * s.kernel), b = place / (s.rows * s.columns);
        int y = (int)(place / s.columns % s.rows) * s.stride + u - s.padding;
        int x = (int)(place % s.columns) * s.stride + v - s.padding;
        int inside = y >= 0 && y < (int)s.height && x >= 0 && x < (int)s.width;
        columns[at] = inside ? images[((b * s.channels + c) * s.height + y) * s.width + x] : 0.0f;
    }
}

// The way back: each pixel is the sum of the places that it was copied to.
KERNEL gather(const float *columns, float *images, Sizes s) {
    unsigned int wide = s.batch * s.rows * s.columns;
    EACH(at, s.batch * s.channels * s.height * s.width) {
        int x = at % s.width, y = at / s.width % s.height;
        unsigned int c = at / (s.width * s.height) % s.channels, b = at / (s.width * s.height * s.channels);
        float sum = 0.0f;
        for (int u = 0; u < s.kernel; u++) {
            int row = y + s.padding - u;
            if (row < 0 || row % s.stride != 0 || row / s.stride >= (int)s.rows) continue;
            for (int v = 0; v < s.kernel; v++) {
                int column = x + s.padding - v;
                if (column < 0 || column % s.stride != 0 || column / s.stride >= (int)s.columns) continue;
                unsigned int line = (c * s.kernel + u) * s.kernel + v;
                sum += columns[line * wide + (b * s.rows + row / s.stride) * s.columns + column / s.stride];
            }
        }
        images[at] = s.add ? images[at] + sum : sum;
    }
}

// (channels, batch, rows·columns) from (batch, channels, rows·columns).
KERNEL swap(const float *from, float *to, Sizes s) {
    unsigned int plane = s.rows * s.columns;
    EACH(at, s.batch * s.channels * plane) {
        unsigned int b = at / plane % s.batch, c = at / (plane * s.batch);
        float value = from[(b * s.channels + c) * plane + at % plane];
        to[at] = s.add ? to[at] + value : value;
    }
}

// An optimiser's constants; `kind` is 0 for SGD, 1 for RMSProp, 2 for Adam, as in optim/rules.rs.
struct Rule {
    int kind;
    float rate, first, first_rest, second, second_rest, root, epsilon;
};

// By how much each parameter goes down; the moments move on. SGD and RMSProp keep a first moment only with momentum.
KERNEL update(const float *gradient, float *first, float *second, float *down, Rule r, unsigned int count) {
    EACH(at, count) {
        float g = gradient[at], step = g;
        if (r.kind != 0) {
            second[at] = r.second * second[at] + r.second_rest * g * g;
        }
        if (r.kind == 2) {
            first[at] = r.first * first[at] + r.first_rest * g;
            step = first[at] / (sqrtf(second[at]) / r.root + r.epsilon);
        } else {
            if (r.kind == 1) {
                step = g / (sqrtf(second[at]) + r.epsilon);
            }
            if (r.first > 0.0f) {
                step = first[at] = r.first * first[at] + step;
            }
        }
        down[at] = r.rate * step;
    }
}

// Adds the squares of every `lanes`-th number to that lane.
KERNEL squares(const float *numbers, double *sums, unsigned int count, unsigned int lanes) {
    EACH(lane, lanes) {
        double sum = 0.0;
        for (unsigned int at = lane; at < count; at += lanes) {
            sum += (double)numbers[at] * numbers[at];
        }
        sums[lane] += sum;
    }
}

// Adds up every `lanes`-th of `count` sums.
KERNEL fold(const double *sums, double *to, unsigned int count, unsigned int lanes) {
    EACH(lane, lanes) {
        double sum = 0.0;
        for (unsigned int at = lane; at < count; at += lanes) {
            sum += sums[at];
        }
        to[lane] = sum;
    }
}
