/* The @name@ network: probabilities of five diagnostic superclasses from a 12-lead ECG recording.
   Written by ecglib @version@ from @entry.file@. Not a medical device.

   A recording is @network.samples@ samples of @network.leads@ leads (@entry.leads|join(" ")@) at @entry.rate@ Hz, in microvolts, as
   microvolts[sample][lead]. The outputs are one int8 for each of @entry.classes|join(" ")@; ecg_probability() converts
   an output to a calibrated probability, and a class is predicted if its output is at least its ecg_thresholds[].
   Nothing is allocated, and no function is called but those that the compiler may insert (memmove, memcpy, memset). All
   memory is static, so that the functions must be called from one thread only. */
#ifndef ECG_MODEL_H
#define ECG_MODEL_H

#include <stdint.h>

#define ECG_SAMPLES @network.samples@
#define ECG_LEADS @network.leads@
#define ECG_CLASSES @plan.classes@
#define ECG_RATE @entry.rate@ /* Hz */
#define ECG_HOP @plan.hop@ /* samples between two results of a stream */
#define ECG_ARENA_BYTES @plan.arena@ /* RAM without the stream */
#define ECG_STREAM_BYTES @plan.stream@ /* additional RAM of the stream, unless ECG_STREAMING is 0 */
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

#ifdef __cplusplus
extern "C" {
#endif

extern const char ecg_version[]; /* of ecglib */
extern const char ecg_model_name[];
extern const char ecg_model_sha256[]; /* of the .tflite file */
extern const char ecg_kernel[]; /* the inner loop that was compiled, "dual" or "portable" */
extern const char *const ecg_class_names[ECG_CLASSES];
extern const int8_t ecg_thresholds[ECG_CLASSES];

/* Calibrated probabilities of a recording. */
void ecg_classify(const int16_t microvolts[ECG_SAMPLES][ECG_LEADS], float probabilities[ECG_CLASSES]);

/* Outputs of a recording. */
void ecg_classify_microvolts(const int16_t microvolts[ECG_SAMPLES][ECG_LEADS], int8_t outputs[ECG_CLASSES]);

/* Outputs of a recording that is already quantized, bit-exact with LiteRT's reference kernels. */
void ecg_classify_int8(const int8_t input[ECG_SAMPLES][ECG_LEADS], int8_t outputs[ECG_CLASSES]);

/* Add one sample to the stream. Returns 1 if `outputs` was written: after the first ECG_SAMPLES samples, then about
   every ECG_HOP samples, each time with the outputs that ecg_classify_microvolts() computes for a window of ECG_SAMPLES
   samples. Because of the pooling stride, a result is available from @before_end@ before to @after_end@ after the
   last sample of its window. Classifying a recording ends the stream; the next sample then starts a new one. */
int ecg_push(const int16_t microvolts[ECG_LEADS], int8_t outputs[ECG_CLASSES]);

/* Discard all samples and start a new stream. */
void ecg_restart(void);

/* Quantize one value for the .tflite file's input. */
int8_t ecg_quantize(int16_t microvolts);

/* Calibrated probability of an output. */
float ecg_probability(int8_t output);

#ifdef __cplusplus
}
#endif
#endif
