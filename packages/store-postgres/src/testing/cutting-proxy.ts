/**
 * A network between a store and its database, which can be cut at the moments that matter.
 *
 * 1. A fault befalls the next commit, and no other statement: it is known by the name of its
 *    prepared statement, which stands in the messages as it is.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export type CutFault =
  /** The database refuses the commit. */
  | "abort"
  /** The connection is cut before the commit has reached the database. */
  | "lost"
  /** The connection is cut when the database has answered, and the answer is lost. */
  | "applied"
  /** As when it is lost, but it is on its way, and arrives when `letGo` is called. */
  | "held";

const COMMIT = Buffer.from("perdure_append_");
/** The database is ready for the next query, and not within a transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

export class CuttingProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #fault: CutFault | undefined;
  #held: (() => Promise<void>) | undefined;

  static async start(targetPort: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#connect(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  failNext(fault: CutFault): void {
    this.#fault = fault;
  }

  /** What was held back arrives; resolves when the database has answered it. */
  async letGo(): Promise<void> {
    await this.#held?.();
    this.#held = undefined;
  }

  /** Ends all connections that are there; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#pairs.clear();
  }

  async stop(): Promise<void> {
    await this.letGo();
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #connect(client: Socket): void {
    const server = connect(this.#target, "127.0.0.1");
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    let isHeld = false;
    let isSilent = false;
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      if (!isHeld) server.destroy();
    };
    const hold = (chunk: Buffer): void => {
      isHeld = true;
      isSilent = true;
      end();
      this.#held = async () => {
        server.write(chunk);
        await once(server, "data");
        server.destroy();
      };
    };
    client.on("data", (chunk) => {
      const fault = chunk.includes(COMMIT) ? this.#take() : undefined;
      if (fault === "lost") return end();
      if (fault === "held") return hold(chunk);
      isSilent ||= fault === "applied";
      server.write(fault === "abort" ? misnamed(chunk) : chunk);
    });
    server.on("data", (chunk) => {
      if (!isSilent) client.write(chunk);
      else if (chunk.includes(READY)) end();
    });
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
  }

  #take(): CutFault | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }
}

/** The last time that the statement is named is where it is called: there is none of that name. */
function misnamed(chunk: Buffer): Buffer {
  const changed = Buffer.from(chunk);
  changed.write("x", changed.lastIndexOf(COMMIT));
  return changed;
}
