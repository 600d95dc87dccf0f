/**
 * How nodes know each other: by a secret that all of the cluster have, or by certificates of its
 * authority. Either way TLS 1.3 proves it, with new keys for every connection, before a byte of
 * ours is read: what was overheard is of no use later, and what is replayed is refused.
 *
 * A1  A secret is never sent. What is sent of it names the one that is meant, and is made of it
 *     in one direction only.
 */
import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { ConnectionOptions, TlsOptions } from "node:tls";
import { PerdureError } from "@perdure/kernel";
import type { HostPort } from "./address.ts";
import { nodeLimits } from "./limits.ts";

/** Files in PEM: what this node shows, and the authority that has signed what all of them show. */
export interface NodeCertificates {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/**
 * One of the two. While a secret is being changed there are several in the text, with blanks
 * between them: the first is used, and all are taken.
 */
export type NodeAccess = { readonly secret: string } | { readonly tls: NodeCertificates };

/** What TLS is told at either end; read anew where a certificate may have been renewed. */
export interface Tls {
  readonly server: () => TlsOptions;
  readonly client: (to: HostPort) => ConnectionOptions;
  /** To be looked at for a change; none: nothing changes. */
  readonly files: readonly string[];
}

/** Says what is spoken inside, too: a later way of framing is another word, and both can be offered. */
const common = { minVersion: "TLSv1.3", ALPNProtocols: ["perdure-node/1"] } as const;

export function tlsOf(access: NodeAccess): Tls {
  return "secret" in access ? bySecret(access.secret) : byCertificates(access.tls);
}

interface Key {
  readonly identity: string;
  readonly psk: Buffer;
}

function bySecret(secret: string): Tls {
  const keys = keysOf(secret);
  const byIdentity = new Map(keys.map((key) => [key.identity, key.psk]));
  // Keys that were agreed on beforehand go with SHA-256.
  const options = { ...common, ciphers: "TLS_AES_128_GCM_SHA256" };
  return {
    server: () => ({
      ...options,
      pskCallback: (_, identity) => byIdentity.get(identity) ?? null,
    }),
    client: () => ({
      ...options,
      pskCallback: () => keys[0] ?? null,
      // Nobody shows a certificate: whoever has the key is a node.
      checkServerIdentity: () => undefined,
    }),
    files: [],
  };
}

function keysOf(secret: string): readonly Key[] {
  const words = secret.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0 || words.some((word) => word.length < nodeLimits.secretChars)) {
    const text =
      `The nodes' secret has fewer than ${nodeLimits.secretChars} characters: make one with ` +
      `\`openssl rand -base64 32\`, and give the same to all nodes.`;
    throw new PerdureError("invalid-argument", text);
  }
  const derived = (word: string, what: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync("sha256", word, "", `perdure node ${what}`, bytes));
  return words.map((word) => ({
    identity: derived(word, "name", 8).toString("hex"),
    psk: derived(word, "key", 32),
  }));
}

function byCertificates({ certFile, keyFile, caFile }: NodeCertificates): Tls {
  const own = () => ({ cert: read(certFile), key: read(keyFile), ca: read(caFile) });
  return {
    server: () => ({ ...common, ...own(), requestCert: true, rejectUnauthorized: true }),
    client: ({ host }) => ({
      ...common,
      ...own(),
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    }),
    files: [certFile, keyFile, caFile],
  };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const text = `The file ${file} of node.tls cannot be read: ${(cause as Error).message}.`;
    throw new PerdureError("invalid-argument", text, { cause });
  }
}
