/**
 * What the disk allows: 4 KiB written and synced, again and again, over a preallocated file.
 * One durable commit cannot be faster than one of these.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { percentile } from "./statistics.ts";

export interface DiskFigures {
  readonly syncsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const blockBytes = 4_096;
const blocks = 256;

export function measureDisk(seconds: number): DiskFigures {
  const folder = mkdtempSync(join(tmpdir(), "perdure-disk-"));
  const file = openSync(join(folder, "sync"), "w");
  const block = Buffer.alloc(blockBytes, 7);
  try {
    for (let i = 0; i < blocks; i++) writeSync(file, block, 0, blockBytes, i * blockBytes);
    fdatasyncSync(file);
    const times: number[] = [];
    const end = performance.now() + seconds * 1_000;
    for (let i = 0; performance.now() < end; i++) {
      const begin = performance.now();
      writeSync(file, block, 0, blockBytes, (i % blocks) * blockBytes);
      fdatasyncSync(file);
      times.push(performance.now() - begin);
    }
    const total = times.reduce((sum, time) => sum + time, 0);
    return {
      syncsPerSecond: (times.length / total) * 1_000,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
    };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
