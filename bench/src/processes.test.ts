import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { cpuOf, memoryOf, treeOf } from "./processes.ts";

/** Says when it has worked for 200 ms of CPU, with a child that does the same; waits for its stdin. */
const burn = `
  const { spawn } = require("node:child_process");
  const isChild = process.argv[1] === "child";
  const child = isChild ? undefined : spawn(process.execPath, ["-e", process.env.CODE, "child"]);
  const done = () => process.stdout.write("x");
  const mine = () => {
    while (process.cpuUsage().user < 200_000);
    if (child) child.stdout.once("data", done); else done();
  };
  mine();
  process.stdin.on("end", () => child ? child.stdin.end() : 0).resume();
`;

test("CPU and memory of a process hold those of the processes below it, but for those with a name", async () => {
  const process_ = spawn(process.execPath, ["-e", burn], { env: { ...process.env, CODE: burn } });
  const ended = once(process_, "exit");
  await once(process_.stdout, "data");
  const pid = process_.pid!;
  const tree = treeOf(pid);
  const child = tree.at(1)!;
  try {
    expect(tree[0]).toBe(pid);
    expect(tree).toHaveLength(2);

    const [whole] = cpuOf([{ name: "whole", pid }]);
    expect(whole!.cpuMs).toBeGreaterThanOrEqual(380);

    const named = [
      { name: "parent", pid },
      { name: "child", pid: child },
    ];
    const apart = cpuOf(named);
    expect(apart.map(({ name }) => name)).toEqual(["parent", "child"]);
    for (const { cpuMs } of apart) {
      expect(cpuMs).toBeGreaterThanOrEqual(190);
      expect(cpuMs).toBeLessThan(whole!.cpuMs);
    }

    const memory = memoryOf(named);
    expect(memory.get("parent")).toBeGreaterThan(1_000_000);
    expect(memory.get("child")).toBeGreaterThan(1_000_000);
  } finally {
    process_.stdin.end();
    await ended;
  }
  expect(cpuOf([{ name: "gone", pid }])).toEqual([{ name: "gone", cpuMs: 0 }]);
});
