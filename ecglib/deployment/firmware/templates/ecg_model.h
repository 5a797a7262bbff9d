/* @title@: five superclasses of findings from ten seconds of a 12-lead ECG.
   Written by ecglib @version@ from @file@. Not a medical device.

   A recording is @samples@ samples of @leads@ leads (@lead_names@) at @rate@ Hz, in microvolts, samples outermost.
   An answer is one int8 for each of @class_names@; ecg_probability() says what it means, and a finding is
   there where the answer is at least ecg_thresholds[]. Nothing is allocated, and nothing is called but what the
   compiler itself may call (memmove). All memory is static: the functions are for one thread. */
#ifndef ECG_MODEL_H
#define ECG_MODEL_H

#include <stdint.h>

#define ECG_SAMPLES @samples@
#define ECG_LEADS @leads@
#define ECG_CLASSES @classes@
#define ECG_RATE @rate@ /* Hz */
#define ECG_HOP @hop@ /* samples from one answer of a stream to the next */
#define ECG_ARENA_BYTES @arena@ /* RAM for everything but a stream's sums */
#define ECG_STREAM_BYTES @stream@ /* RAM on top, unless ECG_STREAMING is 0 */
#define ECG_WEIGHT_BYTES @weight_bytes@ /* flash for weights, biases and tables */
#define ECG_MACS @macs@ /* multiply-accumulates of a recording */

#ifdef __cplusplus
extern "C" {
#endif

extern const char ecg_version[]; /* of ecglib */
extern const char ecg_model_name[];
extern const char ecg_model_sha256[]; /* of the .tflite file */
extern const char ecg_kernel[]; /* which inner loop was compiled */
extern const char *const ecg_class_names[ECG_CLASSES];
extern const int8_t ecg_thresholds[ECG_CLASSES];

/* A recording -> calibrated probabilities. */
void ecg_classify(const int16_t microvolts[ECG_SAMPLES][ECG_LEADS], float probabilities[ECG_CLASSES]);

/* A recording -> answers. */
void ecg_classify_microvolts(const int16_t microvolts[ECG_SAMPLES][ECG_LEADS], int8_t answers[ECG_CLASSES]);

/* The .tflite file's own input -> answers, bit for bit those of LiteRT's reference kernels. */
void ecg_classify_int8(const int8_t input[ECG_SAMPLES][ECG_LEADS], int8_t answers[ECG_CLASSES]);

/* A stream, sample by sample. Returns 1 where `answers` was filled: for the first time when ECG_SAMPLES samples are
   there, then about every ECG_HOP samples, each time for ECG_SAMPLES samples and with the answers that
   ecg_classify_microvolts() gives for them. An answer comes from @early@ before the last of its samples to @late@ after
   it, as the pools fall. Classifying a recording in between ends the stream; the next sample begins another. */
int ecg_push(const int16_t microvolts[ECG_LEADS], int8_t answers[ECG_CLASSES]);

/* Forget all samples: the next one is a stream's first. */
void ecg_restart(void);

/* Microvolts -> the .tflite file's input. */
int8_t ecg_quantize(int16_t microvolts);

/* An answer -> calibrated probability. */
float ecg_probability(int8_t answer);

#ifdef __cplusplus
}
#endif
#endif
