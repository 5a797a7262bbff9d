/* The front end: from the counts of an ADC to the microvolts that the network takes, sample by sample.
   Written by ecglib @version@. Not a medical device.

   The converter measures @front.inputs|join(", ")@;@" " + front.computed|join(", ") + " are computed from I and II." if front.computed else " the network needs no others."@
   The filter to @front.rate@ Hz is that of `ecglib predict`. It waits for the samples behind the present one, so that an output is @front.delay@ s late.
   Each microvolt that is written differs from the real number by at most @front.fixed@ + @front.relative@ times the largest deviation from the
   first sample. All state is in the caller's ecg_front; nothing is allocated, and there is no floating point. */
#ifndef ECG_FRONT_H
#define ECG_FRONT_H

#include <stdint.h>

/* Your converter; -D overrides. A count is REFERENCE_UV / GAIN / 2^(BITS - 1) microvolts. These are an ADS1298's. */
#ifndef ECG_ADC_RATE
#define ECG_ADC_RATE 500 /* Hz: 250 or 500 */
#endif
#ifndef ECG_ADC_REFERENCE_UV
#define ECG_ADC_REFERENCE_UV 2400000
#endif
#ifndef ECG_ADC_GAIN
#define ECG_ADC_GAIN 6
#endif
#ifndef ECG_ADC_BITS
#define ECG_ADC_BITS 24
#endif

/* 1 subtracts a baseline that follows the signal (a high pass at .04 Hz), for inputs without a capacitor, whose
   electrodes may be 300 mV off. With 0, outputs are those of `ecglib predict`, offset included. */
#ifndef ECG_ADC_HIGHPASS
#define ECG_ADC_HIGHPASS 0
#endif

#define ECG_FRONT_INPUTS @front.inputs|length@ /* @front.inputs|join(", ")@ */
#define ECG_FRONT_SUMS @(front.inputs|length + 3) // 4 * 4@ /* the same in fours */
#define ECG_FRONT_LEADS @front.leads|length@ /* of the network: @front.leads|join(", ")@ */
#define ECG_FRONT_OPEN @front.open@ /* outputs that an input contributes to */
#define ECG_FRONT_EXTREMES @front.extremes@ /* the lowest and the highest 1 % of ten seconds, and one more */

typedef struct {
    int32_t value; /* the maximum, or the negative of the minimum */
    uint16_t run; /* latest samples that have it */
    uint16_t runs; /* of @front.clipped_ms@ ms or more */
} ecg_front_limit;

typedef struct {
    int32_t sums[ECG_FRONT_OPEN][ECG_FRONT_SUMS]; /* of the outputs that are not complete */
    int64_t baseline[ECG_FRONT_INPUTS]; /* counts * 4096 */
    int32_t last[ECG_FRONT_INPUTS]; /* counts */
    int32_t rest[ECG_FRONT_INPUTS]; /* what the latest microvolts were rounded by, * 2^24 */
    ecg_front_limit limits[ECG_FRONT_INPUTS][2];
    uint16_t still[ECG_FRONT_INPUTS]; /* latest samples that are equal */
    int16_t extremes[ECG_FRONT_LEADS][2][ECG_FRONT_EXTREMES]; /* the lowest, and the highest times -1, in order */
    uint8_t off, saturated, constant; /* one bit for each input */
    int8_t oldest, phase, early; /* of the open outputs; tap of the next input for it; outputs before the first */
} ecg_front;

/* What `ecglib predict` warns of, one bit for each lead of the network, the first in bit 0. */
typedef struct {
    uint16_t off; /* the mask that was given, and leads that are computed from such leads */
    uint16_t saturated; /* at an end of the ADC's range, or more than 16 mV from the baseline */
    uint16_t flat; /* moves by less than @front.flat@ microvolts, without the lowest and highest 1 % */
    uint16_t constant; /* one value for @front.constant_s@ s or more */
    uint16_t clipped; /* @front.clipped_times@ times at its limit for @front.clipped_ms@ ms or more */
    uint8_t high, low; /* amplitudes that suggest a wrong unit or gain: 0 or 1 */
} ecg_front_quality;

#ifdef __cplusplus
extern "C" {
#endif

/* Begin, or begin again after electrodes were off. */
void ecg_front_start(ecg_front *front);

/* Add a sample of each input, in counts. Bit i of `off` says that the electrodes of input i are off; its last value is
   held. Returns 1 if a sample of the network's leads at @front.rate@ Hz was written. */
int ecg_front_push(ecg_front *front, const int32_t counts[ECG_FRONT_INPUTS], uint8_t off,
                   int16_t microvolts[ECG_FRONT_LEADS]);

/* The quality of the samples since the start or the last call. Call it every ten seconds: each @front.samples@ outputs. */
ecg_front_quality ecg_front_judge(ecg_front *front);

#ifdef __cplusplus
}
#endif
#endif
