/** A worker that says whatever a test wants, frame by frame. */
import {
  decodeServerFrame,
  encodeFrame,
  encodeWorkerMessage,
  PROTOCOL,
  type Hello,
  type ServerMessage,
  type WorkerMessage,
} from "@perdure/wire";
import { WebSocket } from "ws";

export class RawWorker {
  readonly socket: WebSocket;
  readonly heard: ServerMessage[] = [];
  isClosed = false;
  /** Of the server's messages. */
  lastSeq = 0;

  private constructor(url: string, namespace: string) {
    this.socket = new WebSocket(url, { headers: { "x-namespace": namespace } });
    this.socket.on("message", (data) => {
      const { seq, messages } = decodeServerFrame(data as Buffer);
      this.heard.push(...messages);
      if (seq > 0 && messages.length > 0) this.lastSeq = seq + messages.length - 1;
    });
    this.socket.on("close", () => (this.isClosed = true));
    this.socket.on("error", () => undefined);
  }

  static async open(url: string, namespace = "default"): Promise<RawWorker> {
    const raw = new RawWorker(url, namespace);
    await new Promise((resolve) => void raw.socket.once("open", resolve));
    return raw;
  }

  hello(more: Partial<Hello> = {}, received = 0): void {
    const queue = { name: "default", workflows: ["*"], tasks: ["*"] };
    const options = { queues: [queue], taskSlots: 1, runSlots: 10, leaseMs: 5_000 };
    const base = { type: "hello", protocol: PROTOCOL, sdk: "raw", worker: "raw" } as const;
    this.send(0, [{ ...base, options, window: 1_000_000, ...more }], received);
  }

  send(seq: number, messages: readonly WorkerMessage[], ack = 0): void {
    this.socket.send(encodeFrame(seq, ack, messages.map(encodeWorkerMessage)));
  }

  of<T extends ServerMessage["type"]>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.heard.filter((one) => one.type === type) as Extract<ServerMessage, { type: T }>[];
  }
}
