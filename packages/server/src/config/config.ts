/**
 * What a server can be told, with every default. File, environment and flags all end here, and
 * nothing else decides what is allowed.
 *
 * An environment variable is `PERDURE_` and the path in capitals: `tls.certFile` is
 * `PERDURE_TLS_CERT_FILE`. A secret may be in a file: `adminKeyFile`, `PERDURE_ADMIN_KEY_FILE`.
 */
import type { Tuning } from "@perdure/engine";
import * as z from "zod";
import { DEFAULT_NAMESPACE } from "../access/namespaces.ts";
import { serverLimits, type ServerLimits } from "../limits.ts";

export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly ("HS256" | "RS256" | "ES256" | "EdDSA")[];
  /** For HS256. */
  readonly secret?: string;
  /** A JWK set, in a file or at an https URL. */
  readonly jwksFile?: string;
  readonly jwksUrl?: string;
  readonly namespaceClaim: string;
  readonly roleClaim: string;
}

export interface Config {
  readonly store: string;
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  readonly tls: { readonly certFile?: string; readonly keyFile?: string };
  /**
   * One of several servers on a store. Absent `listen`: the only one, which claims the store's
   * partitions under leases where others could reach it.
   */
  readonly node: {
    /** `host:port` for other nodes. */
    readonly listen?: string;
    /** Where they reach it, if that is another address. */
    readonly advertise?: string;
    /** The same for all nodes; several, with blanks between them, while it is being changed. */
    readonly secret?: string;
    /** In place of a secret: all three, of an authority that is the cluster's own. */
    readonly tls: {
      readonly certFile?: string;
      readonly keyFile?: string;
      readonly caFile?: string;
    };
    readonly leaseMs: number;
    readonly beatMs: number;
  };
  readonly dev: boolean;
  readonly insecure: boolean;
  readonly adminKey?: string;
  readonly jwt?: JwtConfig;
  readonly audit: { readonly file?: string; readonly maxBytes: number; readonly keep: number };
  readonly metrics: { readonly access: "role" | "loopback" | "off" };
  readonly otlp: {
    readonly url?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly sampleRatio: number;
    readonly serviceName: string;
  };
  /** Targets of push endpoints beside public https: addresses, networks, host names. */
  readonly push: { readonly allow: readonly string[] };
  /** Restate's ingress and admin APIs, and what drives the endpoints of its SDKs. */
  readonly restate: {
    readonly enabled: boolean;
    readonly ingressPort: number;
    readonly adminPort: number;
    /** Absent: that of the server. */
    readonly host?: string;
    /** PEM of an Ed25519 key: requests to endpoints are signed with it. */
    readonly identityKey?: string;
    /** Origins whose pages may call: `https://app.example`, or `*`. */
    readonly allowedOrigins: readonly string[];
    /** Endpoints beside public https: addresses, networks, host names. */
    readonly allow: readonly string[];
    /** Of callers who may name any and name none. */
    readonly namespace: string;
  };
  readonly graceMs: number;
  readonly limits: ServerLimits;
  readonly engine: Partial<Tuning>;
}

/** As it is given: whatever is left out has its default. */
export type ConfigInput = {
  readonly [K in keyof Config]?: Config[K] extends object | undefined
    ? Partial<Config[K]>
    : Config[K];
};

const path = z.string().min(1);
const count = z.int().min(1);
const port = z.int().min(0).max(65_535);
const limitFields = Object.fromEntries(
  Object.entries(serverLimits).map(([name, value]) => [name, count.default(value)]),
) as Record<keyof ServerLimits, z.ZodDefault<z.ZodInt>>;

const jwt = z.strictObject({
  issuer: z.string().min(1),
  audience: z.string().min(1),
  algorithms: z.array(z.enum(["HS256", "RS256", "ES256", "EdDSA"])).min(1),
  secret: z.string().min(32).meta({ secret: true }).exactOptional(),
  jwksFile: path.exactOptional(),
  jwksUrl: z.url({ protocol: /^https$/ }).exactOptional(),
  namespaceClaim: z.string().min(1).default("perdure_namespace"),
  roleClaim: z.string().min(1).default("perdure_role"),
});

/** Without the jumps between fields, so that its shape can be walked. */
export const configShape: z.ZodObject = z.strictObject({
  // The address of a database has its password in it.
  store: z.string().meta({ inFile: true }).default("sqlite:./perdure.db"),
  host: z.string().min(1).default("127.0.0.1"),
  port: port.default(7373),
  allowedHosts: z.array(z.string().min(1)).default([]),
  tls: z
    .strictObject({ certFile: path.exactOptional(), keyFile: path.exactOptional() })
    .prefault({}),
  node: z
    .strictObject({
      listen: z.string().min(1).exactOptional(),
      advertise: z.string().min(1).exactOptional(),
      secret: z.string().min(32).meta({ secret: true }).exactOptional(),
      tls: z
        .strictObject({
          certFile: path.exactOptional(),
          keyFile: path.exactOptional(),
          caFile: path.exactOptional(),
        })
        .prefault({}),
      leaseMs: z.int().min(1_000).max(60_000).default(2_000),
      beatMs: z.int().min(50).max(20_000).default(500),
    })
    .prefault({}),
  dev: z.boolean().default(false),
  insecure: z.boolean().default(false),
  adminKey: z
    .string()
    .regex(/^pdk_[a-z0-9]{16}_[A-Za-z0-9_-]{43}$/, "make one with `perdure keys generate`")
    .meta({ secret: true })
    .exactOptional(),
  jwt: jwt.exactOptional(),
  audit: z
    .strictObject({
      file: path.exactOptional(),
      maxBytes: z.int().min(4_096).default(67_108_864),
      keep: z.int().min(1).max(1_000).default(10),
    })
    .prefault({}),
  metrics: z
    .strictObject({ access: z.enum(["role", "loopback", "off"]).default("role") })
    .prefault({}),
  otlp: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).exactOptional(),
      headers: z.record(z.string(), z.string()).meta({ secret: true }).default({}),
      sampleRatio: z.number().min(0).max(1).default(1),
      serviceName: z.string().min(1).default("perdure"),
    })
    .prefault({}),
  push: z.strictObject({ allow: z.array(z.string().min(1)).default([]) }).prefault({}),
  restate: z
    .strictObject({
      enabled: z.boolean().default(false),
      ingressPort: port.default(8080),
      adminPort: port.default(9070),
      host: z.string().min(1).exactOptional(),
      identityKey: z.string().min(1).meta({ secret: true }).exactOptional(),
      allowedOrigins: z.array(z.string().min(1)).default([]),
      allow: z.array(z.string().min(1)).default([]),
      namespace: z.string().min(1).default(DEFAULT_NAMESPACE),
    })
    .prefault({}),
  graceMs: z.int().min(0).default(5_000),
  limits: z.strictObject(limitFields).prefault({}),
  engine: z
    .strictObject({
      retentionMs: count.exactOptional(),
      drainMs: z.int().min(0).exactOptional(),
      idleMs: count.exactOptional(),
      callTimeoutMs: count.exactOptional(),
      liveStreams: count.exactOptional(),
    })
    .prefault({}),
});

/** What fields say together. */
export function contradictions(config: Config): readonly string[] {
  const { tls, jwt: tokens, host, insecure, dev, restate } = config;
  const problems = [...nodeContradictions(config)];
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    problems.push("tls.certFile and tls.keyFile go together: give both or none");
  }
  if ((insecure || dev) && !isLoopback(host)) {
    const which = insecure ? "insecure" : "dev";
    problems.push(`${which} binds loopback only, not ${host}: use 127.0.0.1, or configure access`);
  }
  if ((insecure || dev) && restate.host !== undefined && !isLoopback(restate.host)) {
    problems.push(`restate.host is ${restate.host}, and without access only loopback will do`);
  }
  if (tokens === undefined) return problems;
  const symmetric = tokens.algorithms.includes("HS256");
  const sources = [tokens.secret, tokens.jwksFile, tokens.jwksUrl].filter(Boolean);
  if (sources.length !== 1) {
    problems.push("jwt needs one source of keys: secret, jwksFile or jwksUrl");
  }
  if (symmetric && tokens.algorithms.length > 1) {
    // A public key taken for a shared secret is how algorithms are confused.
    problems.push("jwt.algorithms has HS256 alone, or public-key algorithms, never both");
  }
  if (symmetric !== (tokens.secret !== undefined)) {
    problems.push("jwt.secret is for HS256, and HS256 needs it");
  }
  return problems;
}

function nodeContradictions({ node, store, dev }: Config): readonly string[] {
  const { listen, advertise, secret, tls, leaseMs, beatMs } = node;
  const problems: string[] = [];
  const files = [tls.certFile, tls.keyFile, tls.caFile].filter(Boolean).length;
  if (beatMs * 3 > leaseMs) {
    problems.push(
      `node.leaseMs is ${leaseMs}: give it three beats at least (node.beatMs ${beatMs})`,
    );
  }
  if (files > 0 && files < 3) {
    problems.push("node.tls.certFile, keyFile and caFile go together: give all three or none");
  }
  if (listen === undefined) {
    if (advertise !== undefined || secret !== undefined || files > 0) {
      problems.push("node.listen is missing: say where other nodes reach this one, host:port");
    }
    return problems;
  }
  if ((secret === undefined) === (files === 0)) {
    problems.push("node.listen needs node.secret, or node.tls, and not both");
  }
  if (!isShared(store)) {
    problems.push(`node.listen is for a store that servers share (postgres://…), not ${store}`);
  }
  if (dev) problems.push("dev is for one server alone: leave node.listen out");
  return problems;
}

/** Several servers can work on it. */
export function isShared(store: string): boolean {
  return /^postgres(ql)?:/.test(store);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
