/* From reset to main(): memory, floating point, and a counter of time. */
#include <stdint.h>

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern volatile uint32_t turns;
int main(void);
void reset(void);
void tick(void);

static void stop(void) {
    for (;;) {
    }
}

void tick(void) {
    turns++;
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_top, reset, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, tick,
};

void reset(void) {
    *(volatile uint32_t *)0xE000ED88 |= 0xFU << 20; /* CPACR: the floating point unit may be used */
    for (uint32_t *from = data_load, *to = data_start; to < data_end;) *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
    main();
    stop();
}
