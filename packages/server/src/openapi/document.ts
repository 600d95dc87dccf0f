/** The OpenAPI 3.1 document, from the route table: what is not in a route is not in the document. */
import { errorTable, type ErrorCode } from "@perdure/kernel";
import { httpStatus } from "@perdure/wire";
import * as z from "zod";
import type { RegisteredRoute } from "../http/route.ts";

type Fields = Readonly<Record<string, unknown>>;

/** `routes` in the order in which they are to be read. */
export function openApiDocument(routes: readonly RegisteredRoute[], version: string): Fields {
  const schemas: Record<string, unknown> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operationOf(route, schemas);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Perdure",
      version,
      description:
        "Runs, keys, events and schedules of a Perdure server. The namespace comes from the " +
        "credential; an admin of the server names another in the header perdure-namespace.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key, or a JWT." },
      },
      schemas: { ...sorted(schemas), Error: errorSchema() },
      responses: errorResponses(),
    },
  };
}

function operationOf(route: RegisteredRoute, schemas: Record<string, unknown>): Fields {
  const { operation, summary, description, roles, body, example } = route;
  const mayBe = `Roles: ${roles.join(", ")}.`;
  return {
    operationId: operation,
    tags: [tagOf(route)],
    summary,
    description: description === undefined ? mayBe : `${description}\n\n${mayBe}`,
    parameters: [...pathParameters(route), ...queryParameters(route, schemas)],
    ...(body === undefined ? {} : { requestBody: bodyOf(body, example, schemas) }),
    ...(route.bodyMedia === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { [route.bodyMedia]: { schema: { type: "string" } } },
          },
        }),
    responses: responsesOf(route, schemas),
  };
}

function bodyOf(body: z.ZodType, example: unknown, schemas: Record<string, unknown>): Fields {
  const schema = schemaOf(body, "input", schemas);
  const content = { schema, ...(example === undefined ? {} : { example }) };
  return { required: true, content: { "application/json": content } };
}

function responsesOf(route: RegisteredRoute, schemas: Record<string, unknown>): Fields {
  const { status, answer, media, answerExample, method, body } = route;
  const content =
    media !== undefined
      ? { content: { [media]: { schema: { type: "string" } } } }
      : answer === undefined
        ? {}
        : {
            content: {
              "application/json": {
                schema: schemaOf(answer, "output", schemas),
                ...(answerExample === undefined ? {} : { example: answerExample }),
              },
            },
          };
  const id = { "perdure-request-id": { schema: { type: "string", format: "uuid" } } };
  const codes: ErrorCode[] = ["invalid-argument", "unauthenticated", "forbidden", "not-found"];
  if (method !== "GET") codes.push("conflict");
  if (body !== undefined) codes.push("limit-exceeded");
  codes.push("overloaded", "unavailable");
  const refusals = Object.fromEntries(
    codes.map((code) => [httpStatus[code], { $ref: `#/components/responses/${httpStatus[code]}` }]),
  );
  const done = status === 204 ? "Done; there is nothing to say." : "The answer.";
  return { [status]: { description: done, headers: id, ...content }, ...refusals };
}

function* pathParameters({ path }: RegisteredRoute): Generator<Fields> {
  for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
    yield { name, in: "path", required: true, schema: { type: "string" } };
  }
}

function* queryParameters(
  route: RegisteredRoute,
  schemas: Record<string, unknown>,
): Generator<Fields> {
  if (route.query === undefined) return;
  const schema = schemaOf(route.query, "input", schemas) as {
    readonly properties?: Readonly<Record<string, Fields>>;
    readonly required?: readonly string[];
  };
  const examples = (route.body === undefined ? route.example : undefined) as Fields | undefined;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const example = examples?.[name];
    yield {
      name,
      in: "query",
      required: schema.required?.includes(name) ?? false,
      schema: field,
      ...(example === undefined ? {} : { example }),
    };
  }
}

/** Schemas with a name of their own are said once, under `components`. */
function schemaOf(
  schema: z.ZodType,
  io: "input" | "output",
  schemas: Record<string, unknown>,
): Fields {
  const {
    $schema: _,
    $defs,
    ...json
  } = z.toJSONSchema(schema, {
    io,
    target: "draft-2020-12",
    unrepresentable: "any",
  }) as Fields;
  const moved = move({ json, $defs }) as {
    readonly json: Fields;
    readonly $defs?: Readonly<Record<string, Fields>>;
  };
  for (const [name, { id: __, $id: ___, ...rest }] of Object.entries(moved.$defs ?? {})) {
    schemas[name] = rest;
  }
  const { id, ...rest } = moved.json;
  if (typeof id !== "string") return rest;
  schemas[id] = rest;
  return { $ref: `#/components/schemas/${id}` };
}

/** References point to where the definitions are put. */
function move(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(move);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "$schema")
      .map(([name, field]) => {
        const isReference = name === "$ref" && typeof field === "string";
        return [
          name,
          isReference ? field.replace("#/$defs/", "#/components/schemas/") : move(field),
        ];
      }),
  );
}

function errorSchema(): Fields {
  return {
    type: "object",
    required: ["error"],
    additionalProperties: false,
    properties: {
      error: {
        type: "object",
        required: ["code", "message", "retry"],
        properties: {
          code: { type: "string", enum: Object.keys(errorTable) },
          message: { type: "string", description: "Says what to do next." },
          retry: { type: "string", enum: ["never", "later", "now"] },
          detail: { type: "object" },
        },
      },
    },
  };
}

/** One for each status, with the codes that have it. */
function errorResponses(): Fields {
  const responses: Record<string, unknown> = {};
  const schema = { $ref: "#/components/schemas/Error" };
  for (const [code, status] of Object.entries(httpStatus)) {
    const codes = Object.entries(httpStatus).filter(([, other]) => other === status);
    const message = "What is wrong, and what to do next.";
    const example = { error: { code, message, retry: errorTable[code as ErrorCode] } };
    responses[status] ??= {
      description: codes.map(([name]) => name).join(", "),
      content: { "application/json": { schema, example } },
    };
  }
  return responses;
}

function tagOf({ operation }: RegisteredRoute): string {
  return operation.slice(0, operation.indexOf("."));
}

function sorted(schemas: Record<string, unknown>): Fields {
  return Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => a.localeCompare(b)));
}
