/** A certificate for loopback that signs itself, made by `openssl` where there is one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Certificate {
  readonly folder: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly pem: string;
}

/** Undefined: this machine has no `openssl`. The folder is the caller's to remove. */
export function selfSigned(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), "perdure-tls-"));
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=perdure", "-addext", "subjectAltName=IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const files = ["-keyout", keyFile, "-out", certFile];
  try {
    execFileSync("openssl", ["req", "-x509", "-nodes", ...curve, ...subject, ...files], {
      stdio: "ignore",
    });
  } catch {
    return undefined;
  }
  return { folder, certFile, keyFile, pem: readFileSync(certFile, "utf8") };
}
