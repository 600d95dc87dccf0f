/** The wall clock of a process, which may be wrong and jump. What measures durations goes on. */
const real = Date;
let shiftMs = 0;

class ShiftedDate extends real {
  constructor(...parts: readonly unknown[]) {
    if (parts.length === 0) super(real.now() + shiftMs);
    else super(...(parts as [number]));
  }

  static override now(): number {
    return real.now() + shiftMs;
  }
}

/** From now on it is wrong by so much. */
export function shiftClock(ms: number): void {
  shiftMs = ms;
  globalThis.Date = ShiftedDate as DateConstructor;
}
