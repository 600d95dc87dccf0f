/** Perdure as two processes: an app with an engine, which is also the load, and a worker elsewhere. */
import { serve } from "@perdure/server";
import { open } from "perdure";
import type { Contender } from "../contender.ts";
import { storeBytes, storeFile } from "../ours/files.ts";
import { hello } from "../ours/hello.ts";
import { prepare } from "../ours/prepare.ts";
import { WorkerProcess } from "../ours/remote-probe.ts";
import { unbounded } from "../ours/unbounded.ts";

const shared = "shows nothing that perdure and perdure-stream do not";

export const contender: Contender = {
  hello: () =>
    hello(
      "perdure-stream-inside",
      "an app with `open` and `serve`, which starts the runs without HTTP, and a worker over " +
        "WebSocket, each a process",
      {
        "fan-out": shared,
        increments: shared,
        signals: shared,
        growth: "is the engine's matter: measured embedded",
        "long-run": shared,
      },
    ),
  async open({ folder }) {
    const perdure = await open({ store: `sqlite:${storeFile(folder)}` });
    const doors = await serve(perdure.engine, unbounded);
    let worker: WorkerProcess | undefined;
    return {
      async prepare(workload) {
        const work = async (runSlots?: number): Promise<WorkerProcess> =>
          (worker ??= await WorkerProcess.start(doors.url, runSlots));
        return prepare({ perdure, work }, workload);
      },
      processes: () => [
        { name: "server and load", pid: process.pid },
        ...(worker === undefined ? [] : [{ name: "worker", pid: worker.pid }]),
      ],
      storeBytes: () => storeBytes(folder),
      async close() {
        await worker?.close();
        await doors.close();
        await perdure.close();
      },
    };
  },
};
