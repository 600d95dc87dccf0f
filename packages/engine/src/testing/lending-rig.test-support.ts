/** Engines in one virtual world that lend each other workers; each has a store of its own. */
import type { Outcome, RunEvent, RunId } from "@perdure/kernel";
import { Disk, MemoryStore } from "@perdure/store";
import { assemble, type Assembly } from "../assembly.ts";
import { createCalendar } from "../calendar.ts";
import type { EngineClient, StartRequest } from "../client.ts";
import { controlVerbs } from "../client/control.ts";
import type { Desk } from "../client/desk.ts";
import { readVerbs } from "../client/read.ts";
import { startVerbs } from "../client/start.ts";
import { talkVerbs } from "../client/talk.ts";
import { workerVerbs } from "../client/workers.ts";
import { whyVerbs } from "../client/why.ts";
import { defaultTuning } from "../core/options.ts";
import { Lending, lendingTimes, type LendingTimes } from "../nodes/lending.ts";
import type { PeerMessage } from "../nodes/peer-network.ts";
import { Peers } from "../nodes/peers.ts";
import { FakeOwners, Loopback, nodeRecord } from "./loopback.test-support.ts";
import { text, textOf } from "./payloads.test-support.ts";
import { ScriptedWorker, type WorkerChoices } from "./scripted-worker.test-support.ts";
import { VirtualEnv } from "./virtual-env.test-support.ts";

type Client = Pick<
  EngineClient,
  "start" | "signal" | "query" | "update" | "outcome" | "journal" | "terminate" | "workers" | "why"
>;

export class LendingNode {
  readonly id: string;
  readonly parts: Assembly;
  readonly client: Client;
  readonly owners = new FakeOwners();
  readonly peers: Peers;
  readonly #env: VirtualEnv;

  constructor(id: string, env: VirtualEnv, net: Loopback, times: LendingTimes) {
    const store = new MemoryStore(new Disk(4));
    const calendar = createCalendar();
    const tuning = defaultTuning;
    const stop = (reason: Error): void => {
      throw reason;
    };
    this.id = id;
    this.#env = env;
    this.parts = assemble({ store, env, calendar, tuning, node: undefined, self: id, stop });
    const desk: Desk = {
      ...this.parts,
      store,
      env,
      calendar,
      checkOpen: () => undefined,
      checkStarts: () => undefined,
      trouble: () => undefined,
    };
    this.client = {
      ...startVerbs(desk),
      ...talkVerbs(desk),
      ...controlVerbs(desk),
      ...readVerbs(desk),
      ...workerVerbs(desk),
      ...whyVerbs(desk),
    };
    const me = nodeRecord(id);
    this.peers = new Peers({ env, network: net.at(id), owners: this.owners, me, leaseMs: 2_000 });
    new Lending({ ...this.parts, env, peers: this.peers, times }).start();
  }

  /** What it borrows and has. */
  get borrowed() {
    return [...this.parts.registry.workers].filter(({ isBorrowed }) => isBorrowed);
  }

  worker(choices: WorkerChoices): ScriptedWorker {
    const worker = new ScriptedWorker(choices, (call) => this.#env.defer(call));
    return worker.join(this.parts.registry);
  }

  async start(workflow: string, more: Partial<StartRequest> = {}): Promise<RunId> {
    const base = { namespace: "test", queue: "main", input: text("") };
    return (await this.#env.run(this.client.start({ ...base, ...more, workflow }))).runId;
  }

  outcome(runId: RunId): Promise<Outcome> {
    return this.#env.run(this.client.outcome(runId));
  }

  async result(runId: RunId): Promise<string> {
    const outcome = await this.outcome(runId);
    if (outcome.status !== "completed") throw new Error(`the run ended as ${outcome.status}`);
    return textOf(outcome.output);
  }

  journal(runId: RunId): Promise<readonly RunEvent[]> {
    return this.#env.run(this.client.journal(runId));
  }
}

export class LendingRig {
  readonly env = new VirtualEnv();
  readonly net = new Loopback(this.env);
  readonly nodes: readonly LendingNode[];

  constructor(ids: readonly string[], times: Partial<LendingTimes>) {
    const all = { ...lendingTimes, ...times };
    this.nodes = ids.map((id) => new LendingNode(id, this.env, this.net, all));
  }

  /** Nodes that know each other and are connected. */
  static async of(ids: readonly string[], times: Partial<LendingTimes> = {}): Promise<LendingRig> {
    const rig = new LendingRig(ids, times);
    for (const { id, owners, parts, peers } of rig.nodes) {
      await rig.env.run(parts.recovery.openAll());
      owners.become(ids.filter((other) => other !== id).map(nodeRecord));
      peers.start();
    }
    await rig.env.pass(300);
    return rig;
  }

  /** What was told between two nodes, as `from word`. */
  words(): readonly string[] {
    const wordOf = (message: PeerMessage): string | undefined =>
      message.type === "tell" ? message.word : message.type === "call" ? message.verb : undefined;
    return this.net.heard.flatMap(({ from, message }) => {
      const word = wordOf(message);
      return word === undefined ? [] : [`${from} ${word.replace("lending.", "")}`];
    });
  }
}
