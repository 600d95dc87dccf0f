/** A process with the SDK's stream worker, which dials and keeps its session by itself. */
import { decodeServerFrame } from "@perdure/wire";
import { Registry, StreamWorker } from "perdure/worker";
import type { Node } from "../cluster/node.ts";
import type { Parts } from "../cluster/parts.ts";
import { workerProcess, type SimWorker } from "../cluster/sim-worker.ts";
import type { Watch } from "../cluster/watch.ts";
import type { WorkerTuning } from "../cluster/worker-process.ts";
import { define } from "../programs/definitions.ts";
import type { Process } from "../world/process.ts";
import type { Net } from "./net.ts";
import type { Wire } from "./wire.ts";

export interface StreamProcessParts {
  readonly parts: Parts;
  readonly watch: Watch;
  readonly net: Net;
  readonly tuning: WorkerTuning;
  /** Whom a dialler reaches now. */
  readonly node: () => Node | undefined;
}

export class StreamProcess implements SimWorker {
  readonly process: Process;
  readonly #given: StreamProcessParts;
  #wire: Wire | undefined;
  #node: Node | undefined;

  constructor(given: StreamProcessParts, name: string) {
    this.#given = given;
    this.process = workerProcess(given.parts, name);
    this.#start();
  }

  get isConnected(): boolean {
    return this.#wire !== undefined && !this.#wire.isReset;
  }

  lost(node: Node): void {
    if (this.#node === node) this.cut();
  }

  cut(): void {
    this.#wire?.reset();
  }

  kill(): void {
    this.#given.parts.trace.note(this.process.name, "crashes");
    this.process.kill();
    this.cut();
  }

  #start(): void {
    const { parts, watch, tuning } = this.#given;
    const { process } = this;
    const { name } = process;
    const place = { name, isOf: (worker: string) => worker.startsWith(`${name}~`) };
    const { main, tick, work, counter } = define(watch.surroundingsFor(place, process));
    const registry = new Registry({ workflows: [main, tick], tasks: [work], objects: [counter] });
    const { taskSlots, runSlots, leaseMs } = tuning;
    const { version, versioning, ...bounds } = tuning.terms;
    const worker = new StreamWorker({
      url: "ws://nodes/v1/workers/stream",
      id: name,
      sdk: "perdure/sim",
      registry,
      options: {
        queues: registry.queues().map((queue) => ({ ...queue, ...bounds })),
        taskSlots,
        runSlots,
        leaseMs,
        ...(version === undefined ? {} : { version }),
        ...(versioning === undefined ? {} : { versioning }),
      },
      env: process,
      log: process.log.bind(process),
      dial: (_, ear) => {
        const { net, node } = this.#given;
        this.#node = node();
        const line = net.dial(process, this.#node, {
          ...ear,
          frame: (data, isBinary) => {
            for (const { runId, lease } of journalsIn(data)) watch.arrived(runId, lease, place);
            ear.frame(data, isBinary);
          },
        });
        this.#wire = line.wire;
        return line;
      },
      onFatal: ({ message }) => parts.violations.report("stream", `${name} gave up: ${message}`),
    });
    // It says so by `onFatal` too.
    worker.start().catch(() => undefined);
  }
}

/** The holds whose journal is whole with this frame. */
function journalsIn(data: Uint8Array) {
  return decodeServerFrame(data).messages.flatMap((message) =>
    (message.type === "activate" || message.type === "page") && message.isLast ? [message] : [],
  );
}
