/**
 * After `npm ci`: what npm alone does not bring. A contender without its part is missing, and says
 * so when it is measured; the others work.
 */
import { execSync } from "node:child_process";
import { join } from "node:path";
import { absurdctlVersion, installAbsurdctl } from "./absurd-schema.ts";

if (absurdctlVersion() === undefined) {
  try {
    execSync(installAbsurdctl, { cwd: join(import.meta.dirname, "../../.."), stdio: "inherit" });
  } catch {
    console.error(`Absurd will be missing. By hand: ${installAbsurdctl}`);
  }
}
