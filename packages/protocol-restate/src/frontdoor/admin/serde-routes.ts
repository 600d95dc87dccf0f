/** `/internal/services/{service}/serdes/…`: values as the service's own serializers show them. */
import type { Hono } from "hono";
import { PerdureError } from "@perdure/kernel";
import { bytesOf, Refused } from "./answers.ts";
import type { AdminEnv } from "./parts.ts";

export function serdeRoutes(app: Hono<AdminEnv>): void {
  app.post(
    "/internal/services/:service/serdes/:operation/:serde{.+}",
    async ({ req, env: { desk } }) => {
      const { service: name, operation, serde } = req.param();
      if (operation !== "decode" && operation !== "encode") {
        throw new PerdureError(
          "invalid-argument",
          "A value is decoded or encoded: name one of both.",
        );
      }
      const service = desk.catalog.service(name);
      const deployment = service && desk.catalog.deployment(service.deploymentId);
      if (deployment === undefined) {
        const text = `The requested service '${name.slice(0, 160)}' does not exist: see /services.`;
        throw new PerdureError("not-found", text);
      }
      if (desk.preview === undefined) throw new Refused(501, "Endpoints are not asked from here.");
      const body = await bytesOf(req.raw);
      const shown = await desk.preview({ deployment, service: name, operation, serde, body });
      return new Response(Buffer.from(shown.body), {
        headers: { "content-type": shown.contentType },
      });
    },
  );
}
