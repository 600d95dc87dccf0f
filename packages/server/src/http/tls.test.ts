import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";

const folder = mkdtempSync(join(tmpdir(), "perdure-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A certificate of its own for a name. */
function certificate(name: string): { readonly certFile: string; readonly keyFile: string } {
  const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const files = ["-keyout", keyFile, "-out", certFile, "-subj", `/CN=${name}`];
  execFileSync("openssl", ["req", "-x509", ...curve, ...files], { stdio: "ignore" });
  return { certFile, keyFile };
}

interface Seen {
  readonly status: number;
  readonly name: string;
}

function see(url: string): Promise<Seen> {
  return new Promise((resolve, reject) => {
    // The name is what the test looks at; who signed it is not.
    const sent = request(
      `${url}/healthz`,
      { rejectUnauthorized: false, agent: false },
      (answer) => {
        const { CN } = (answer.socket as TLSSocket).getPeerCertificate().subject;
        answer.resume();
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, name: String(CN) }));
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

test("a server with a certificate speaks TLS, takes a renewed one, and keeps the old for a broken one", async () => {
  const [first, second] = [certificate("first"), certificate("second")];
  const tls = { certFile: join(folder, "now.crt"), keyFile: join(folder, "now.key") };
  copyFileSync(first.certFile, tls.certFile);
  copyFileSync(first.keyFile, tls.keyFile);
  await using rig = await Rig.open({ tls });
  const { server } = rig;
  const { url } = server;
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(await see(url)).toEqual({ status: 200, name: "first" });
  copyFileSync(second.certFile, tls.certFile);
  copyFileSync(second.keyFile, tls.keyFile);
  server.reloadTls();
  expect(await see(url)).toEqual({ status: 200, name: "second" });
  writeFileSync(tls.certFile, "not a certificate");
  server.reloadTls();
  expect(await see(url)).toEqual({ status: 200, name: "second" });
});

test("a certificate that is not there keeps the server from starting, by name", async () => {
  const tls = { certFile: join(folder, "none.crt"), keyFile: join(folder, "none.key") };
  await expect(Rig.open({ tls })).rejects.toThrow("none.crt of tls cannot be read");
});
