/** What the processes of a contender use, read from /proc. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import type { NamedProcess } from "./contender.ts";

export interface Usage {
  readonly name: string;
  /** User and system time of all its processes, those that have ended included. */
  readonly cpuMs: number;
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly cpuTicks: number;
}

/** USER_HZ: 100 on every Linux that Node runs on. */
const msPerTick = 10;

/**
 * CPU by name since the processes began. A child that has ended and was waited for is in its
 * parent's figures.
 */
export function cpuOf(named: readonly NamedProcess[]): Usage[] {
  const rows = readRows();
  return [...membersOf(named, rows)].map(([name, members]) => ({
    name,
    cpuMs: members.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0) * msPerTick,
  }));
}

/** Resident memory by name, what processes share counted once: the sum of their PSS. */
export function memoryOf(named: readonly NamedProcess[]): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const [name, members] of membersOf(named, readRows())) {
    bytes.set(
      name,
      members.reduce((sum, { pid }) => sum + pssOf(pid), 0),
    );
  }
  return bytes;
}

/** The process and all below it, parents first. */
export function treeOf(root: number): number[] {
  const rows = readRows();
  const found = [root];
  for (const pid of found) {
    found.push(...rows.filter(({ parent }) => parent === pid).map((row) => row.pid));
  }
  return found;
}

/** Each process goes to its nearest ancestor that has a name. */
function membersOf(named: readonly NamedProcess[], rows: readonly Row[]): Map<string, Row[]> {
  const names = new Map(named.map(({ pid, name }) => [pid, name]));
  const parents = new Map(rows.map(({ pid, parent }) => [pid, parent]));
  const members = new Map<string, Row[]>(named.map(({ name }) => [name, []]));
  for (const row of rows) {
    let pid: number | undefined = row.pid;
    while (pid !== undefined && !names.has(pid)) pid = parents.get(pid);
    const name = pid === undefined ? undefined : names.get(pid);
    if (name !== undefined) members.get(name)?.push(row);
  }
  return members;
}

function readRows(): Row[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => rowOf(Number(name)) ?? []);
}

function rowOf(pid: number): Row | undefined {
  const text = readProc(pid, "stat");
  if (text === undefined) return undefined;
  // The command's name is in brackets, and may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const at = (index: number): number => Number(fields[index - 3]);
  return { pid, parent: at(4), cpuTicks: at(14) + at(15) + at(16) + at(17) };
}

function pssOf(pid: number): number {
  const found = /^Pss:\s+(\d+) kB$/m.exec(readProc(pid, "smaps_rollup") ?? "");
  return Number(found?.[1] ?? 0) * 1_024;
}

/** Undefined when the process has ended meanwhile. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return undefined;
  }
}
