import { Disk, MemoryStore } from "@perdure/store";
import { Engine, createCalendar, systemEnv } from "../src/index.ts";
import type { Activation, Lease, Worker, WorkerSession } from "../src/worker.ts";
import type { RunEvent, RunId } from "@perdure/kernel";
const steps = 10;
const data = new TextEncoder().encode('{"hello":"world","n":12345}');
const out = { encoding: "json", data };
const kind = process.argv[4] ?? "memory";
let store;
if (kind === "sqlite") {
  const { SqliteStore } = await import("@perdure/store-sqlite");
  store = await SqliteStore.open(process.argv[5] ?? "/tmp/bench.db");
} else if (kind === "null") {
  const base = new MemoryStore(new Disk(16));
  store = new Proxy(base, {
    get: (t, n) =>
      n === "commit"
        ? () => new Promise((r) => setImmediate(() => r({ type: "done" })))
        : typeof (t as any)[n] === "function"
          ? (t as any)[n].bind(t)
          : (t as any)[n],
  });
} else store = new MemoryStore(new Disk(16));
const engine = await Engine.open({ store, env: systemEnv(), calendar: createCalendar() });
class W implements Worker {
  id = "w";
  session!: WorkerSession;
  n = new Map<RunId, number>();
  next(runId: RunId, lease: Lease) {
    const n = this.n.get(runId)! + 1;
    this.n.set(runId, n);
    if (n > steps) {
      this.n.delete(runId);
      this.session.answer(runId, lease, { commands: [{ type: "run.complete", output: out }] });
      return;
    }
    this.session.answer(runId, lease, {
      commands: [
        { type: "step.complete", key: "s" + n, ordinal: n, name: "s" + n, attempt: 1, output: out },
      ],
    });
  }
  activate(a: Activation) {
    this.n.set(a.runId, 0);
    this.next(a.runId, a.lease);
  }
  deliver(r: RunId, l: Lease, e: readonly RunEvent[]) {
    if (e.at(-1)!.kind === "step.completed") this.next(r, l);
  }
  evict() {}
  runTask() {}
  cancelTask() {}
  query(): any {}
  update(): any {}
}
const w = new W();
w.session = engine.register(w, {
  queues: [{ name: "main", workflows: ["*"], tasks: [] }],
  taskSlots: 1,
  runSlots: 100000,
  leaseMs: 0,
});
const total = Number(process.argv[2] ?? 20000),
  inflight = Number(process.argv[3] ?? 1000);
async function loop(n: number) {
  for (let i = 0; i < n; i++) {
    const { runId } = await engine.start({
      namespace: "d",
      workflow: "w",
      queue: "main",
      input: out,
    });
    await engine.outcome(runId);
  }
}
for (let round = 0; round < 3; round++) {
  const c0 = process.cpuUsage(),
    t0 = performance.now(),
    s0 = engine.stats();
  await Promise.all(
    Array.from({ length: inflight }, () => loop(Math.max(1, Math.floor(total / inflight)))),
  );
  const c = process.cpuUsage(c0),
    ms = performance.now() - t0,
    s = engine.stats();
  const ev = s.events - s0.events;
  console.log(
    `${kind} inflight ${inflight}: ${((ev / ms) * 1000).toFixed(0)} events/s, cpu ${((c.user + c.system) / ev).toFixed(2)} µs/event, commits ${s.commits - s0.commits}, ev/commit ${(ev / (s.commits - s0.commits)).toFixed(1)}, avg commit ${((s.commitMs - s0.commitMs) / (s.commits - s0.commits)).toFixed(2)} ms, run latency ${(ms / Math.max(1, Math.floor(total / inflight))).toFixed(2)} ms, heap ${(process.memoryUsage().heapUsed / 1e6).toFixed(0)} MB, live ${s.liveStreams}`,
  );
}
await engine.close();
