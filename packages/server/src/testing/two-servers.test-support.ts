/** Servers that share one store in this process, as they would share a database. */
import { Disk, MemoryStore } from "@perdure/store";
import { Rig } from "./rig.test-support.ts";
import type { ServerOptions } from "../start.ts";

const adminKey = `pdk_${"0".repeat(16)}_${"a".repeat(43)}`;
const secret = "a-secret-of-two-servers-in-a-process";

export class Servers implements AsyncDisposable {
  readonly disk: Disk = new Disk(6);
  readonly rigs: Rig[] = [];

  static async open(count = 2, options: Partial<ServerOptions> = {}): Promise<Servers> {
    const servers = new Servers();
    for (let i = 0; i < count; i++) await servers.join(options);
    return servers;
  }

  async join(options: Partial<ServerOptions> = {}): Promise<Rig> {
    const node = { listen: "127.0.0.1:0", secret, leaseMs: 2_000, beatMs: 50 };
    const openedStore = new MemoryStore(this.disk);
    const shared = { store: "postgres://memory", openedStore, node, adminKey, graceMs: 100 };
    const rig = await Rig.open({ ...shared, ...options });
    this.rigs.push(rig);
    await this.settled();
    return rig;
  }

  /** Every node has its share, and can talk to the others. */
  async settled(): Promise<void> {
    const isSettled = ({ server: { engine } }: Rig): boolean => {
      const { partitions, partitionsOpen, node } = engine.stats();
      const share = Math.floor(partitions / this.rigs.length);
      return partitionsOpen >= share && node?.partitionsReached === partitions;
    };
    while (!this.rigs.every(isSettled)) await new Promise((done) => void setTimeout(done, 10));
  }

  async leave(rig: Rig): Promise<void> {
    this.rigs.splice(this.rigs.indexOf(rig), 1);
    await rig.server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.rigs.map((rig) => rig.server.close()));
  }
}
