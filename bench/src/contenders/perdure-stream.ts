/** Perdure as three processes: a server, a worker over the stream, and a driver with `connect`. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { connect } from "perdure";
import type { Contender } from "../contender.ts";
import { storeBytes, storeFile } from "../ours/files.ts";
import { hello } from "../ours/hello.ts";
import { prepare } from "../ours/prepare.ts";
import { WorkerProcess } from "../ours/remote-probe.ts";

export const contender: Contender = {
  hello: () =>
    hello(
      "perdure-stream",
      "a server, a worker and a driver that uses `connect`, over a WebSocket each, each a process; " +
        "no bound on requests a second",
      {
        growth: "is the engine's matter: measured embedded",
        "long-run": "is the engine's matter: measured embedded",
      },
    ),
  async open({ folder }) {
    const file = new URL(`../ours/server-process${extname(import.meta.url)}`, import.meta.url);
    const server = fork(file, [storeFile(folder)]);
    const [url] = (await once(server, "message")) as [string];
    const driver = await connect(url);
    let worker: WorkerProcess | undefined;
    return {
      async prepare(workload) {
        const work = async (runSlots?: number): Promise<WorkerProcess> =>
          (worker ??= await WorkerProcess.start(url, runSlots));
        return prepare({ perdure: driver, work }, workload);
      },
      processes: () => [
        { name: "server", pid: server.pid ?? 0 },
        ...(worker === undefined ? [] : [{ name: "worker", pid: worker.pid }]),
        { name: "driver", pid: process.pid },
      ],
      storeBytes: () => storeBytes(folder),
      async close() {
        await driver.close();
        await worker?.close();
        const ended = once(server, "exit");
        server.send("close");
        await ended;
      },
    };
  },
};
