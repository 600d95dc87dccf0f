/** `apiKeys.*` and `server.whoami`. */
import { PerdureError } from "@perdure/kernel";
import * as z from "zod";
import type { ApiKeys } from "../access/api-keys.ts";
import type { Caller } from "../access/caller.ts";
import { checkTenant, EVERY_NAMESPACE } from "../access/namespaces.ts";
import { roles, type Role } from "../access/roles.ts";
import { checkInput } from "../http/input.ts";
import { jsonRoute, silentRoute, type Route } from "../http/route.ts";
import { ms, name } from "./schemas/basics.ts";

const role: z.ZodEnum<{ [R in Role]: R }> = z.enum(roles);

const key = z
  .strictObject({
    id: z.string(),
    namespace: z.string(),
    role,
    name: name.exactOptional(),
    createdAt: ms,
    createdBy: z.string(),
    expiresAt: ms.exactOptional(),
    revokedAt: ms.exactOptional(),
    lastUsedAt: ms.exactOptional(),
    overlapUntil: ms.exactOptional(),
  })
  .meta({ id: "ApiKey" });

const issued = z
  .strictObject({ key, secret: z.string() })
  .meta({ id: "IssuedApiKey", description: "The secret is shown this once." });

interface CreateBody {
  readonly role: Role;
  readonly namespace?: string;
  readonly name?: string;
  readonly expiresAt?: number;
}

const createBody: z.ZodType<CreateBody> = z.strictObject({
  role,
  namespace: name.exactOptional(),
  name: name.exactOptional(),
  expiresAt: ms.exactOptional(),
});

/** Long enough to roll a new secret out, short enough to be over. */
const OVERLAP_MS = 24 * 3_600_000;
const MAX_OVERLAP_MS = 30 * 24 * 3_600_000;

const rotateBody: z.ZodType<{ readonly overlapMs: number }> = z.strictObject({
  overlapMs: z.int().min(0).max(MAX_OVERLAP_MS).default(OVERLAP_MS),
});

const keyId = z.string().regex(/^[a-z0-9]{16}$/, "is not the id of an API key");

export function apiKeyRoutes(keys: ApiKeys): readonly Route[] {
  const idOf = ({ params }: { readonly params: { readonly keyId: string } }): string =>
    checkInput(keyId, params.keyId, "the key in the path");
  return [
    jsonRoute({
      operation: "server.whoami",
      summary: "Who the credential says you are",
      answer: z.strictObject({ namespace: z.string(), role, by: z.string() }),
      handle: async ({ caller: { namespace, role: as, by } }) => ({ namespace, role: as, by }),
    }),
    jsonRoute({
      operation: "apiKeys.list",
      summary: "The API keys that you may manage, without their secrets",
      answer: z.strictObject({ keys: z.array(key) }),
      handle: async ({ caller }) => ({ keys: await keys.list(reachOf(caller)) }),
    }),
    jsonRoute({
      operation: "apiKeys.create",
      summary: "Makes an API key; its secret is in this answer and nowhere else",
      body: createBody,
      example: { role: "worker", namespace: "default", name: "worker on app-1" },
      status: 201,
      answer: issued,
      handle: async ({ caller, body }) =>
        keys.create({ ...body, namespace: namespaceFor(caller, body.namespace) }, caller.by),
    }),
    jsonRoute({
      operation: "apiKeys.rotate",
      summary: "Gives an API key a new secret; the old one works until the overlap is over",
      body: rotateBody,
      example: { overlapMs: 3_600_000 },
      answer: issued,
      handle: async (ask) => keys.rotate(reachOf(ask.caller), idOf(ask), ask.body.overlapMs),
    }),
    silentRoute({
      operation: "apiKeys.revoke",
      summary: "Ends an API key now",
      handle: async (ask) => keys.revoke(reachOf(ask.caller), idOf(ask)),
    }),
  ];
}

/** An admin of the server manages every key, an admin of a namespace those of it. */
function reachOf({ anyNamespace, namespace }: Caller): string {
  return anyNamespace ? EVERY_NAMESPACE : namespace;
}

function namespaceFor({ anyNamespace, namespace }: Caller, wanted: string | undefined): string {
  if (wanted === undefined || wanted === namespace) return namespace;
  if (anyNamespace) return wanted === EVERY_NAMESPACE ? wanted : checkTenant(wanted);
  const text = "Your credential manages keys of its own namespace only: leave the namespace out.";
  throw new PerdureError("forbidden", text);
}
