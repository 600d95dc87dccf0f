/** Reports for people. */
import type { Report } from "../simulation.ts";
import type { Marks } from "../world/marks.ts";
import type { TraceLine } from "../world/trace.ts";

export function printRed(report: Omit<Report, "marks">): void {
  const { seed, faults, store, violations, events, virtualMs, hash } = report;
  console.log(
    `\nseed ${seed} is red, after ${events} events and ${virtualMs} virtual ms (${hash})`,
  );
  console.log(`  store:  ${store}`);
  console.log(`  faults: ${faults || "none"}`);
  for (const { invariant, text, at } of violations) {
    console.log(`  invariant ${invariant}, at ${at} ms: ${text}`);
  }
}

export function printLines(lines: readonly TraceLine[]): void {
  for (const { at, actor, what, detail } of lines) {
    console.log(`${String(at).padStart(9)}  ${actor.padEnd(24)}  ${what.padEnd(22)}  ${detail}`);
  }
}

export function printMarks(marks: Marks): void {
  const all = marks.all();
  const width = Math.max(0, ...all.map(([name]) => name.length));
  for (const [name, times] of all) console.log(`  ${name.padEnd(width)}  ${times}`);
}

/** Of so many of something: by the clock, and by the time that the processes had of the machine. */
export function rateOf(count: number, seconds: number, cpuMs: number): string {
  const perCpu = (count * 1_000) / cpuMs;
  return `${(count / seconds).toFixed(1)} a second, ${perCpu.toFixed(1)} a CPU second`;
}
