/** What Restate has and Perdure does by other means: lists of it are empty, changes are refused. */
import type { Hono } from "hono";
import type { AdminEnv } from "./parts.ts";
import { json, Refused } from "./answers.ts";

const KAFKA =
  "Kafka is not read here: send its records to the ingress, with a key of each as idempotency key.";
const FLOW =
  "Scopes, limit keys and queues of Restate are not here: use Perdure's options of a queue.";

export function elsewhereRoutes(app: Hono<AdminEnv>): void {
  app.get("/subscriptions", () => json({ subscriptions: [] }));
  app.get("/kafka-clusters", () => json({ clusters: [] }));
  for (const path of ["/subscriptions", "/kafka-clusters"]) {
    app.all(path, () => refused(KAFKA));
    app.all(`${path}/:name`, () => refused(KAFKA));
  }
  app.all("/limits/*", () => refused(FLOW));
  app.all("/vqueues/*", () => refused(FLOW));
  app.all("/internal/*", () => refused("This path is for Restate's own console: use Perdure's."));
}

function refused(text: string): never {
  throw new Refused(501, text);
}
