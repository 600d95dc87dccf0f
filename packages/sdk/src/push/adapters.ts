/**
 * The handler in the shapes that frameworks ask for. Most of them are the same three or four, and none
 * of them needs anything of the framework: they are here so that nobody has to look twice.
 */
import type { PushHandler } from "./handler.ts";

type Answer = Promise<Response>;

/** Next.js App Router: `export const { GET, POST } = forNext(handler)`; Astro and SvelteKit differ. */
export function forNext({
  from,
}: PushHandler): Record<"GET" | "POST", (request: Request) => Answer> {
  const answer = (request: Request) => from(request, {});
  return { GET: answer, POST: answer };
}

interface WithRequest {
  readonly request: Request;
}

/** SvelteKit's `+server.ts` and Astro's endpoints: `export const { GET, POST } = forEvents(handler)`. */
export function forEvents({
  from,
}: PushHandler): Record<"GET" | "POST", (event: WithRequest) => Answer> {
  const answer = ({ request }: WithRequest) => from(request, {});
  return { GET: answer, POST: answer };
}

/** React Router and Remix, a resource route: `export const { action, loader } = forReactRouter(handler)`. */
export function forReactRouter({
  from,
}: PushHandler): Record<"action" | "loader", (args: WithRequest) => Answer> {
  const answer = ({ request }: WithRequest) => from(request, {});
  return { action: answer, loader: answer };
}

interface HonoContext {
  readonly req: { readonly raw: Request };
}

/** Hono: `app.on(["GET", "POST"], "/perdure", forHono(handler))`. */
export function forHono({ from }: PushHandler): (context: HonoContext) => Answer {
  return (context) => from(context.req.raw, {});
}

/** Bun, Deno and Cloudflare Workers: `export default forFetch(handler)`. */
export function forFetch({ from }: PushHandler): { readonly fetch: (request: Request) => Answer } {
  return { fetch: (request) => from(request, {}) };
}
