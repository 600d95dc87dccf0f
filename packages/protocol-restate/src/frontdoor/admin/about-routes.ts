/** What this server is, and that it is well. */
import type { Hono } from "hono";
import { ADMIN_API, type AdminEnv } from "./parts.ts";
import { done, json } from "./answers.ts";

/** Restate's release whose API this is: its tools read it as a version. */
const RESTATE_VERSION = "1.7.12";

/** What tools ask for by name; of what is not true here they show nothing. */
const FEATURES = {
  protocol_v7: true,
  unique_random_seeds: true,
  vqueues: false,
  scoped_virtual_objects: false,
  kafka_scope: false,
};

export function aboutRoutes(app: Hono<AdminEnv>): void {
  app.get("/health", () => done());

  app.get("/version", ({ env: { desk } }) =>
    json({
      version: RESTATE_VERSION,
      min_admin_api_version: ADMIN_API.min,
      max_admin_api_version: ADMIN_API.max,
      ingress_endpoint: desk.ingressUrl,
      features: FEATURES,
      perdure_version: desk.version,
    }),
  );

  app.get("/cluster-health", () =>
    json({ cluster_name: "perdure", metadata_cluster_health: null }),
  );

  app.get("/", () => {
    const text =
      "This is Restate's admin API on Perdure. Ask it with the `restate` command line, or look at " +
      "the same invocations as runs with `perdure runs list` and in Perdure's console.\n";
    return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } });
  });
}
