/** After `npm ci`: what npm does not have. Without it one contender is missing, and says so. */
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
