/** Requests to apps over real connections, each judged by the guard when it is dialled. */
import { Agent, request, type Dispatcher } from "undici";
import type { OutboundGuard } from "./guard.ts";
import type { Outbound, PostAnswer, PostBody } from "./post.ts";

/** What is read of a body's rest so that its connection can be used again. */
const REST_BYTES = 1_024;

export function outboundOver(guard: OutboundGuard): Outbound {
  const agent = new Agent({ connect: guard.connect, pipelining: 1 });
  return {
    post: async ({ url, headers, body, signal, headMs, silenceMs }): Promise<PostAnswer> => {
      const answer = await request(url, {
        method: "POST",
        headers,
        body,
        signal,
        headersTimeout: headMs,
        bodyTimeout: silenceMs,
        dispatcher: agent,
      });
      return {
        status: answer.statusCode,
        header: (name) => {
          const value = answer.headers[name];
          return typeof value === "string" ? value : undefined;
        },
        body: bodyOf(answer),
      };
    },
    close: () => agent.destroy(),
  };
}

function bodyOf({ body }: Dispatcher.ResponseData): PostBody {
  return {
    pieces: () => body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
    finish: () => void body.dump({ limit: REST_BYTES }).catch(() => undefined),
    destroy: () => void body.on("error", () => undefined).destroy(),
  };
}
