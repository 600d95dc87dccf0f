/** What stands between a client and a server, and has bad days: it cuts, it stalls, it lets no upgrade through. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export interface ProxyOptions {
  /** The socket of calls is answered like a path that is not there. */
  readonly refusesCalls?: boolean;
}

export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Bytes that came from the server are let through. */
  #isStalled = false;
  #isBlocked = false;
  /** Connections that asked for the socket of calls. */
  asked = 0;

  private constructor(port: number, options: ProxyOptions) {
    this.#server = createServer((near) => this.#pass(near, port, options));
  }

  static async open(url: string, options: ProxyOptions = {}): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(Number(new URL(url).port), options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on every connection ends at once. */
  block(): void {
    this.#isBlocked = true;
    this.cut();
  }

  unblock(): void {
    this.#isBlocked = false;
  }

  /** From now on nothing comes back, and nobody is told. */
  stall(): void {
    this.#isStalled = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  #pass(near: Socket, port: number, { refusesCalls = false }: ProxyOptions): void {
    if (this.#isBlocked) return void near.destroy();
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (chunk) => {
      const isForCalls = chunk.includes("GET /v1/calls ");
      if (isForCalls) this.asked++;
      if (isForCalls && refusesCalls) {
        near.end("HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      } else far.write(chunk);
    });
    far.on("data", (chunk) => {
      if (!this.#isStalled) near.write(chunk);
    });
  }
}
