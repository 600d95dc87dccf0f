/** `/services`: what there is to call, its settings, and the state of objects. */
import type { Hono } from "hono";
import { PerdureError } from "@perdure/kernel";
import { z } from "zod";
import type { ServiceView } from "../../deployments/catalog.ts";
import type { ServicePatch } from "../../deployments/settings.ts";
import { parseDelay } from "../ingress/delay.ts";
import { bodyOf, done, json } from "./answers.ts";
import { openapiOf } from "./openapi.ts";
import type { AdminEnv, Desk } from "./parts.ts";
import { replaceState, stateChange } from "./state.ts";
import { handlerJson, serviceJson } from "./views.ts";

const patch = z.object({
  public: z.boolean().nullish(),
  idempotency_retention: z.string().nullish(),
  workflow_completion_retention: z.string().nullish(),
  journal_retention: z.string().nullish(),
  inactivity_timeout: z.string().nullish(),
  abort_timeout: z.string().nullish(),
});

export function serviceRoutes(app: Hono<AdminEnv>): void {
  app.get("/services", ({ env: { desk } }) => {
    return json({ services: desk.catalog.services.map(serviceJson) });
  });

  app.get("/services/:service", ({ req, env: { desk } }) => {
    return json(serviceJson(serviceOf(desk, req.param("service"))));
  });

  app.patch("/services/:service", async ({ req, env: { desk } }) => {
    const name = req.param("service");
    serviceOf(desk, name);
    const asked = await bodyOf(req.raw, patch);
    return json(
      serviceJson(await desk.registry.patchService(desk.namespace, name, patchOf(asked))),
    );
  });

  app.get("/services/:service/handlers", ({ req, env: { desk } }) => {
    const service = serviceOf(desk, req.param("service"));
    return json({ handlers: service.handlers.map((handler) => handlerJson(service, handler)) });
  });

  app.get("/services/:service/handlers/:handler", ({ req, env: { desk } }) => {
    const service = serviceOf(desk, req.param("service"));
    const name = req.param("handler");
    const handler = service.handlers.find((one) => one.name === name);
    if (handler !== undefined) return json(handlerJson(service, handler));
    const text = `The requested handler '${name.slice(0, 80)}' on service '${service.name}' does not exist`;
    throw new PerdureError("not-found", `${text}: see /services/${service.name}/handlers.`);
  });

  app.get("/services/:service/openapi", ({ req, env: { desk } }) => {
    return json(openapiOf(serviceOf(desk, req.param("service")), desk.ingressUrl));
  });

  app.post("/services/:service/state", async ({ req, env: { desk } }) => {
    const service = serviceOf(desk, req.param("service"));
    await replaceState(desk, service, await bodyOf(req.raw, stateChange));
    return done(202);
  });
}

function serviceOf({ catalog }: Desk, name: string): ServiceView {
  const service = catalog.service(name);
  if (service !== undefined) return service;
  const text = `The requested service '${name.slice(0, 160)}' does not exist: see /services.`;
  throw new PerdureError("not-found", text);
}

function patchOf(asked: z.infer<typeof patch>): ServicePatch {
  const ms = (text: string | null | undefined): number | undefined =>
    typeof text === "string" ? parseDelay(text) : undefined;
  const fields = {
    public: asked.public ?? undefined,
    idempotencyRetentionMs: ms(asked.idempotency_retention),
    workflowCompletionRetentionMs: ms(asked.workflow_completion_retention),
    journalRetentionMs: ms(asked.journal_retention),
    inactivityTimeoutMs: ms(asked.inactivity_timeout),
    abortTimeoutMs: ms(asked.abort_timeout),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
