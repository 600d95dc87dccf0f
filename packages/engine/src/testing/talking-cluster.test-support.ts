/** Nodes that talk to each other, for tests of what they do together. */
import {
  keyStream,
  partitionOf,
  runId as idAt,
  runStream,
  type Journal,
  type KeyRef,
  type RunId,
  type RunSpec,
  type StreamId,
} from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import type { Asked } from "../nodes/asking.ts";
import { ClusterRig, type ClusterNode } from "./cluster.test-support.ts";
import { Loopback } from "./loopback.test-support.ts";
import { text } from "./payloads.test-support.ts";
import type { Script } from "./scripted-worker.test-support.ts";
import { sleeps, three, waits } from "./scripts.test-support.ts";

/** Calls `three` under the key that it is given, and says what that returned. */
const asks: Script = function* (input) {
  const key = JSON.parse(input) as KeyRef;
  const child = yield { call: "three", target: { key } };
  return `it said ${child}`;
};

const scripts = { three, waits, sleeps, asks };
export const base = { namespace: "test", queue: "main", input: text("") };

/** Nodes with a worker each, on one network; it knows what lies where. */
export class TalkingCluster {
  readonly rig: ClusterRig;
  readonly net: Loopback;
  readonly nodes: ClusterNode[] = [];
  #journals = 0;

  constructor(partitions = 6, databases = 1) {
    let net!: Loopback;
    this.rig = new ClusterRig(partitions, (env) => (net = new Loopback(env)), databases);
    this.net = net;
  }

  static of(...names: string[]): Promise<TalkingCluster> {
    return TalkingCluster.over(1, ...names);
  }

  static async over(databases: number, ...names: string[]): Promise<TalkingCluster> {
    const cluster = new TalkingCluster(6, databases);
    for (const name of names) await cluster.join(name);
    await cluster.settle();
    return cluster;
  }

  async join(name: string): Promise<ClusterNode> {
    const node = await this.rig.open(name);
    node.worker({ scripts, id: `at-${name}` });
    this.nodes.push(node);
    return node;
  }

  get env(): ClusterRig["env"] {
    return this.rig.env;
  }

  async kill(node: ClusterNode): Promise<void> {
    await node.kill();
    this.net.silence(node.name);
  }

  async settle(): Promise<void> {
    await this.env.pass(3_000);
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return this.env.run(promise);
  }

  async nodeOf(stream: Parameters<typeof partitionOf>[0]): Promise<ClusterNode> {
    const owners = await this.rig.owners();
    return this.rig.nodes.get(owners[partitionOf(stream, owners.length)]!)!;
  }

  /** A name whose stream the node has. */
  async nameAt(node: ClusterNode, streamOf: (name: string) => StreamId): Promise<string> {
    for (let n = 0; ; n++) {
      if ((await this.nodeOf(streamOf(`n${n}`))) === node) return `n${n}`;
    }
  }

  /** A key whose partition the node has. */
  async keyAt(node: ClusterNode, kind = "workflow"): Promise<KeyRef> {
    const keyOf = (id: string): KeyRef => ({ namespace: "test", kind, id });
    return keyOf(await this.nameAt(node, (id) => keyStream(keyOf(id))));
  }

  async runAt(node: ClusterNode, workflow = "waits"): Promise<RunId> {
    const { runId } = await this.run(node.engine.start({ ...base, workflow }));
    const isThere = (await this.nodeOf(runStream(runId))) === node;
    return isThere ? runId : this.runAt(node, workflow);
  }

  signal(client: EngineClient, runId: RunId, word = "on"): Promise<void> {
    return this.run(client.signal({ runId }, { name: "go", payload: text(word) }));
  }

  /** Of an open run whose key the node `keyed` has, and which is to lie at `node` itself. */
  async journalFor(node: ClusterNode, keyed: ClusterNode, kind: string): Promise<Journal> {
    const key = await this.keyAt(keyed, kind);
    const random = String(++this.#journals).padStart(16, "0");
    for (let slot = 0; ; slot++) {
      const id = idAt(this.env.now(), slot, random);
      if ((await this.nodeOf(runStream(id))) !== node) continue;
      const spec: RunSpec = { ...base, runId: id, workflow: "waits", key, mode: "single" };
      return { spec, events: [{ kind: "run.started", seq: 1, at: this.env.now(), spec }] };
    }
  }

  /** What this node has asked the other one by name since the last look. */
  asked(from: string, to: string): string[] {
    return this.net.heard.splice(0).flatMap(({ message, ...way }) => {
      if (way.from !== from || way.to !== to || message.type !== "call") return [];
      return (message.body as Asked).verb;
    });
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await this.run(node.engine.close());
  }
}
