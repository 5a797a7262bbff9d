/* Written by ecglib. Not a medical device.
   Input: int8, @entry.samples@ samples x @entry.leads|length@ leads at @entry.rate@ Hz, samples
   outermost; leads @entry.leads|join(" ")@.
   q = round(x / INPUT_SCALE) + INPUT_ZERO, clipped to int8, where x = (@entry.unit@ - MEAN) / SCALE.
   Output: int8, @entry.classes|join(", ")@; p = (q - OUTPUT_ZERO) * OUTPUT_SCALE;
   a class is predicted if p >= its threshold. */
#pragma once
#include <stdalign.h>
#include <stdint.h>
#define @upper@_MEAN @real.mean@
#define @upper@_SCALE @real.scale@
#define @upper@_INPUT_SCALE @real.input_scale@
#define @upper@_INPUT_ZERO (@entry.input_zero@)
#define @upper@_OUTPUT_SCALE @real.output_scale@
#define @upper@_OUTPUT_ZERO (@entry.output_zero@)
#define @upper@_THRESHOLDS {@thresholds@}
#define @upper@_BYTES @bytes@
alignas(16) static const uint8_t @name@[@upper@_BYTES] = {
//% for line in lines
  @line@
//% endfor
};
