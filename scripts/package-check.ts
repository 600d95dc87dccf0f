// Looks at every published package the way its users will: as a tarball, installed, imported.
// Run after a build.
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { closingLine, run, type Outcome } from "./run.ts";

interface Manifest {
  name: string;
  private?: boolean;
  exports: Record<string, unknown>;
}

const packages = globSync("packages/*/package.json")
  .map((file) => ({
    folder: dirname(file),
    manifest: JSON.parse(readFileSync(file, "utf8")) as Manifest,
  }))
  .filter(({ manifest }) => manifest.private !== true)
  .toSorted((a, b) => a.folder.localeCompare(b.folder));

const scratch = mkdtempSync(join(tmpdir(), "perdure-package-check-"));
const tally = { passed: 0, failed: 0 };

function report(what: string, { code, output }: Outcome): boolean {
  const ok = code === 0;
  tally[ok ? "passed" : "failed"] += 1;
  console.log(`${ok ? "ok  " : "FAIL"} ${what}`);
  if (!ok) console.log(output.trimEnd(), "\n");
  return ok;
}

for (const { folder, manifest } of packages) {
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", scratch], {
    cwd: folder,
  });
  if (!report(`pack ${manifest.name}`, packed)) continue;
  const tarball = join(scratch, packed.output.trim().split("\n").at(-1) ?? "");
  report(`publint ${manifest.name}`, await run("publint", ["run", tarball, "--strict"]));
  report(
    `attw ${manifest.name}`,
    await run("attw", [tarball, "--profile", "esm-only", "--no-emoji", "--no-color"]),
  );
}

// `contract` entries are suites: they load only inside a test runner.
const entries = packages.flatMap(({ manifest }) =>
  Object.keys(manifest.exports)
    .filter((path) => path !== "./contract" && path !== "./package.json")
    .map((path) => join(manifest.name, path)),
);
const tarballs = globSync("*.tgz", { cwd: scratch }).map((file) => `./${file}`);
const options = ["--prefer-offline", "--ignore-scripts", "--omit=optional", "--no-package-lock"];
const installed = await run("npm", ["install", "--silent", ...options, ...tarballs], {
  cwd: scratch,
});
if (report("install every tarball in an empty folder", installed)) {
  const node = resolve("node_modules/.bin/node");
  for (const entry of entries) {
    const code = `await import(${JSON.stringify(entry)})`;
    const args = ["--input-type=module", "--eval", code];
    report(`import ${entry}`, await run(node, args, { cwd: scratch }));
  }
  const program = join(scratch, "node_modules", ".bin", "perdure");
  report("run perdure", await run(node, [program, "version"], { cwd: scratch }));
}

rmSync(scratch, { recursive: true, force: true });
console.log(closingLine(tally));
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
