/* @title@. Written by ecglib @version@ from @file@; see ecg_model.h. Not a medical device.

   Integers as TensorFlow Lite's reference kernels compute them. No layer is held whole: each keeps the latest columns
   that its convolution looks at (TAPS + 1 of them), computes two neighbouring outputs at once, and passes on the larger.
   The larger sum has the larger output, so the maximum is taken before sums are rounded to int8. */
#include "ecg_model.h"

/* The inner loop: two columns times two outputs. Processors with ARM's DSP extension multiply and add two pairs of 16
   bits at once (SMLAD); define ECG_PORTABLE to do without. Both give the same bits. */
#if defined(__ARM_FEATURE_SIMD32) && defined(__GNUC__) && !defined(__ARM_BIG_ENDIAN) && !defined(ECG_PORTABLE)
#define ECG_DUAL 1
#define KERNEL "dual"
#else
#define ECG_DUAL 0
#define KERNEL "portable"
#endif

/* Define ECG_STREAMING 0 to leave out ecg_push() and its ECG_STREAM_BYTES of RAM. */
#ifndef ECG_STREAMING
#define ECG_STREAMING 1
#endif

#define LAYERS @layer_count@
#define PADDED_LEADS @padded_leads@
#define WINDOWS @numbers@ /* int16 numbers in all windows */
#define CHANNELS @channels@ /* of the last layer */
#define AVERAGED @averaged@ /* columns that the mean is over */
#define LAST_COLUMNS @last_columns@ /* of the last convolution, in a recording */
#define HOP_COLUMNS @hop_columns@
#define OPEN_WINDOWS @open_windows@

/* what is used below and C99 leaves to the compiler */
typedef char shift_keeps_sign[((-3) >> 1) == -2 ? 1 : -1];

typedef struct {
    const int8_t *weights; /* outputs x taps x inputs, inputs padded to four */
    const int32_t *bias, *multiplier;
    const int8_t *shift;
    int16_t start, next; /* of this layer's window and of the following one's, among all windows */
    int16_t taps, inputs, outputs, following; /* inputs padded; following: padded inputs of the next layer */
    int16_t zero, lowest; /* of the outputs */
} layer_t;

static struct {
    union { int16_t of[WINDOWS]; int32_t aligned; } windows; /* inputs less their zero */
    union { uint16_t of[LAYERS]; int32_t aligned; } filled; /* columns in each window */
    union { uint16_t of[CHANNELS]; int32_t aligned; } sums; /* of the last layer's outputs, modulo 65,536 */
} arena;

#if ECG_STREAMING
static struct {
    union { uint16_t of[1 + OPEN_WINDOWS][CHANNELS]; int32_t aligned; } sums; /* the other phase's; as windows began */
    union { int8_t of[CHANNELS]; int32_t aligned; } before; /* the last convolution's latest column */
    int16_t until_start, until_end; /* columns to the next window's first and last one */
    uint8_t start, end; /* the windows that begin and end next */
    uint8_t running, any; /* a stream goes on; it has a column before this one */
} stream;
typedef char stream_as_promised[sizeof stream == ECG_STREAM_BYTES ? 1 : -1];
#endif

typedef char arena_as_promised[sizeof arena == ECG_ARENA_BYTES ? 1 : -1];

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

/* the logistic function, and what its values mean, from -128 on */
static const int8_t logistic[256] = {
@logistic@
};
static const float probability[256] = {
@probability@
};

const char ecg_version[] = "@version@";
const char ecg_model_name[] = "@name@";
const char ecg_model_sha256[] = "@sha256@";
const char ecg_kernel[] = KERNEL;
const char *const ecg_class_names[ECG_CLASSES] = {@quoted_classes@};
const int8_t ecg_thresholds[ECG_CLASSES] = {@thresholds@};

static int32_t clip(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

/* value * multiplier / 2^(31 + shift), rounded twice to the nearest, halves upwards and then away from zero */
static int32_t rescale(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t high = (int32_t)(((int64_t)(2 * value) * multiplier + 0x80000000LL) >> 32);
    return (high + (1 << (shift - 1)) + (high >> 31)) >> shift;
}

/* the same, rounded once, as fully connected layers do */
static int32_t rescale_once(int32_t value, int32_t multiplier, int32_t shift) {
    return (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << (30 + shift))) >> (31 + shift));
}

#if ECG_DUAL
/* within four channels windows hold 0, 2, 1, 3, as SXTB16 takes bytes 0 and 2 of four weights, then 1 and 3 */
#define PLACE(channel) (((channel) & ~3) | (((channel) & 1) << 1) | (((channel) >> 1) & 1))

/* four weights of each output times four channels of each column; written out because compilers run out of registers */
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

/* a loop while weights are left before `end`, which stands on the stack for want of a register */
#define LOOP(body, end) \
    __asm__("1:\n\t" body "ldr %[x], %[stop]\n\tcmp %[w], %[x]\n\tbne 1b" \
            : [w] "+r"(w), [v] "+r"(v), [left] "+r"(left), [right] "+r"(right), [s0] "+r"(s0), [s1] "+r"(s1), \
              [s2] "+r"(s2), [s3] "+r"(s3), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [x] "=&r"(x) \
            : [stop] "m"(end) \
            : "cc", "memory")
#else
#define PLACE(channel) (channel)
#endif

/* sums[0], [1]: weights w times the columns from `left` and from `right` on; sums[2], [3]: weights v */
static inline void products(const int8_t *w, const int8_t *v, const int16_t *left, const int16_t *right, int32_t count,
                            int32_t sums[4]) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#if ECG_DUAL
    const int8_t *const last = w + count, *const most = w + (count & ~15);
    uint32_t a, b, c, d, x;
    if (w != most) LOOP(QUAD QUAD QUAD QUAD, most);
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

static int32_t output(const layer_t *layer, int32_t channel, int32_t sum) {
    const int32_t value = rescale(sum + layer->bias[channel], layer->multiplier[channel], layer->shift[channel]);
    return clip(value + layer->zero, layer->lowest, 127);
}

/* two neighbouring outputs of a convolution, on the way to the next window or, from the last one, into the sums */
static inline void pass_on(const layer_t *layer, int32_t channel, int32_t first, int32_t second) {
    const int32_t larger = output(layer, channel, first > second ? first : second);
    if (layer->following) {
        const int32_t at = layer->next + arena.filled.of[layer - layers + 1] * layer->following;
        arena.windows.of[at + PLACE(channel)] = (int16_t)(larger - layer->zero);
        return;
    }
    arena.sums.of[channel] = (uint16_t)(arena.sums.of[channel] + larger);
#if ECG_STREAMING
    if (stream.running) { /* the pair that the even column makes with the odd one before */
        const int32_t even = output(layer, channel, first), before = stream.before.of[channel];
        if (stream.any)
            stream.sums.of[0][channel] = (uint16_t)(stream.sums.of[0][channel] + (before > even ? before : even));
        stream.before.of[channel] = (int8_t)output(layer, channel, second);
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
        products(w, v, left, right, count, sums);
        pass_on(layer, channel, sums[0], sums[1]);
        if (channel + 1 < outputs) pass_on(layer, channel + 1, sums[2], sums[3]);
    }
}

/* the mean, the fully connected layer and the logistic function of sums, less those at the window's beginning */
static void answer(const uint16_t *sums, const uint16_t *start, int8_t answers[ECG_CLASSES]) {
    int32_t total[ECG_CLASSES];
    for (int32_t class = 0; class < ECG_CLASSES; class++) total[class] = linear_bias[class];
    for (int32_t channel = 0; channel < CHANNELS; channel++) {
        const uint16_t wrapped = (uint16_t)(sums[channel] - (start ? start[channel] : 0));
        const int32_t sum = wrapped < 32768 ? wrapped : wrapped - 65536;
        const int32_t mean = rescale(sum - AVERAGED * (@last_zero@), @mean.multiplier@, @mean.shift@) + (@mean.zero@);
        const int32_t value = clip(mean, -128, 127) - (@mean.zero@);
        for (int32_t class = 0; class < ECG_CLASSES; class++) total[class] += value * linear_weights[class * CHANNELS + channel];
    }
    for (int32_t class = 0; class < ECG_CLASSES; class++) {
        const int32_t logit = rescale_once(total[class], linear_multiplier[class], linear_shift[class]) + (@logit_zero@);
        answers[class] = logistic[clip(logit, -128, 127) + 128];
    }
}

#if ECG_STREAMING
/* a window of the stream begins at a column of this phase: keep the sums as they are */
static void begin(int32_t phase) {
    if (stream.until_start-- > 0) return;
    const uint16_t *const sums = phase ? stream.sums.of[0] : arena.sums.of;
    for (int32_t channel = 0; channel < CHANNELS; channel++) stream.sums.of[1 + stream.start][channel] = sums[channel];
    stream.start = (uint8_t)((stream.start + 1) % OPEN_WINDOWS);
    stream.until_start = HOP_COLUMNS - 1;
}

/* a window of pairs of this phase ends: what came since it began */
static int finish(int32_t phase, int8_t answers[ECG_CLASSES]) {
    if (stream.until_end-- > 0) return 0;
    answer(phase ? stream.sums.of[0] : arena.sums.of, stream.sums.of[1 + stream.end], answers);
    stream.end = (uint8_t)((stream.end + 1) % OPEN_WINDOWS);
    stream.until_end = HOP_COLUMNS - 1;
    return 1;
}

/* a pair of the last convolution's columns, even and odd; a window that begins with the even one has pairs of phase 0 */
static int convolve_last(const layer_t *layer, int8_t answers[ECG_CLASSES]) {
    int done;
    if (!stream.running) {
        convolve(layer);
        return 0;
    }
    begin(0);
    convolve(layer);
    stream.any = 1;
    done = finish(1, answers); /* ends with the even column */
    begin(1);
    return finish(0, answers) || done;
}
#else
static int convolve_last(const layer_t *layer, int8_t answers[ECG_CLASSES]) {
    (void)answers;
    convolve(layer);
    return 0;
}
#endif

/* the sample that was put into the first window, through as many layers as it completes a pair in */
static int advance(int8_t answers[ECG_CLASSES]) {
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
            done = convolve_last(layer, answers);
        }
        for (int32_t at = 0; at < kept; at++) window[at] = window[at + 2 * layer->inputs];
        arena.filled.of[i] = (uint16_t)(layer->taps - 1);
    }
    return done;
}

static void clear(void) {
    for (int32_t i = 0; i < WINDOWS; i++) arena.windows.of[i] = 0;
    for (int32_t i = 0; i < LAYERS; i++) arena.filled.of[i] = 0;
    for (int32_t i = 0; i < CHANNELS; i++) arena.sums.of[i] = 0;
#if ECG_STREAMING
    stream.running = 0;
#endif
}

/* one number of the sample that comes next */
static void put(int32_t lead, int32_t quantized) {
    int16_t *const column = arena.windows.of + arena.filled.of[0] * PADDED_LEADS;
    column[PLACE(lead)] = (int16_t)(quantized - (@input_zero@));
}

int8_t ecg_quantize(int16_t microvolts) {
    const int64_t wide = (int64_t)microvolts * @microvolts.factor@LL + @microvolts.offset@LL;
    return (int8_t)clip((int32_t)(wide >> @microvolts.bits@), -128, 127);
}

float ecg_probability(int8_t answer) {
    return probability[answer + 128];
}

void ecg_classify_int8(const int8_t input[ECG_SAMPLES][ECG_LEADS], int8_t answers[ECG_CLASSES]) {
    clear();
    for (int32_t sample = 0; sample < ECG_SAMPLES; sample++) {
        for (int32_t lead = 0; lead < ECG_LEADS; lead++) put(lead, input[sample][lead]);
        advance(answers);
    }
    answer(arena.sums.of, 0, answers);
}

void ecg_classify_microvolts(const int16_t microvolts[ECG_SAMPLES][ECG_LEADS], int8_t answers[ECG_CLASSES]) {
    clear();
    for (int32_t sample = 0; sample < ECG_SAMPLES; sample++) {
        for (int32_t lead = 0; lead < ECG_LEADS; lead++) put(lead, ecg_quantize(microvolts[sample][lead]));
        advance(answers);
    }
    answer(arena.sums.of, 0, answers);
}

void ecg_classify(const int16_t microvolts[ECG_SAMPLES][ECG_LEADS], float probabilities[ECG_CLASSES]) {
    int8_t answers[ECG_CLASSES];
    ecg_classify_microvolts(microvolts, answers);
    for (int32_t i = 0; i < ECG_CLASSES; i++) probabilities[i] = ecg_probability(answers[i]);
}

#if ECG_STREAMING
void ecg_restart(void) {
    clear();
    stream.until_start = 0;
    stream.until_end = LAST_COLUMNS - 1;
    stream.start = stream.end = stream.any = 0;
    for (int32_t i = 0; i < CHANNELS; i++) stream.sums.of[0][i] = 0;
    stream.running = 1;
}

int ecg_push(const int16_t microvolts[ECG_LEADS], int8_t answers[ECG_CLASSES]) {
    if (!stream.running) ecg_restart();
    for (int32_t lead = 0; lead < ECG_LEADS; lead++) put(lead, ecg_quantize(microvolts[lead]));
    return advance(answers);
}
#endif
