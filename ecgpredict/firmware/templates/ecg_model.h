/* The @name@ network: probabilities of @plan.classes@ diagnostic classes from an ECG recording.
   Written by ecglib @version@ from @entry.file@. Not a medical device.

   A recording is @network.samples@ samples of @network.leads@ leads (@entry.leads|join(" ")@) at @entry.rate@ Hz, in microvolts,
   one sample after the other. The outputs are one int8 for each of @outputs@; ecg_probability() converts
   an output to a calibrated probability, and a class is predicted if its output is at least its ecg_thresholds[].

   Nothing is allocated, there is no state but that which the caller passes, no floating point, and no function is called
   but those that the compiler may insert (memmove, memcpy, memset). Recordings and streams that have an arena or a stream
   of their own are independent of each other. */
#ifndef ECG_MODEL_H
#define ECG_MODEL_H

#include <stdint.h>

#define ECG_SAMPLES @network.samples@
#define ECG_LEADS @network.leads@
#define ECG_CLASSES @plan.classes@
#define ECG_RATE @entry.rate@ /* Hz */
#define ECG_HOP @plan.hop@ /* samples between two results of a stream */
#define ECG_ARENA_BYTES @plan.arena@ /* of ecg_arena, which is smaller with Helium */
#define ECG_STREAM_BYTES @plan.stream@ /* of ecg_stream, likewise */
#define ECG_WEIGHT_BYTES @weight_bytes@ /* flash for weights, biases and tables */
#define ECG_MACS @plan.macs@ /* multiply-accumulates per recording */

/* The .tflite file's input and output, both quantized as real = (q - ZERO) * SCALE. The real input is
   (mV - ECG_MEAN) / ECG_SCALE, the real output a probability whose logit is divided by ECG_TEMPERATURE for calibration.
   ecg_quantize() and ecg_probability() include all of these constants. */
#define ECG_MEAN @input_mean@ /* mV */
#define ECG_SCALE @input_sd@ /* mV */
#define ECG_INPUT_SCALE @input_scale@
#define ECG_INPUT_ZERO (@network.blocks[0].source.zero@)
#define ECG_OUTPUT_SCALE @output_scale@
#define ECG_OUTPUT_ZERO (@network.output.zero@)
#define ECG_TEMPERATURE @temperature@

/* Processors with Helium (Cortex-M55) and with ARM's DSP extension (Cortex-M4, M7, M33) have an inner loop of their own.
   Define ECG_PORTABLE, for every file that includes this one, to compile portable C instead; the outputs are the same. */
#if defined(__ARM_FEATURE_MVE) && !defined(ECG_PORTABLE)
#define ECG_HELIUM 1
typedef int8_t ecg_value; /* inputs of a layer */
#else
#define ECG_HELIUM 0
typedef int16_t ecg_value; /* inputs of a layer minus their zero point */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A recording in progress. The members are private. */
typedef struct {
    union {
        ecg_value of[@plan.window_values@];
        uint32_t words[@plan.window_values@ * sizeof(ecg_value) / 4];
    } windows; /* the latest input columns of each layer */
    int16_t sums[@plan.channels@]; /* of the last layer's outputs */
    uint8_t filled[@plan.layers|length@]; /* columns in each window */
} ecg_arena;

/* A stream of samples, which starts when all of it is 0. The members are private. */
typedef struct {
    ecg_arena arena;
//% if plan.continuous
    int16_t starts[@plan.ring@][@plan.channels@]; /* the sums at the start of each window that is open */
    uint16_t until_start, until_result; /* columns of the last layer */
    uint16_t opens, closes; /* the window that starts and ends next */
    uint16_t started;
} ecg_stream;
//% else
    uint32_t columns[@plan.ring@][@plan.layers[0].padded_outputs // 4@]; /* the first layer's latest outputs */
    uint16_t written, read; /* the column that is written and read next */
    uint16_t available, left; /* columns of this window that were written but not read, and that were not read */
    uint16_t remaining; /* samples until the next result; 0: not started */
} ecg_stream;
//% endif

extern const char ecg_version[]; /* of ecglib */
extern const char ecg_model_name[];
extern const char ecg_model_sha256[]; /* of the .tflite file */
extern const char ecg_kernel[]; /* the inner loop that was compiled: "helium", "dual" or "portable" */
extern const char *const ecg_class_names[ECG_CLASSES];
extern const int16_t ecg_thresholds[ECG_CLASSES]; /* 128, beyond every output, for a class that has none */

/* Outputs of a recording: ECG_SAMPLES * ECG_LEADS values. */
void ecg_classify(ecg_arena *arena, const int16_t *microvolts, int8_t outputs[ECG_CLASSES]);

/* Outputs of a recording that is already quantized, bit-exact with LiteRT's reference kernels. */
void ecg_classify_int8(ecg_arena *arena, const int8_t *input, int8_t outputs[ECG_CLASSES]);

//% if plan.continuous
/* Add one sample, ECG_LEADS values, to a stream. Returns 1 if `outputs` was written, each time with what ecg_classify()
   computes for a window of ECG_SAMPLES samples: the first one, then those that start ECG_HOP samples later each. A result
   comes @plan.delays[0]@ to @plan.delays[1]@ samples after the end of its window; a negative number is before it. A sample
   completes at most two columns of each layer, and which ones repeats after a few hops: that bounds its work. */
//% else
/* Add one sample, ECG_LEADS values, to a stream. Returns 1 if `outputs` was written: with sample ECG_SAMPLES and then
   with every ECG_HOP-th one, each time with what ecg_classify() computes for the latest ECG_SAMPLES samples. The work is
   spread over the samples and repeats every ECG_HOP samples; that of a sample with a result is the largest. */
//% endif
int ecg_push(ecg_stream *stream, const int16_t *microvolts, int8_t outputs[ECG_CLASSES]);

/* Discard all samples and start a new stream. */
void ecg_restart(ecg_stream *stream);

/* Quantize one value for the .tflite file's input. */
int8_t ecg_quantize(int16_t microvolts);

/* Calibrated probability of an output in 1/65536; ECG_PROBABILITY() is the same as a float. */
uint16_t ecg_probability(int8_t output);
#define ECG_PROBABILITY(output) ((float)ecg_probability(output) / 65536.0f)

#ifdef __cplusplus
}
#endif
#endif
