/* The @name@ network, see ecg_model.h. Written by ecglib @version@ from @entry.file@. Not a medical device.

   The integer arithmetic is that of TensorFlow Lite's reference kernels. No layer is stored completely: each keeps the
   latest input columns of its convolution, computes two neighboring outputs, and passes on the larger one if it pools.
   Rescaling is monotonic, so that the maximum of the sums can be taken before they are rescaled to int8. */
#include "ecg_model.h"

#define LAYERS @plan.layers|length@
#define PADDED_LEADS @plan.layers[0].padded_inputs@
#define WIDEST @widest@ /* most outputs of a layer */
#define CHANNELS @plan.channels@ /* outputs of the last layer; numbers of channels are padded to multiples of four */
#define AVERAGED @plan.averaged@ /* columns that the mean averages */
//% if plan.continuous
#define HOP_COLUMNS @plan.hop_columns@ /* outputs of the last layer between two results of a stream */
#define OPEN @plan.ring@ /* windows of a stream that overlap */
//% else
#define COLUMNS @plan.layers[0].passed@ /* outputs of the first layer per recording */
#define HOP_COLUMNS @plan.hop_columns@ /* of them between two results of a stream */
#define RING @plan.ring@ /* of them that a stream keeps */
//% endif

#if ECG_HELIUM
#include <arm_mve.h>
#define KERNEL "helium"
#define CENTER(zero) 0 /* windows have the inputs themselves: biases include the zero point times the weights */
#define BIAS(bias, zero_times_weights) (bias) - (zero_times_weights)
#else
#define CENTER(zero) (zero)
#define BIAS(bias, zero_times_weights) (bias)
#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__) && !defined(__ARM_BIG_ENDIAN) && !defined(ECG_PORTABLE)
#include <arm_acle.h>
#define DUAL 1
#define KERNEL "dual"
#else
#define KERNEL "portable"
#endif
#endif

/* C99 leaves right shifts of negative values to the compiler; the code below relies on sign extension. */
typedef char shift_extends_sign[((-3) >> 1) == -2 ? 1 : -1];
#if !ECG_HELIUM
typedef char sizes_match_header[sizeof(ecg_arena) == ECG_ARENA_BYTES && sizeof(ecg_stream) == ECG_STREAM_BYTES ? 1 : -1];
#endif

typedef struct {
    const uint32_t *weights; /* int8 [outputs / 2][taps][inputs / 4][2 outputs][4 inputs] */
    const int32_t *bias, *multiplier;
    const int8_t *shift;
    int16_t start, inputs, outputs, quads; /* of the window; channels; inputs of an output, divided by four */
    uint8_t taps, stride, before, after, pools; /* before, after: columns of padding */
    int8_t source_zero, zero, lowest; /* zero points of inputs and outputs, smallest output */
} layer_t;

//% for layer in layers
static const union { int8_t of[@layer.weights.bytes@]; uint32_t words[@layer.weights.bytes // 4@]; } weights_@loop.index0@ = {{
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
    {weights_@loop.index0@.words, bias_@loop.index0@, multiplier_@loop.index0@, shift_@loop.index0@, @layer.start@, @layer.inputs@, @layer.outputs@, @layer.quads@,
     @layer.taps@, @layer.stride@, @layer.before@, @layer.after@, @layer.pools@, @layer.source_zero@, @layer.zero@, @layer.lowest@},
//% endfor
};

static const int8_t linear_weights[ECG_CLASSES * CHANNELS] = {
@linear.weights@
};
static const int32_t linear_bias[] = {@linear.bias@};
static const int32_t linear_multiplier[] = {@linear.multiplier@};
static const int8_t linear_shift[] = {@linear.shift@};

/* The logistic function, and the calibrated probability of each output in 1/65536, indexed by value + 128. */
static const int8_t logistic[256] = {
@logistic@
};
static const uint16_t probability[256] = {
@probability@
};

const char ecg_version[] = "@version@";
const char ecg_model_name[] = "@name@";
const char ecg_model_sha256[] = "@entry.sha256@";
const char ecg_kernel[] = KERNEL;
const char *const ecg_class_names[ECG_CLASSES] = {"@entry.classes|join('", "')@"};
const int16_t ecg_thresholds[ECG_CLASSES] = {@thresholds@};

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

/* multiply(): sums[0] and sums[1] are two outputs of the column whose inputs start at `left`, sums[4] and sums[5] those
   of the column at `right`. Two outputs' weights for four inputs stand side by side. */
#if ECG_HELIUM
static void multiply(const uint32_t *weights, const int8_t *left, const int8_t *right, int32_t quads, int32_t *sums) {
    const uint32x4_t every_second = vidupq_n_u32(0, 8);
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (; quads >= 4; quads -= 4, weights += 8, left += 16, right += 16) {
        const int8x16_t a = vreinterpretq_s8_u32(vldrwq_gather_offset_u32(weights, every_second));
        const int8x16_t b = vreinterpretq_s8_u32(vldrwq_gather_offset_u32(weights + 1, every_second));
        const int8x16_t x = vldrbq_s8(left), y = vldrbq_s8(right);
        s0 = vmladavaq_s8(s0, a, x), s1 = vmladavaq_s8(s1, b, x);
        s2 = vmladavaq_s8(s2, a, y), s3 = vmladavaq_s8(s3, b, y);
    }
    if (quads) {
        const mve_pred16_t words = vctp32q((uint32_t)quads), bytes = vctp8q((uint32_t)(4 * quads));
        const int8x16_t a = vreinterpretq_s8_u32(vldrwq_gather_offset_z_u32(weights, every_second, words));
        const int8x16_t b = vreinterpretq_s8_u32(vldrwq_gather_offset_z_u32(weights + 1, every_second, words));
        const int8x16_t x = vldrbq_z_s8(left, bytes), y = vldrbq_z_s8(right, bytes);
        s0 = vmladavaq_s8(s0, a, x), s1 = vmladavaq_s8(s1, b, x);
        s2 = vmladavaq_s8(s2, a, y), s3 = vmladavaq_s8(s3, b, y);
    }
    sums[0] = s0, sums[1] = s1, sums[4] = s2, sums[5] = s3;
}
#elif defined(DUAL)
/* SXTB16 extracts bytes 0 and 2, then bytes 1 and 3: windows store four channels in the order 0, 2, 1, 3. A function of
   its own in assembly, since compilers spill registers, and some fail to allocate them. */
void ecg_multiply(const uint32_t *weights, const int16_t *left, const int16_t *right, int32_t quads, int32_t *sums);
#define multiply ecg_multiply
#define QUAD \
    "ldrd r8, r10, [r0], #8\n\t" \
    "ldrd r12, lr, [r1], #8\n\t" \
    "sxtb16 r9, r8, ror #8\n\t" \
    "sxtb16 r8, r8\n\t" \
    "sxtb16 r11, r10, ror #8\n\t" \
    "sxtb16 r10, r10\n\t" \
    "smlad r4, r12, r8, r4\n\t" \
    "smlad r5, r12, r10, r5\n\t" \
    "smlad r4, lr, r9, r4\n\t" \
    "smlad r5, lr, r11, r5\n\t" \
    "ldrd r12, lr, [r2], #8\n\t" \
    "smlad r6, r12, r8, r6\n\t" \
    "smlad r7, r12, r10, r7\n\t" \
    "smlad r6, lr, r9, r6\n\t" \
    "smlad r7, lr, r11, r7\n\t"
__asm__(".pushsection .text.ecg_multiply, \"ax\", %progbits\n\t"
        ".syntax unified\n\t"
        ".thumb\n\t"
        ".balign 4\n\t"
        ".global ecg_multiply\n\t"
        ".hidden ecg_multiply\n\t"
        ".type ecg_multiply, %function\n"
        "ecg_multiply:\n\t"
        "push {r4-r11, lr}\n\t"
        "movs r4, #0\n\t"
        "movs r5, #0\n\t"
        "movs r6, #0\n\t"
        "movs r7, #0\n\t"
        "lsrs r3, r3, #1\n\t"
        "bcc 1f\n\t" QUAD
        "beq 2f\n"
        "1:\n\t" QUAD QUAD
        "subs r3, r3, #1\n\t"
        "bne 1b\n"
        "2:\n\t"
        "ldr r12, [sp, #36]\n\t"
        "strd r4, r5, [r12]\n\t"
        "strd r6, r7, [r12, #16]\n\t"
        "pop {r4-r11, pc}\n\t"
        ".size ecg_multiply, . - ecg_multiply\n\t"
        ".popsection");
#else
static void multiply(const uint32_t *weights, const int16_t *left, const int16_t *right, int32_t quads, int32_t *sums) {
    const int8_t *w = (const int8_t *)weights;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (; quads > 0; quads--, w += 8, left += 4, right += 4) {
        int32_t a = w[0], b = w[4], x = left[0], y = right[0];
        s0 += a * x, s1 += b * x, s2 += a * y, s3 += b * y;
        a = w[1], b = w[5], x = left[1], y = right[1];
        s0 += a * x, s1 += b * x, s2 += a * y, s3 += b * y;
        a = w[2], b = w[6], x = left[2], y = right[2];
        s0 += a * x, s1 += b * x, s2 += a * y, s3 += b * y;
        a = w[3], b = w[7], x = left[3], y = right[3];
        s0 += a * x, s1 += b * x, s2 += a * y, s3 += b * y;
    }
    sums[0] = s0, sums[1] = s1, sums[4] = s2, sums[5] = s3;
}
#endif

/* Four outputs of a layer from their sums. */
static void quantize_outputs(const layer_t *layer, int32_t channel, const int32_t sums[4], int8_t outputs[4]) {
#if ECG_HELIUM
    int32x4_t value = vaddq_s32(vldrwq_s32(sums), vldrwq_s32(layer->bias + channel));
    value = vqrdmulhq_s32(value, vldrwq_s32(layer->multiplier + channel));
    value = vrshlq_s32(vaddq_s32(value, vshrq_n_s32(value, 31)), vnegq_s32(vldrbq_s32(layer->shift + channel)));
    value = vmaxq_s32(vaddq_n_s32(value, layer->zero), vdupq_n_s32(layer->lowest));
    vstrbq_s32(outputs, vminq_s32(value, vdupq_n_s32(127)));
#else
    const int32_t *const bias = layer->bias + channel, *const multiplier = layer->multiplier + channel;
    const int8_t *const shift = layer->shift + channel;
    for (int32_t i = 0; i < 4; i++)
        outputs[i] = (int8_t)clip(rescale(sums[i] + bias[i], multiplier[i], shift[i]) + layer->zero, layer->lowest, 127);
#endif
}

/* Compute two neighboring columns from a full window, in their place one with the larger values if the layer pools, and
   remove what no later column needs from the window. Returns the number of columns. */
static int32_t convolve(ecg_arena *arena, int32_t index, uint32_t columns[2][WIDEST / 4]) {
    const layer_t *const layer = layers + index;
    const ecg_value *const left = arena->windows.of + layer->start, *const right = left + layer->stride * layer->inputs;
    const uint32_t *weights = layer->weights;
    int8_t *const first = (int8_t *)columns[0], *const second = (int8_t *)columns[1];
    for (int32_t channel = 0; channel < layer->outputs; channel += 4, weights += 4 * layer->quads) {
        int32_t sums[8];
        multiply(weights, left, right, layer->quads, sums);
        multiply(weights + 2 * layer->quads, left, right, layer->quads, sums + 2);
        if (layer->pools)
            for (int32_t i = 0; i < 4; i++) sums[i] = sums[i] > sums[i + 4] ? sums[i] : sums[i + 4];
        else
            quantize_outputs(layer, channel, sums + 4, second + channel);
        quantize_outputs(layer, channel, sums, first + channel);
    }
    {
        const int32_t filled = arena->filled[index], used = filled < 2 * layer->stride ? filled : 2 * layer->stride;
        const int32_t words = layer->inputs * (int32_t)sizeof(ecg_value) / 4;
        uint32_t *to = arena->windows.words + layer->start * (int32_t)sizeof(ecg_value) / 4;
        const uint32_t *from = to + used * words;
        arena->filled[index] = (uint8_t)(filled - used);
        for (int32_t i = (filled - used) * words; i > 0; i--) *to++ = *from++;
    }
    return layer->pools ? 1 : 2;
}

/* Add a column to a layer's window or, after the last layer, to the sums. */
static void append(ecg_arena *arena, int32_t index, const uint32_t *column) {
    const layer_t *const layer = layers + index;
    if (index == LAYERS) {
        const int8_t *const outputs = (const int8_t *)column;
        for (int32_t i = 0; i < CHANNELS; i++) arena->sums[i] = (int16_t)(arena->sums[i] + outputs[i]);
        return;
    }
    {
        const int32_t at = layer->start + arena->filled[index]++ * layer->inputs;
#if ECG_HELIUM
        uint32_t *to = arena->windows.words + at / 4;
        for (int32_t i = layer->inputs; i > 0; i -= 4) *to++ = *column++;
#elif defined(DUAL)
        const uint32_t zero = (uint16_t)layer->source_zero * 0x10001u;
        uint32_t *to = arena->windows.words + at / 2;
        for (int32_t i = layer->inputs; i > 0; i -= 4) {
            const uint32_t word = *column++;
            *to++ = (uint32_t)__ssub16(__sxtb16((int8x4_t)word), (int16x2_t)zero);
            *to++ = (uint32_t)__ssub16(__sxtb16((int8x4_t)(word >> 8 | word << 24)), (int16x2_t)zero);
        }
#else
        const int8_t *const inputs = (const int8_t *)column;
        for (int32_t i = 0; i < layer->inputs; i++)
            arena->windows.of[at + i] = (ecg_value)(inputs[i] - CENTER(layer->source_zero));
#endif
    }
}

/* Compute what the columns in the windows of the layers from one to another allow. */
static void advance(ecg_arena *arena, int32_t index, int32_t end) {
    uint32_t columns[2][WIDEST / 4];
    for (; index < end && arena->filled[index] >= layers[index].taps + layers[index].stride; index++) {
        const int32_t count = convolve(arena, index, columns);
        append(arena, index + 1, columns[0]);
        if (count == 2) append(arena, index + 1, columns[1]);
    }
}

/* Empty the windows from that of a layer on but for the padding before a recording. */
static void reset(ecg_arena *arena, int32_t index) {
    for (; index < LAYERS; index++) {
        const layer_t *const layer = layers + index;
        ecg_value *const window = arena->windows.of + layer->start;
        for (int32_t i = 0; i < layer->before * layer->inputs; i++)
            window[i] = (ecg_value)(layer->source_zero - CENTER(layer->source_zero));
        arena->filled[index] = layer->before;
    }
    for (int32_t i = 0; i < CHANNELS; i++) arena->sums[i] = 0;
}

/* Mean, fully connected layer and logistic function. */
static void compute_outputs(const int16_t *sums, int8_t outputs[ECG_CLASSES]) {
    int32_t total[ECG_CLASSES];
    for (int32_t i = 0; i < ECG_CLASSES; i++) total[i] = linear_bias[i];
    for (int32_t channel = 0; channel < CHANNELS; channel++) {
        const int32_t sum = sums[channel] - AVERAGED * (@network.blocks[-1].sink.zero@);
        const int32_t mean = clip(rescale(sum, @mean.multiplier@, @mean.shift@) + (@mean.zero@), -128, 127) - (@mean.zero@);
        for (int32_t i = 0; i < ECG_CLASSES; i++) total[i] += mean * linear_weights[i * CHANNELS + channel];
    }
    for (int32_t i = 0; i < ECG_CLASSES; i++) {
        const int32_t logit = rescale_once(total[i], linear_multiplier[i], linear_shift[i]) + (@network.logit.zero@);
        outputs[i] = logistic[clip(logit, -128, 127) + 128];
    }
}

/* The padding after a recording, for the layers from one on; then the outputs. */
static void finish(ecg_arena *arena, int32_t index, int8_t outputs[ECG_CLASSES]) {
    uint32_t columns[2][WIDEST / 4];
    for (; index < LAYERS; index++) {
        const layer_t *const layer = layers + index;
        for (int32_t i = 0; i < WIDEST; i++) ((int8_t *)columns[0])[i] = layer->source_zero;
        for (int32_t i = 0; i < layer->after; i++) {
            append(arena, index, columns[0]);
            advance(arena, index, LAYERS);
        }
        if (!layer->pools && arena->filled[index] >= layer->taps) { /* a column without a neighbor */
            convolve(arena, index, columns);
            append(arena, index + 1, columns[0]);
            advance(arena, index + 1, LAYERS);
        }
    }
    compute_outputs(arena->sums, outputs);
}

static inline int32_t quantize(int32_t microvolts) {
    const @"int32_t" if quantizer.narrow else "int64_t"@ clipped = clip(microvolts, @quantizer.low@, @quantizer.high@);
    return (int32_t)((clipped * @quantizer.factor@ + @quantizer.offset@) >> @quantizer.bits@);
}

static void append_sample(ecg_arena *arena, const int16_t *microvolts) {
    uint32_t column[PADDED_LEADS / 4];
    int8_t *const inputs = (int8_t *)column;
#if ECG_HELIUM && @quantizer.narrow|int@
    for (int32_t i = 0; i < PADDED_LEADS; i += 4) {
        int32x4_t value = vldrhq_z_s32(microvolts + i, vctp32q((uint32_t)(ECG_LEADS - i)));
        value = vmaxq_s32(vminq_s32(value, vdupq_n_s32(@quantizer.high@)), vdupq_n_s32(@quantizer.low@));
        value = vaddq_n_s32(vmulq_n_s32(value, @quantizer.factor@), @quantizer.offset@);
        vstrbq_s32(inputs + i, vshrq_n_s32(value, @quantizer.bits@));
    }
#else
    for (int32_t i = 0; i < PADDED_LEADS; i++) inputs[i] = (int8_t)(i < ECG_LEADS ? quantize(microvolts[i]) : 0);
#endif
    append(arena, 0, column);
}

int8_t ecg_quantize(int16_t microvolts) {
    return (int8_t)quantize(microvolts);
}

uint16_t ecg_probability(int8_t output) {
    return probability[output + 128];
}

void ecg_classify(ecg_arena *arena, const int16_t *microvolts, int8_t outputs[ECG_CLASSES]) {
    reset(arena, 0);
    for (int32_t sample = 0; sample < ECG_SAMPLES; sample++, microvolts += ECG_LEADS) {
        append_sample(arena, microvolts);
        advance(arena, 0, LAYERS);
    }
    finish(arena, 0, outputs);
}

void ecg_classify_int8(ecg_arena *arena, const int8_t *input, int8_t outputs[ECG_CLASSES]) {
    reset(arena, 0);
    for (int32_t sample = 0; sample < ECG_SAMPLES; sample++, input += ECG_LEADS) {
        uint32_t column[PADDED_LEADS / 4];
        for (int32_t i = 0; i < PADDED_LEADS; i++) ((int8_t *)column)[i] = i < ECG_LEADS ? input[i] : (int8_t)0;
        append(arena, 0, column);
        advance(arena, 0, LAYERS);
    }
    finish(arena, 0, outputs);
}

//% if plan.continuous
void ecg_restart(ecg_stream *stream) {
    reset(&stream->arena, 0);
    stream->until_start = stream->opens = stream->closes = 0;
    stream->until_result = AVERAGED;
    stream->started = 1;
}

int ecg_push(ecg_stream *stream, const int16_t *microvolts, int8_t outputs[ECG_CLASSES]) {
    ecg_arena *const arena = &stream->arena;
    uint32_t columns[2][WIDEST / 4];
    int32_t count;
    int done = 0;
    if (!stream->started) ecg_restart(stream);
    append_sample(arena, microvolts);
    advance(arena, 0, LAYERS - 1);
    if (arena->filled[LAYERS - 1] < layers[LAYERS - 1].taps + layers[LAYERS - 1].stride) return 0;
    count = convolve(arena, LAYERS - 1, columns);
    for (int32_t i = 0; i < count; i++) {
        if (stream->until_start-- == 0) {
            for (int32_t at = 0; at < CHANNELS; at++) stream->starts[stream->opens][at] = arena->sums[at];
            stream->opens = (uint16_t)((stream->opens + 1) % OPEN);
            stream->until_start = HOP_COLUMNS - 1;
        }
        append(arena, LAYERS, columns[i]);
        if (--stream->until_result == 0) {
            int16_t sums[CHANNELS]; /* those of the arena are modulo 2^16 */
            for (int32_t at = 0; at < CHANNELS; at++) sums[at] = (int16_t)(arena->sums[at] - stream->starts[stream->closes][at]);
            compute_outputs(sums, outputs);
            stream->closes = (uint16_t)((stream->closes + 1) % OPEN);
            stream->until_result = HOP_COLUMNS;
            done = 1;
        }
    }
    return done;
}
//% else
void ecg_restart(ecg_stream *stream) {
    reset(&stream->arena, 0);
    stream->written = stream->read = stream->available = 0;
    stream->left = COLUMNS;
    stream->remaining = ECG_SAMPLES;
}

int ecg_push(ecg_stream *stream, const int16_t *microvolts, int8_t outputs[ECG_CLASSES]) {
    ecg_arena *const arena = &stream->arena;
    uint32_t columns[2][WIDEST / 4];
    int32_t due;
    if (!stream->remaining) ecg_restart(stream);
    append_sample(arena, microvolts);
    if (arena->filled[0] == layers[0].taps + layers[0].stride) {
        uint32_t *const column = stream->columns[stream->written];
        convolve(arena, 0, columns);
        for (int32_t i = 0; i < layers[0].outputs / 4; i++) column[i] = columns[0][i];
        stream->written = (uint16_t)((stream->written + 1) % RING);
        stream->available++;
    }
    /* the columns before the last one are spread over the samples before the last one */
    due = stream->left;
    if (stream->remaining > 1) due = (due + stream->remaining - 3) / (stream->remaining - 1);
    for (; due > 0 && stream->available; due--) {
        append(arena, 1, stream->columns[stream->read]);
        stream->read = (uint16_t)((stream->read + 1) % RING);
        stream->available--, stream->left--;
        advance(arena, 1, LAYERS);
    }
    if (--stream->remaining) return 0;
    finish(arena, 1, outputs);
    reset(arena, 1);
    /* the next window starts HOP_COLUMNS after this one did */
    stream->read = (uint16_t)((stream->read + RING - (COLUMNS - HOP_COLUMNS)) % RING);
    stream->available = (uint16_t)(stream->available + COLUMNS - HOP_COLUMNS);
    stream->left = COLUMNS;
    stream->remaining = ECG_HOP;
    return 1;
}
//% endif
