/* The model on an emulated Cortex-M. It talks through semihosting, ARM's way for a program to use its debugger's files:

       device                     the golden recording
       device classify FILE       each recording of a file (int16 microvolts)
       device stream FILE         all of them as one stream, sample by sample

   After the answers it says what they cost: SysTick counts time at 25 MHz, and under `-icount shift=0` QEMU takes a
   nanosecond for an instruction, so that a tick is 40 of them. The stack is painted before, and read afterwards. */
#include <stdint.h>

#include "ecg_golden.h"

#define STACK_WORDS 4096
#define PAINT 0xEC60EC60U
#define INSTRUCTIONS 40 /* a tick */

enum { OPEN = 1, WRITE0 = 4, READ = 6, GET_COMMAND = 0x15, EXIT = 0x20 };
#define SYST ((volatile uint32_t *)0xE000E010) /* control, reload, current */

extern uint32_t stack_top[];
volatile uint32_t turns; /* of SysTick */
static int16_t recording[ECG_SAMPLES][ECG_LEADS];
static char line[128];

static int32_t call(int32_t number, const void *block) {
    register int32_t result __asm__("r0") = number;
    register const void *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(result) : "r"(argument) : "memory");
    return result;
}

static void leave(uint32_t status) {
    const uint32_t block[2] = {0x20026, status};
    call(EXIT, block);
}

static char *text(char *at, const char *from) {
    while (*from) *at++ = *from++;
    return at;
}

static char *number(char *at, int64_t value) {
    char digits[20];
    int count = 0;
    if (value < 0) *at++ = '-', value = -value;
    do digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (count) *at++ = digits[--count];
    return at;
}

static void say(char *end) {
    *end++ = '\n', *end = 0;
    call(WRITE0, line);
}

static void say_answers(const char *kind, int64_t at, const int8_t *answers) {
    char *end = text(number(text(text(line, kind), " "), at), ":");
    for (int i = 0; i < ECG_CLASSES; i++) end = number(text(end, " "), answers[i]);
    say(end);
}

static void say_number(const char *what, int64_t value) {
    say(number(text(text(line, what), " "), value));
}

static uint64_t ticks(void) {
    uint32_t before, now;
    do before = turns, now = SYST[2];
    while (before != turns);
    return (uint64_t)before * 0x1000000 + (0xFFFFFF - now);
}

/* everything below the stack's present end; inlined, so that painting takes no stack itself */
static inline __attribute__((always_inline)) uint32_t *paint(void) {
    uint32_t *here;
    __asm__ volatile("mov %0, sp" : "=r"(here));
    for (volatile uint32_t *at = stack_top - STACK_WORDS; at < here; at++) *at = PAINT;
    return here;
}

static int64_t painted(const uint32_t *from) {
    const uint32_t *at = stack_top - STACK_WORDS;
    while (at < from && *at == PAINT) at++;
    return 4 * (from - at);
}

static int read(int32_t file, void *to, uint32_t bytes) {
    const uint32_t block[3] = {(uint32_t)file, (uint32_t)(uintptr_t)to, bytes};
    return call(READ, block) == 0; /* how many bytes are missing */
}

/* the command's last word, ended by 0; its first letter before it says what to do with that file */
static char *arguments(char *command, uint32_t size, char *verb) {
    const uint32_t block[2] = {(uint32_t)(uintptr_t)command, size};
    char *file = 0;
    *verb = 0;
    if (call(GET_COMMAND, block)) return 0;
    for (char *at = command; *at; at++) {
        if (*at != ' ') continue;
        *at = 0;
        if (*verb) {
            file = at + 1;
            break;
        }
        *verb = at[1];
    }
    return file;
}

int main(void) {
    static char command[512];
    char verb, *const file = arguments(command, sizeof command, &verb);
    int8_t answers[ECG_CLASSES];
    uint64_t spent = 0;
    int64_t deepest = 0, count = 0;
    int32_t handle = -1;
    uint32_t wrong = 0;

    SYST[1] = 0xFFFFFF, SYST[2] = 0, SYST[0] = 7;
    say(text(text(text(text(line, ecg_model_name), ", "), ecg_kernel), " inner loop"));
    if (file) {
        const char *end = file;
        while (*end) end++;
        const uint32_t block[3] = {(uint32_t)(uintptr_t)file, 1, (uint32_t)(end - file)};
        handle = call(OPEN, block);
        if (handle < 0) say(text(line, "cannot open the file")), leave(2);
    }
    if (verb == 's') {
        ecg_restart();
        while (read(handle, recording[0], sizeof recording[0])) {
            uint32_t *const from = paint();
            const uint64_t start = ticks();
            const int answered = ecg_push((const int16_t *)recording[0], answers);
            const uint64_t end = ticks();
            const int64_t depth = painted(from);
            count++;
            if (count > 2 * ECG_SAMPLES) spent += end - start; /* when it has settled */
            if (depth > deepest) deepest = depth;
            if (answered) say_answers("stream", count, answers);
        }
        count -= 2 * ECG_SAMPLES;
        if (count > 0) say_number("instructions a sample", (int64_t)(spent * INSTRUCTIONS / (uint64_t)count));
    } else {
        while (file ? read(handle, recording, sizeof recording) : count < 1) {
            uint32_t *const from = paint();
            const uint64_t start = ticks();
            ecg_classify_microvolts(file ? (const int16_t(*)[ECG_LEADS])recording : ecg_golden_microvolts, answers);
            spent += ticks() - start;
            const int64_t depth = painted(from);
            if (depth > deepest) deepest = depth;
            say_answers("classify", count++, answers);
        }
        if (!file)
            for (int i = 0; i < ECG_CLASSES; i++) wrong |= answers[i] != ecg_golden_answers[i];
        if (!file) say(text(line, wrong ? "these answers are WRONG" : "these are the answers that it should have"));
        if (count) say_number("instructions a recording", (int64_t)(spent * INSTRUCTIONS / (uint64_t)count));
    }
    say_number("bytes of stack", deepest);
    leave(wrong);
    return 0;
}
