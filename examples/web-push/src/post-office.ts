/** The example's own service: sends letters, once per idempotency key, and keeps a ledger. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

export class PostOffice {
  /** Letters by idempotency key. */
  readonly ledger = new Map<string, number>();
  requests = 0;
  /** Called when a letter is in the ledger and its sender has not heard of it. */
  beforeAnswer: () => Promise<void> = async () => undefined;
  readonly #server: ReturnType<typeof serve>;

  private constructor() {
    const app = new Hono();
    app.post("/letters", async (context) => {
      const key = context.req.header("idempotency-key") ?? "";
      this.requests++;
      const known = this.ledger.get(key);
      const number = known ?? this.ledger.size + 1;
      this.ledger.set(key, number);
      await this.beforeAnswer();
      return context.json({ number, wasKnown: known !== undefined });
    });
    this.#server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  }

  static async open(): Promise<PostOffice> {
    const office = new PostOffice();
    await once(office.#server, "listening");
    return office;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    if ("closeAllConnections" in this.#server) this.#server.closeAllConnections();
  }
}
