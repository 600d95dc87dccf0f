/** Compose and systemd: what the files name is there, and the system's own checks agree. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { documentsOf, files, root, textOf } from "./files.test-support.ts";

const composed = z.strictObject({
  name: z.string(),
  "x-node": z.looseObject({}),
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string(),
      build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
      depends_on: z.record(z.string(), z.looseObject({})).optional(),
      secrets: z.array(z.string()),
      restart: z.literal("always").optional(),
      stop_grace_period: z.string(),
      stop_signal: z.string().optional(),
      command: z.array(z.string()).optional(),
      ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)).optional(),
      environment: z.record(z.string(), z.string()),
      volumes: z.array(z.string()).optional(),
      healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.null()),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

const [stack] = documentsOf("deploy/compose.yaml").map((one) => composed.parse(one));

test("services, secrets and volumes that the stack names are in it", () => {
  for (const { depends_on = {}, secrets, volumes = [], environment, build } of Object.values(
    stack!.services,
  )) {
    for (const name of Object.keys(depends_on)) expect(stack!.services).toHaveProperty(name);
    for (const name of secrets) expect(stack!.secrets).toHaveProperty(name);
    for (const volume of volumes) expect(stack!.volumes).toHaveProperty(volume.split(":")[0]!);
    const read = Object.values(environment).filter((value) => value.startsWith("/run/secrets/"));
    for (const file of read) expect(secrets).toContain(file.slice("/run/secrets/".length));
    const images = build === undefined ? [] : [build.dockerfile];
    for (const file of images) expect(existsSync(join(root, file))).toBe(true);
  }
});

test("the script that makes the secrets makes all of them, once", () => {
  const made = textOf("deploy/secrets.sh")
    .match(/once [a-z-]+$/gm)
    ?.map((line) => line.slice(5));
  expect(made?.toSorted()).toEqual(Object.keys(stack!.secrets).toSorted());
});

test.each(files.filter((file) => file.endsWith(".sh")))("a shell can read %s", (file) => {
  execFileSync("sh", ["-n", join(root, file)]);
});

const verifier = spawnSync("systemd-analyze", ["--version"]).status === 0;

test.skipIf(!verifier)("systemd takes the unit without a complaint (systemd-analyze)", () => {
  const folder = mkdtempSync(join(tmpdir(), "perdure-unit-"));
  try {
    const unit = join(folder, "perdure.service");
    const here = textOf("deploy/systemd/perdure.service").replace(
      "/usr/bin/perdure",
      process.execPath,
    );
    writeFileSync(unit, here);
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", unit], {
      encoding: "utf8",
    });
    // It also tells of units that this machine lacks.
    const ours = stderr.split("\n").filter((line) => line.includes("perdure.service"));
    expect({ status, ours }).toEqual({ status: 0, ours: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
