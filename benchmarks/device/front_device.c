/* The front end on an emulated Cortex-M4F, with random counts. It prints, a number a line: instructions per input sample,
   on average and at most, instructions to judge ten seconds, bytes of the state. As in the firmware's device.c, one tick of
   SysTick is 40 instructions. */
#include <stdint.h>

#include "ecg_front.h"

#define INSTRUCTIONS_PER_TICK 40
#define SAMPLES (10 * ECG_ADC_RATE)
#define SYST ((volatile uint32_t *)0xE000E010) /* control, reload, current */

enum { SYS_WRITE0 = 4, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

volatile uint32_t systick_wraps;
static ecg_front front;

static void semihosting(int32_t operation, const void *block) {
    register int32_t number __asm__("r0") = operation;
    register const void *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(number) : "r"(argument) : "memory");
}

static uint32_t instructions_since(uint32_t start) {
    return ((start - SYST[2]) & 0xFFFFFF) * INSTRUCTIONS_PER_TICK;
}

static void print(uint32_t value) {
    char text[12], *at = text + sizeof text;
    *--at = 0;
    *--at = '\n';
    do *--at = (char)('0' + value % 10);
    while (value /= 10);
    semihosting(SYS_WRITE0, at);
}

int main(void) {
    const uint32_t status[2] = {APPLICATION_EXIT, 0};
    int32_t counts[ECG_FRONT_INPUTS];
    int16_t microvolts[ECG_FRONT_LEADS];
    uint32_t total = 0, most = 0, random = 1, start;

    SYST[1] = 0xFFFFFF, SYST[2] = 0, SYST[0] = 5;
    ecg_front_start(&front);
    for (int i = 0; i < SAMPLES; i++) {
        for (int input = 0; input < ECG_FRONT_INPUTS; input++) {
            random = random * 1664525 + 1013904223;
            counts[input] = (int32_t)(random >> 18);
        }
        start = SYST[2];
        ecg_front_push(&front, counts, 0, microvolts);
        const uint32_t instructions = instructions_since(start);
        total += instructions;
        if (instructions > most) most = instructions;
    }
    print(total / SAMPLES);
    print(most);
    start = SYST[2];
    ecg_front_judge(&front);
    print(instructions_since(start));
    print(sizeof front);
    semihosting(SYS_EXIT_EXTENDED, status);
    return 0;
}
