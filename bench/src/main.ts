/**
 * `npm run bench`: durable steps per second beside what the disk allows, measured in one run.
 *
 *     npm run bench -- --seconds 5 --rounds 3 --in-flight 1,64,256,1024 --json
 */
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { measureDisk, type DiskFigures } from "./disk.ts";
import { median } from "./statistics.ts";
import { measureSteps, type StepFigures } from "./steps.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    "in-flight": { type: "string", default: "1,64,256,1024" },
    json: { type: "boolean", default: false },
  },
});

const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const widths = values["in-flight"].split(",").map(Number);

const disks: DiskFigures[] = [];
const figures: StepFigures[] = [];
for (let round = 0; round < rounds; round++) {
  disks.push(measureDisk(1));
  for (const width of widths) figures.push(await measureSteps(width, seconds));
}

const disk = {
  syncsPerSecond: median(disks.map((one) => one.syncsPerSecond)),
  p50Ms: median(disks.map((one) => one.p50Ms)),
  p99Ms: median(disks.map((one) => one.p99Ms)),
};
const rows = widths.map((inFlight) => {
  const of = (pick: (one: StepFigures) => number): number =>
    median(figures.filter((one) => one.inFlight === inFlight).map(pick));
  return {
    inFlight,
    stepsPerSecond: of((one) => one.stepsPerSecond),
    p50Ms: of((one) => one.p50Ms),
    p99Ms: of((one) => one.p99Ms),
    cpuUsPerStep: of((one) => one.cpuUsPerStep),
    p50InSyncs: of((one) => one.p50Ms) / disk.p50Ms,
  };
});

if (values.json) {
  const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model, node: process.version };
  const report = { machine, seconds, rounds, disk, rows };
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value;
  process.stdout.write(`${JSON.stringify(report, rounded, 2)}\n`);
} else {
  print();
}

function print(): void {
  const { syncsPerSecond, p50Ms, p99Ms } = disk;
  console.log(
    `disk: ${syncsPerSecond.toFixed(0)} fdatasync/s, p50 ${p50Ms.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms`,
  );
  console.log(
    `five local steps a workflow, full durability; medians of ${rounds} rounds of ${seconds} s`,
  );
  console.table(
    Object.fromEntries(
      rows.map((row) => [
        row.inFlight,
        {
          "steps/s": Math.round(row.stepsPerSecond),
          "p50 ms": hundredths(row.p50Ms),
          "p99 ms": hundredths(row.p99Ms),
          "p50 in fdatasyncs": hundredths(row.p50InSyncs),
          "CPU µs/step": hundredths(row.cpuUsPerStep),
        },
      ]),
    ),
  );
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
