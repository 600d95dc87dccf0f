import { existsSync } from "node:fs";
import { join } from "node:path";
import { argumentsOf, usage } from "./arguments.ts";

const installed = join(import.meta.dirname, "../node_modules", "@restatedev", "restate-sdk");

if (process.argv.includes("--help")) {
  console.log(usage);
} else if (existsSync(installed)) {
  const { conformance } = await import("./conformance.ts");
  process.exitCode = (await conformance(argumentsOf(process.argv.slice(2)))) ? 0 : 1;
} else {
  console.error("Restate's SDK is not installed: npm ci --prefix conformance/restate");
  process.exitCode = 2;
}
