/* The @name@ network, see ecg_model.h. Written by ecglib @version@ from @entry.file@. Not a medical device.

   The integer arithmetic is that of TensorFlow Lite's reference kernels. No layer is stored completely: each keeps the
   latest `taps + 1` input columns of its convolution, computes two neighboring outputs, and passes on the larger one.
   Rescaling is monotonic, so that the maximum of the sums can be taken before they are rescaled to int8. */
#include "ecg_model.h"

/* The inner loop multiplies two columns by the weights of two output channels. Processors with ARM's DSP extension
   multiply and accumulate two pairs of 16-bit values per instruction (SMLAD); define ECG_PORTABLE to compile portable C
   instead. The results are bit-identical. */
#if defined(__ARM_FEATURE_SIMD32) && defined(__GNUC__) && !defined(__ARM_BIG_ENDIAN) && !defined(ECG_PORTABLE)
#define ECG_DUAL 1
#define KERNEL "dual"
#else
#define ECG_DUAL 0
#define KERNEL "portable"
#endif

/* Define ECG_STREAMING as 0 to omit ecg_push() and its ECG_STREAM_BYTES of RAM. */
#ifndef ECG_STREAMING
#define ECG_STREAMING 1
#endif

#define LAYERS @plan.layers|length@
#define PADDED_LEADS @plan.layers[0].padded@
#define WINDOW_VALUES @plan.window_values@ /* int16 values in all windows */
#define CHANNELS @plan.channels@ /* outputs of the last convolution */
#define AVERAGED @plan.averaged@ /* columns that the mean averages */
#define LAST_COLUMNS @plan.layers[-1].columns@ /* of the last convolution per recording */
#define HOP_COLUMNS @plan.hop_columns@ /* of the last convolution between two results of a stream */
#define OPEN_WINDOWS @plan.open_windows@ /* windows of a stream that overlap */

/* C99 leaves right shifts of negative values to the compiler; the code below relies on sign extension. */
typedef char shift_extends_sign[((-3) >> 1) == -2 ? 1 : -1];

typedef struct {
    const int8_t *weights; /* [outputs][taps][inputs] */
    const int32_t *bias, *multiplier;
    const int8_t *shift;
    int16_t start, next_start; /* first value of this layer's and of the next layer's window */
    int16_t taps, inputs, outputs, next_inputs; /* inputs padded to multiples of four; next_inputs: 0 in the last layer */
    int16_t zero, lowest; /* zero point and smallest value of the outputs */
} layer_t;

static struct {
    union { int16_t of[WINDOW_VALUES]; int32_t aligned; } windows; /* inputs minus their zero point */
    union { uint16_t of[LAYERS]; int32_t aligned; } filled; /* columns in each window */
    union { uint16_t of[CHANNELS]; int32_t aligned; } sums; /* of the last layer's outputs, modulo 2^16 */
} arena;

#if ECG_STREAMING
static struct {
    union { uint16_t of[1 + OPEN_WINDOWS][CHANNELS]; int32_t aligned; } sums; /* of the odd phase; at the starts of windows */
    union { int8_t of[CHANNELS]; int32_t aligned; } previous; /* latest column of the last convolution */
    int16_t until_open, until_close; /* columns until the next window starts and ends */
    uint8_t opens, closes; /* index of the window that starts or ends next */
    uint8_t running, has_previous; /* a stream is in progress; `previous` is valid */
} stream;
typedef char stream_size_matches_header[sizeof stream == ECG_STREAM_BYTES ? 1 : -1];
#endif

typedef char arena_size_matches_header[sizeof arena == ECG_ARENA_BYTES ? 1 : -1];

//% for layer in layers
static const union { int8_t of[@layer.weights.bytes@]; int32_t aligned; } weights_@loop.index0@ = {{
@layer.weights.text@
}};
static const int32_t bias_@loop.index0@[] = {
@layer.bias@
};
static const int32_t multiplier_@loop.index0@[] = {
@layer.multiplier@
};
static const int8_t shift_@loop.index0@[] = {
@layer.shift@
};

//% endfor
static const layer_t layers[LAYERS] = {
//% for layer in layers
    {weights_@loop.index0@.of, bias_@loop.index0@, multiplier_@loop.index0@, shift_@loop.index0@, @layer.start@, @layer.next@,
     @layer.taps@, @layer.padded@, @layer.outputs@, @layer.following@, @layer.zero@, @layer.lowest@},
//% endfor
};

static const int8_t linear_weights[ECG_CLASSES * CHANNELS] = {
@linear.weights@
};
static const int32_t linear_bias[] = {@linear.bias@};
static const int32_t linear_multiplier[] = {@linear.multiplier@};
static const int8_t linear_shift[] = {@linear.shift@};

/* The logistic function, and the calibrated probability of each output, indexed by value + 128. */
static const int8_t logistic[256] = {
@logistic@
};
static const float probability[256] = {
@probability@
};

const char ecg_version[] = "@version@";
const char ecg_model_name[] = "@name@";
const char ecg_model_sha256[] = "@entry.sha256@";
const char ecg_kernel[] = KERNEL;
const char *const ecg_class_names[ECG_CLASSES] = {"@entry.classes|join('", "')@"};
const int8_t ecg_thresholds[ECG_CLASSES] = {@thresholds@};

static int32_t clip(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

/* value * multiplier / 2^(31 + shift), rounded to nearest twice: first with ties upwards, then with ties away from 0. */
static int32_t rescale(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t high = (int32_t)(((int64_t)(2 * value) * multiplier + 0x80000000LL) >> 32);
    return (high + (1 << (shift - 1)) + (high >> 31)) >> shift;
}

/* The same, rounded once with ties upwards, as in fully connected layers. */
static int32_t rescale_once(int32_t value, int32_t multiplier, int32_t shift) {
    return (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << (30 + shift))) >> (31 + shift));
}

#if ECG_DUAL
/* SXTB16 extracts bytes 0 and 2 of four weights, then bytes 1 and 3: windows store channels in the order 0, 2, 1, 3. */
#define PLACE(channel) (((channel) & ~3) | (((channel) & 1) << 1) | (((channel) >> 1) & 1))

/* Four weights of two output channels times four inputs of two columns, in assembly since compilers spill registers. */
#define QUAD \
    "ldr %[a], [%[w]], #4\n\t" \
    "ldr %[c], [%[v]], #4\n\t" \
    "sxtb16 %[b], %[a], ror #8\n\t" \
    "sxtb16 %[a], %[a]\n\t" \
    "sxtb16 %[d], %[c], ror #8\n\t" \
    "sxtb16 %[c], %[c]\n\t" \
    "ldr %[x], [%[left]], #4\n\t" \
    "smlad %[s0], %[x], %[a], %[s0]\n\t" \
    "smlad %[s2], %[x], %[c], %[s2]\n\t" \
    "ldr %[x], [%[left]], #4\n\t" \
    "smlad %[s0], %[x], %[b], %[s0]\n\t" \
    "smlad %[s2], %[x], %[d], %[s2]\n\t" \
    "ldr %[x], [%[right]], #4\n\t" \
    "smlad %[s1], %[x], %[a], %[s1]\n\t" \
    "smlad %[s3], %[x], %[c], %[s3]\n\t" \
    "ldr %[x], [%[right]], #4\n\t" \
    "smlad %[s1], %[x], %[b], %[s1]\n\t" \
    "smlad %[s3], %[x], %[d], %[s3]\n\t"

/* Repeat until the weights reach `end`, which is on the stack since all registers are in use. */
#define LOOP(body, end) \
    __asm__("1:\n\t" body "ldr %[x], %[stop]\n\tcmp %[w], %[x]\n\tbne 1b" \
            : [w] "+r"(w), [v] "+r"(v), [left] "+r"(left), [right] "+r"(right), [s0] "+r"(s0), [s1] "+r"(s1), \
              [s2] "+r"(s2), [s3] "+r"(s3), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [x] "=&r"(x) \
            : [stop] "m"(end) \
            : "cc", "memory")
#else
#define PLACE(channel) (channel)
#endif

/* sums[0], sums[1]: weights w times the columns that start at `left` and at `right`; sums[2], sums[3]: weights v. */
static inline void multiply(const int8_t *w, const int8_t *v, const int16_t *left, const int16_t *right, int32_t count,
                            int32_t sums[4]) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#if ECG_DUAL
    const int8_t *const last = w + count, *const unrolled = w + (count & ~15);
    uint32_t a, b, c, d, x;
    if (w != unrolled) LOOP(QUAD QUAD QUAD QUAD, unrolled);
    if (w != last) LOOP(QUAD, last);
#else
    for (int32_t i = 0; i < count; i++) {
        s0 += w[i] * left[i];
        s1 += w[i] * right[i];
        s2 += v[i] * left[i];
        s3 += v[i] * right[i];
    }
#endif
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

static int32_t quantized_output(const layer_t *layer, int32_t channel, int32_t sum) {
    const int32_t value = rescale(sum + layer->bias[channel], layer->multiplier[channel], layer->shift[channel]);
    return clip(value + layer->zero, layer->lowest, 127);
}

/* Store the larger of two neighboring sums in the next layer's window or, after the last layer, add it to the sums. */
static inline void store_pair(const layer_t *layer, int32_t channel, int32_t first, int32_t second) {
    const int32_t larger = quantized_output(layer, channel, first > second ? first : second);
    if (layer->next_inputs) {
        const int32_t at = layer->next_start + arena.filled.of[layer - layers + 1] * layer->next_inputs;
        arena.windows.of[at + PLACE(channel)] = (int16_t)(larger - layer->zero);
        return;
    }
    arena.sums.of[channel] = (uint16_t)(arena.sums.of[channel] + larger);
#if ECG_STREAMING
    if (stream.running) { /* the odd phase pairs this even column with the odd column before it */
        const int32_t even = quantized_output(layer, channel, first), odd = stream.previous.of[channel];
        if (stream.has_previous)
            stream.sums.of[0][channel] = (uint16_t)(stream.sums.of[0][channel] + (odd > even ? odd : even));
        stream.previous.of[channel] = (int8_t)quantized_output(layer, channel, second);
    }
#endif
}

static void convolve(const layer_t *layer) {
    const int32_t count = layer->taps * layer->inputs, outputs = layer->outputs;
    const int16_t *const left = arena.windows.of + layer->start, *const right = left + layer->inputs;
    for (int32_t channel = 0; channel < outputs; channel += 2) {
        const int8_t *const w = layer->weights + channel * count;
        const int8_t *const v = channel + 1 < outputs ? w + count : w;
        int32_t sums[4];
        multiply(w, v, left, right, count, sums);
        store_pair(layer, channel, sums[0], sums[1]);
        if (channel + 1 < outputs) store_pair(layer, channel + 1, sums[2], sums[3]);
    }
}

/* Mean, fully connected layer and logistic function. `start`: the sums at the start of the window, or 0. */
static void compute_outputs(const uint16_t *sums, const uint16_t *start, int8_t outputs[ECG_CLASSES]) {
    int32_t total[ECG_CLASSES];
    for (int32_t class = 0; class < ECG_CLASSES; class++) total[class] = linear_bias[class];
    for (int32_t channel = 0; channel < CHANNELS; channel++) {
        const uint16_t wrapped = (uint16_t)(sums[channel] - (start ? start[channel] : 0));
        const int32_t sum = wrapped < 32768 ? wrapped : wrapped - 65536;
        const int32_t mean = rescale(sum - AVERAGED * (@network.blocks[-1].sink.zero@), @mean.multiplier@, @mean.shift@) + (@mean.zero@);
        const int32_t value = clip(mean, -128, 127) - (@mean.zero@);
        for (int32_t class = 0; class < ECG_CLASSES; class++)
            total[class] += value * linear_weights[class * CHANNELS + channel];
    }
    for (int32_t class = 0; class < ECG_CLASSES; class++) {
        const int32_t logit = rescale_once(total[class], linear_multiplier[class], linear_shift[class]) + (@network.logit.zero@);
        outputs[class] = logistic[clip(logit, -128, 127) + 128];
    }
}

#if ECG_STREAMING
/* If a window starts at this column, keep a copy of the sums of its phase. */
static void open_window(int32_t phase) {
    if (stream.until_open-- > 0) return;
    const uint16_t *const sums = phase ? stream.sums.of[0] : arena.sums.of;
    for (int32_t channel = 0; channel < CHANNELS; channel++) stream.sums.of[1 + stream.opens][channel] = sums[channel];
    stream.opens = (uint8_t)((stream.opens + 1) % OPEN_WINDOWS);
    stream.until_open = HOP_COLUMNS - 1;
}

/* If a window of this phase ends with this pair, compute its outputs. */
static int close_window(int32_t phase, int8_t outputs[ECG_CLASSES]) {
    if (stream.until_close-- > 0) return 0;
    compute_outputs(phase ? stream.sums.of[0] : arena.sums.of, stream.sums.of[1 + stream.closes], outputs);
    stream.closes = (uint8_t)((stream.closes + 1) % OPEN_WINDOWS);
    stream.until_close = HOP_COLUMNS - 1;
    return 1;
}

/* Compute an even and an odd column of the last convolution. Pooling pairs of phase 0 start with the even column, those
   of phase 1 with the odd one. */
static int convolve_last(const layer_t *layer, int8_t outputs[ECG_CLASSES]) {
    int done;
    if (!stream.running) {
        convolve(layer);
        return 0;
    }
    open_window(0);
    convolve(layer);
    stream.has_previous = 1;
    done = close_window(1, outputs); /* the last pair of phase 1 ends with the even column */
    open_window(1);
    return close_window(0, outputs) || done;
}
#else
static int convolve_last(const layer_t *layer, int8_t outputs[ECG_CLASSES]) {
    (void)outputs;
    convolve(layer);
    return 0;
}
#endif

/* Process the sample in the first window through all layers in which it completes a pair. */
static int advance(int8_t outputs[ECG_CLASSES]) {
    int done = 0;
    arena.filled.of[0]++;
    for (int32_t i = 0; i < LAYERS && arena.filled.of[i] > layers[i].taps; i++) {
        const layer_t *const layer = layers + i;
        int16_t *const window = arena.windows.of + layer->start;
        const int32_t kept = (layer->taps - 1) * layer->inputs;
        if (i + 1 < LAYERS) {
            convolve(layer);
            arena.filled.of[i + 1]++;
        } else {
            done = convolve_last(layer, outputs);
        }
        for (int32_t at = 0; at < kept; at++) window[at] = window[at + 2 * layer->inputs];
        arena.filled.of[i] = (uint16_t)(layer->taps - 1);
    }
    return done;
}

static void reset_state(void) {
    for (int32_t i = 0; i < WINDOW_VALUES; i++) arena.windows.of[i] = 0;
    for (int32_t i = 0; i < LAYERS; i++) arena.filled.of[i] = 0;
    for (int32_t i = 0; i < CHANNELS; i++) arena.sums.of[i] = 0;
#if ECG_STREAMING
    stream.running = 0;
#endif
}

/* Store one value of the next sample. */
static void store_input(int32_t lead, int32_t quantized) {
    int16_t *const column = arena.windows.of + arena.filled.of[0] * PADDED_LEADS;
    column[PLACE(lead)] = (int16_t)(quantized - (@network.blocks[0].source.zero@));
}

int8_t ecg_quantize(int16_t microvolts) {
    const int64_t wide = (int64_t)microvolts * @quantizer.factor@LL + @quantizer.offset@LL;
    return (int8_t)clip((int32_t)(wide >> @quantizer.bits@), -128, 127);
}

float ecg_probability(int8_t output) {
    return probability[output + 128];
}

void ecg_classify_int8(const int8_t input[ECG_SAMPLES][ECG_LEADS], int8_t outputs[ECG_CLASSES]) {
    reset_state();
    for (int32_t sample = 0; sample < ECG_SAMPLES; sample++) {
        for (int32_t lead = 0; lead < ECG_LEADS; lead++) store_input(lead, input[sample][lead]);
        advance(outputs);
    }
    compute_outputs(arena.sums.of, 0, outputs);
}

void ecg_classify_microvolts(const int16_t microvolts[ECG_SAMPLES][ECG_LEADS], int8_t outputs[ECG_CLASSES]) {
    reset_state();
    for (int32_t sample = 0; sample < ECG_SAMPLES; sample++) {
        for (int32_t lead = 0; lead < ECG_LEADS; lead++) store_input(lead, ecg_quantize(microvolts[sample][lead]));
        advance(outputs);
    }
    compute_outputs(arena.sums.of, 0, outputs);
}

void ecg_classify(const int16_t microvolts[ECG_SAMPLES][ECG_LEADS], float probabilities[ECG_CLASSES]) {
    int8_t outputs[ECG_CLASSES];
    ecg_classify_microvolts(microvolts, outputs);
    for (int32_t i = 0; i < ECG_CLASSES; i++) probabilities[i] = ecg_probability(outputs[i]);
}

#if ECG_STREAMING
void ecg_restart(void) {
    reset_state();
    stream.until_open = 0;
    stream.until_close = LAST_COLUMNS - 1;
    stream.opens = stream.closes = stream.has_previous = 0;
    for (int32_t i = 0; i < CHANNELS; i++) stream.sums.of[0][i] = 0;
    stream.running = 1;
}

int ecg_push(const int16_t microvolts[ECG_LEADS], int8_t outputs[ECG_CLASSES]) {
    if (!stream.running) ecg_restart();
    for (int32_t lead = 0; lead < ECG_LEADS; lead++) store_input(lead, ecg_quantize(microvolts[lead]));
    return advance(outputs);
}
#endif
