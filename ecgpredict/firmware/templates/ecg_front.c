/* The front end, see ecg_front.h. Written by ecglib @version@. Not a medical device. */
#include "ecg_front.h"

#define DOWN @front.down@
#define TAPS @front.taps|length@
#if ECG_ADC_RATE == 500
#define UP 1
#define CLIPPED @front.clipped[500]@ /* samples */
#define BASELINE 12 /* the baseline moves by 2^-12 of its distance */
#elif ECG_ADC_RATE == 250
#define UP 2
#define CLIPPED @front.clipped[250]@
#define BASELINE 11
#else
#error "ECG_ADC_RATE: expected 250 or 500"
#endif
#define SHIFT (@front.bits@ + 1 - UP) /* fraction bits of the sums */
#define FRACTION 8 /* fraction bits of the leads before they are rounded */
#define MOST 16000 /* microvolts: with more, sums could exceed 32 bits */
#define HIGHEST ((INT32_C(1) << (ECG_ADC_BITS - 1)) - 1)

/* Microvolts per count * 2^24. */
#define DIVISOR ((int64_t)ECG_ADC_GAIN << (ECG_ADC_BITS - 1))
#define FACTOR ((((int64_t)ECG_ADC_REFERENCE_UV << 24) + DIVISOR / 2) / DIVISOR)

/* C99 leaves right shifts of negative values to the compiler; the code below relies on sign extension. */
typedef char front_shift_extends_sign[((-3) >> 1) == -2 ? 1 : -1];

/* The filter at 500 Hz * 2^@front.bits@. */
static const int16_t taps[TAPS] = {
@front.lines@
};

static int32_t within(int32_t value, int32_t limit) {
    return value < -limit ? -limit : value > limit ? limit : value;
}

/* Begin a window that is judged. */
static void begin_window(ecg_front *front) {
    for (int32_t input = 0; input < ECG_FRONT_INPUTS; input++) {
        front->still[input] = 0;
        for (int32_t end = 0; end < 2; end++) {
            front->limits[input][end].value = INT32_MIN;
            front->limits[input][end].run = front->limits[input][end].runs = 0;
        }
    }
    for (int32_t lead = 0; lead < ECG_FRONT_LEADS; lead++)
        for (int32_t i = 0; i < ECG_FRONT_EXTREMES; i++)
            front->extremes[lead][0][i] = front->extremes[lead][1][i] = INT16_MAX;
    front->off = front->saturated = front->constant = 0;
}

void ecg_front_start(ecg_front *front) {
    for (int32_t i = 0; i < ECG_FRONT_OPEN; i++)
        for (int32_t input = 0; input < ECG_FRONT_SUMS; input++) front->sums[i][input] = 0;
    front->oldest = 0;
    front->phase = @front.phase@;
    front->early = -1; /* no sample yet */
    begin_window(front);
}

/* How often, and for how long, a signal is at its maximum. */
static void follow(ecg_front_limit *limit, int32_t value) {
    if (value > limit->value) {
        limit->value = value;
        limit->run = 1;
        limit->runs = 0;
    } else if (value < limit->value) {
        limit->run = 0;
    } else if (limit->run < UINT16_MAX && ++limit->run == CLIPPED) {
        limit->runs++;
    }
}

/* Judge a sample of an input as it is. */
static void judge(ecg_front *front, int32_t input, int32_t count) {
    if (!front->still[input] || count != front->last[input]) front->still[input] = 0;
    if (front->still[input] < UINT16_MAX) front->still[input]++;
    if (front->still[input] >= @front.constant_s@ * ECG_ADC_RATE) front->constant |= (uint8_t)(1 << input);
    if (count >= HIGHEST || count < -HIGHEST) front->saturated |= (uint8_t)(1 << input);
    follow(&front->limits[input][0], -count);
    follow(&front->limits[input][1], count);
}

/* Keep a value if it is among the lowest. */
static void keep_lowest(int16_t lowest[ECG_FRONT_EXTREMES], int32_t value) {
    int32_t at = ECG_FRONT_EXTREMES - 1;
    if (value >= lowest[at]) return;
    for (; at > 0 && lowest[at - 1] > value; at--) lowest[at] = lowest[at - 1];
    lowest[at] = (int16_t)value;
}

/* The oldest output, which is complete, in all leads. */
static void write_output(ecg_front *front, int16_t microvolts[ECG_FRONT_LEADS]) {
    int32_t values[ECG_FRONT_INPUTS], leads[ECG_FRONT_LEADS];
    for (int32_t input = 0; input < ECG_FRONT_INPUTS; input++) {
        const int32_t sum = front->sums[front->oldest][input] >> (SHIFT - FRACTION);
        const int32_t offset = ECG_ADC_HIGHPASS ? 0 : (int32_t)((front->baseline[input] >> 12) * FACTOR >> (24 - FRACTION));
        values[input] = sum + offset;
    }
//% for expression in front.expressions
    leads[@loop.index0@] = @expression@;
//% endfor
    for (int32_t lead = 0; lead < ECG_FRONT_LEADS; lead++) {
        const int32_t rounded = within((leads[lead] + (1 << (FRACTION - 1))) >> FRACTION, INT16_MAX);
        microvolts[lead] = (int16_t)rounded;
        keep_lowest(front->extremes[lead][0], rounded);
        keep_lowest(front->extremes[lead][1], -rounded);
    }
}

/* If the oldest output is complete, make place for a new one. */
static int complete_output(ecg_front *front, int16_t microvolts[ECG_FRONT_LEADS]) {
    int done = 0;
    front->phase = (int8_t)(front->phase - UP);
    if (front->phase >= 0) return 0;
    front->phase = (int8_t)(front->phase + DOWN);
    if (front->early > 0) {
        front->early--;
    } else {
        write_output(front, microvolts);
        done = 1;
    }
    for (int32_t input = 0; input < ECG_FRONT_SUMS; input++) front->sums[front->oldest][input] = 0;
    front->oldest = (int8_t)(front->oldest + 1 == ECG_FRONT_OPEN ? 0 : front->oldest + 1);
    return done;
}

/* Add four inputs to the sums of the outputs that they contribute to; with more, processors run out of registers. */
static void add(ecg_front *front, int32_t input, const int32_t values[4]) {
    const int32_t a = values[0], b = values[1], c = values[2], d = values[3];
    int32_t *const end = front->sums[ECG_FRONT_OPEN - 1] + input, *sums = front->sums[front->oldest] + input;
    for (int32_t tap = front->phase; tap < TAPS; tap += DOWN) {
        const int32_t weight = taps[tap];
        sums[0] += weight * a;
        sums[1] += weight * b;
        sums[2] += weight * c;
        sums[3] += weight * d;
        sums = sums == end ? front->sums[0] + input : sums + ECG_FRONT_SUMS;
    }
}

int ecg_front_push(ecg_front *front, const int32_t counts[ECG_FRONT_INPUTS], uint8_t off,
                   int16_t microvolts[ECG_FRONT_LEADS]) {
    int32_t values[ECG_FRONT_SUMS] = {0};
    if (front->early < 0) { /* the signal before the first sample is taken to be equal to it */
        front->early = @front.early@;
        for (int32_t input = 0; input < ECG_FRONT_INPUTS; input++) {
            front->last[input] = counts[input];
            front->rest[input] = 1 << 23;
            front->baseline[input] = counts[input] * INT64_C(4096);
        }
    }
    front->off |= off;
    for (int32_t input = 0; input < ECG_FRONT_INPUTS; input++) {
        const int32_t count = off >> input & 1 ? front->last[input] : counts[input];
        const int32_t from_baseline = count - (int32_t)(front->baseline[input] >> 12);
        /* what is rounded off is added to the next sample: the filter then removes most of it */
        const int64_t exact = from_baseline * FACTOR + front->rest[input];
        const int32_t value = (int32_t)(exact >> 24);
        front->rest[input] = (int32_t)(exact & 0xFFFFFF);
        judge(front, input, count);
        values[input] = within(value, MOST);
        if (value != values[input]) front->saturated |= (uint8_t)(1 << input);
        if (ECG_ADC_HIGHPASS) front->baseline[input] += (count * INT64_C(4096) - front->baseline[input]) >> BASELINE;
        front->last[input] = count;
    }
    for (int32_t input = 0; input < ECG_FRONT_INPUTS; input += 4) add(front, input, values + input);
    return complete_output(front, microvolts);
}

/* Bits of the leads that are inputs and, if `computed`, of those that are computed from I and II. */
static uint16_t of_leads(uint8_t inputs, int computed) {
    static const uint16_t bits[ECG_FRONT_INPUTS] = {@front.bits_of_inputs|join(", ")@};
    uint16_t leads = computed ? @front.computed_bits@ : 0;
    for (int32_t input = 0; input < ECG_FRONT_INPUTS; input++)
        if (inputs >> input & 1) leads |= bits[input];
    return leads;
}

ecg_front_quality ecg_front_judge(ecg_front *front) {
    ecg_front_quality quality = {0, 0, 0, 0, 0, 0, 0};
    int32_t largest = 0, largest_limb = 0;
    uint8_t clipped = 0;
    for (int32_t input = 0; input < ECG_FRONT_INPUTS; input++) {
        const ecg_front_limit *const limits = front->limits[input];
        const int64_t range = ((int64_t)limits[0].value + limits[1].value) * FACTOR >> 24;
        if (limits[0].runs + limits[1].runs >= @front.clipped_times@ && range > @front.clipped_range@) clipped |= (uint8_t)(1 << input);
    }
    for (int32_t lead = 0; lead < ECG_FRONT_LEADS; lead++) {
        const int32_t last = ECG_FRONT_EXTREMES - 1;
        const int32_t range = -front->extremes[lead][0][last] - front->extremes[lead][1][last];
        if (range < @front.flat@) quality.flat |= (uint16_t)(1 << lead);
        if (@front.limb_bits@ >> lead & 1 && range > largest_limb) largest_limb = range;
        if (range > largest) largest = range;
    }
    quality.off = of_leads(front->off, front->off & 3);
    quality.saturated = of_leads(front->saturated, front->saturated & 3);
    quality.constant = of_leads(front->constant, (front->constant & 3) == 3) & (uint16_t)~quality.flat;
    quality.clipped = of_leads(clipped, 0) & (uint16_t)~quality.flat;
    quality.high = largest_limb > @front.limb_max@ || largest > @front.any_max@;
    quality.low = largest < @front.largest_min@;
    begin_window(front);
    return quality;
}
