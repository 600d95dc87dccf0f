/** A collector of spans: OTLP over HTTP, as JSON. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface SpanSeen {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<SpanSeen, "attributes"> & {
        readonly attributes: readonly {
          readonly key: string;
          readonly value: Readonly<Record<string, unknown>>;
        }[];
      })[];
    }[];
  }[];
}

export class Collector implements AsyncDisposable {
  readonly spans: SpanSeen[] = [];
  readonly #server: Server;

  private constructor(status: number) {
    this.#server = createServer((request, response) => {
      void this.#receive(request, response, status);
    });
  }

  async #receive(request: IncomingMessage, response: ServerResponse, status: number) {
    const body = await json(request);
    if (status === 200) this.#take(body as Exported);
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
  }

  static async open(status = 200): Promise<Collector> {
    const collector = new Collector(status);
    await new Promise<void>((resolve) => {
      collector.#server.listen(0, "127.0.0.1", resolve);
    });
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #take({ resourceSpans }: Exported): void {
    for (const { attributes, ...span } of resourceSpans
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans)) {
      const known = attributes.map(({ key, value }) => [key, Object.values(value)[0]]);
      this.spans.push({ ...span, attributes: Object.fromEntries(known) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
