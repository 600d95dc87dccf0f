/** `/deployments`: what serves, registered and removed. */
import type { Hono } from "hono";
import { PerdureError } from "@perdure/kernel";
import { z } from "zod";
import type { DeploymentRecord } from "../../deployments/catalog.ts";
import { bodyOf, done, json, Refused } from "./answers.ts";
import type { AdminEnv, Desk } from "./parts.ts";
import { deploymentJson, serviceJson } from "./views.ts";

const words = z.record(z.string(), z.string()).nullish();

const registration = z.object({
  uri: z.string().optional(),
  arn: z.string().optional(),
  additional_headers: words,
  use_http_11: z.boolean().nullish(),
  force: z.boolean().nullish(),
  breaking: z.boolean().nullish(),
  dry_run: z.boolean().nullish(),
  metadata: words,
});

const change = registration
  .pick({ uri: true, arn: true, additional_headers: true, use_http_11: true, dry_run: true })
  .extend({ overwrite: z.boolean().nullish() });

export function deploymentRoutes(app: Hono<AdminEnv>): void {
  app.get("/deployments", ({ env: { desk } }) => {
    const deployments = desk.catalog.records.map((record) => {
      const services = record.services.map(({ manifest: { name }, revision }) => ({
        name,
        revision,
      }));
      return deploymentJson(record, services);
    });
    return json({ deployments });
  });

  app.post("/deployments", async ({ req, env: { desk } }) => {
    const asked = await bodyOf(req.raw, registration);
    const uri = uriOf(asked) ?? noUri();
    const { record, isNew } = await desk.registry.register(desk.namespace, {
      uri,
      ...headersOf(asked),
      ...(asked.metadata ? { metadata: asked.metadata } : {}),
      useHttp11: asked.use_http_11 === true,
      force: asked.force === true,
      breaking: asked.breaking === true,
      dryRun: asked.dry_run === true,
    });
    const { deployment } = record;
    const body = {
      id: deployment.id,
      services: servicesOf(desk, record),
      min_protocol_version: deployment.minProtocolVersion,
      max_protocol_version: deployment.maxProtocolVersion,
      ...(deployment.sdkVersion === undefined ? {} : { sdk_version: deployment.sdkVersion }),
    };
    return json(body, isNew ? 201 : 200, { location: `deployments/${deployment.id}` });
  });

  app.get("/deployments/:id", ({ req, env: { desk } }) => {
    const record = recordOf(desk, req.param("id"));
    return json(deploymentJson(record, servicesOf(desk, record)));
  });

  app.patch("/deployments/:id", async ({ req, env: { desk } }) => {
    const asked = await bodyOf(req.raw, change);
    const uri = uriOf(asked);
    const record = await desk.registry.update(desk.namespace, req.param("id"), {
      ...(uri === undefined ? {} : { uri }),
      ...headersOf(asked),
      ...(typeof asked.use_http_11 === "boolean" ? { useHttp11: asked.use_http_11 } : {}),
      overwrite: asked.overwrite === true,
      dryRun: asked.dry_run === true,
    });
    return json(deploymentJson(record, servicesOf(desk, record)));
  });

  app.delete("/deployments/:id", async ({ req, env: { desk } }) => {
    if (req.query("force") !== "true") {
      const text =
        "A deployment is removed with ?force=true only: look that no invocation is on it any more, " +
        "or move those that are (resume with ?deployment=).";
      throw new Refused(501, text);
    }
    await desk.registry.remove(desk.namespace, req.param("id"));
    return done(202);
  });
}

function servicesOf({ registry }: Desk, record: DeploymentRecord): readonly unknown[] {
  return registry.servicesOf(record).map(serviceJson);
}

function recordOf({ catalog }: Desk, id: string): DeploymentRecord {
  const record = catalog.record(id);
  if (record !== undefined) return record;
  const text = `The requested deployment '${id.slice(0, 80)}' does not exist: look for it in a list.`;
  throw new PerdureError("not-found", text);
}

function uriOf({
  uri,
  arn,
}: {
  readonly uri?: string | undefined;
  readonly arn?: string | undefined;
}) {
  if (arn === undefined) return uri;
  const text = "Endpoints are reached by HTTP only: give the `uri` of one, in place of an `arn`.";
  throw new PerdureError("invalid-argument", text);
}

function noUri(): never {
  throw new PerdureError("invalid-argument", "The `uri` of the endpoint is missing: give it.");
}

function headersOf({ additional_headers: headers }: z.infer<typeof change>) {
  return headers ? { additionalHeaders: headers } : {};
}
