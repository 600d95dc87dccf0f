/** How a service is called by HTTP, as OpenAPI says it. */
import type { ServiceView } from "../../deployments/catalog.ts";
import type { HandlerView } from "../../deployments/deployment.ts";

type Fields = Readonly<Record<string, unknown>>;

const keyParameter = { name: "key", in: "path", required: true, schema: { type: "string" } };
const idempotencyKey = {
  name: "idempotency-key",
  in: "header",
  required: false,
  description: "A second call with it gets the first one's result.",
  schema: { type: "string" },
};
const delay = {
  name: "delay",
  in: "query",
  required: false,
  description: "When to run it, from now: 10s, 1h, PT10S.",
  schema: { type: "string" },
};

const failure = {
  description: "The handler failed, or the call was refused.",
  content: {
    "application/json": {
      schema: {
        type: "object",
        required: ["message"],
        properties: {
          code: { type: "integer" },
          message: { type: "string" },
          metadata: { type: "object", additionalProperties: { type: "string" } },
          source: { type: "string", enum: ["ingress", "invocation"] },
        },
      },
    },
  },
};

const sent = {
  description: "It is on disk and runs when its time has come.",
  content: {
    "application/json": {
      schema: {
        type: "object",
        required: ["invocationId", "status"],
        properties: {
          invocationId: { type: "string" },
          status: { type: "string", enum: ["Accepted", "PreviouslyAccepted"] },
          executionTime: { type: "string", format: "date-time" },
        },
      },
    },
  },
};

export function openapiOf(service: ServiceView, url: string): Fields {
  const { name, type, revision, manifest } = service;
  const base = type === "SERVICE" ? `/${name}` : `/${name}/{key}`;
  const paths = service.handlers.flatMap((handler) => [
    [`${base}/${handler.name}`, { post: operation(service, handler, false) }] as const,
    [`${base}/${handler.name}/send`, { post: operation(service, handler, true) }] as const,
  ]);
  return {
    openapi: "3.1.0",
    info: {
      title: name,
      version: String(revision),
      ...(manifest.documentation ? { description: manifest.documentation } : {}),
    },
    servers: [{ url }],
    paths: Object.fromEntries(paths),
  };
}

function operation(service: ServiceView, handler: HandlerView, isSend: boolean): Fields {
  const { name, input, output, type } = handler;
  const said = service.manifest.handlers.find((one) => one.name === name);
  const parameters = [
    ...(service.type === "SERVICE" ? [] : [keyParameter]),
    ...(type === "WORKFLOW" ? [] : [idempotencyKey]),
    ...(isSend ? [delay] : []),
  ];
  const content = (contentType: string | undefined, schema: unknown): Fields => ({
    [contentType ?? "*/*"]: schema ? { schema } : {},
  });
  const answer = {
    description: "What the handler returned.",
    content: content(output?.contentType, said?.output?.jsonSchema),
  };
  return {
    operationId: `${service.name}_${name}${isSend ? "_send" : ""}`,
    ...(said?.documentation ? { description: said.documentation } : {}),
    parameters,
    requestBody: {
      required: input?.required === true,
      content: content(input?.contentType, said?.input?.jsonSchema),
    },
    responses: { ...(isSend ? { 202: sent } : { 200: answer }), default: failure },
  };
}
