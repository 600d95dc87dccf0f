/** Certificates from files, and again when the files change: a renewal needs no restart. */
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import type { Server } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** How often the files are looked at. */
const LOOK_EVERY_MS = 5_000;

export function readTls({ certFile, keyFile }: TlsFiles): SecureContextOptions {
  return { cert: read(certFile), key: read(keyFile), minVersion: "TLSv1.2" };
}

/** The result stops looking. A pair that does not fit is logged, and the one before stays. */
export function followTls(server: Server, files: TlsFiles, env: Env): Reload {
  const reload = (): void => {
    try {
      server.setSecureContext(readTls(files));
      env.log("info", "the certificate was read again");
    } catch (error) {
      env.log("error", "the new certificate cannot be used; the one before stays", { error });
    }
  };
  for (const file of [files.certFile, files.keyFile]) {
    watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, reload);
  }
  return {
    reload,
    stop: () => {
      for (const file of [files.certFile, files.keyFile]) unwatchFile(file, reload);
    },
  };
}

export interface Reload {
  readonly reload: () => void;
  readonly stop: () => void;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const text = `The file ${file} of tls cannot be read: ${(cause as Error).message}.`;
    throw new PerdureError("invalid-argument", text, { cause });
  }
}
