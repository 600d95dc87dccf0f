/**
 * After `npm ci`: what npm alone does not bring. A contender without its part is missing, and says
 * so when it is measured; the others work.
 */
import { execSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { absurdctlVersion, installAbsurdctl } from "./absurd-schema.ts";

const peers = dirname(import.meta.dirname);

if (absurdctlVersion() === undefined) {
  attempt("Absurd", installAbsurdctl, join(peers, "../.."), process.env);
}
if (!sqliteLoads()) {
  const folder = join(peers, "node_modules/better-sqlite3");
  attempt("LangGraph", "npm run install", folder, { ...process.env, ...ownHeaders() });
}

function attempt(whose: string, command: string, cwd: string, env: NodeJS.ProcessEnv): void {
  try {
    execSync(command, { cwd, env, stdio: "inherit" });
  } catch {
    console.error(`${whose} will be missing: "${command}" failed in ${cwd}`);
  }
}

/** Asked of another process: a library that was loaded once is not loaded again. */
function sqliteLoads(): boolean {
  const require = createRequire(import.meta.url);
  const code = `new (require(${JSON.stringify(require.resolve("better-sqlite3"))}))(":memory:")`;
  try {
    execSync(`"${process.execPath}" -e '${code}'`, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** To be built for the Node that runs this, and not for whichever the machine has headers of. */
function ownHeaders(): NodeJS.ProcessEnv {
  const home = dirname(dirname(process.execPath));
  // The `node` package has a copy of the binary; its headers stay in the package for the platform.
  const forPlatform = join(home, "node_modules", `node-${process.platform}-${process.arch}`);
  const found = [home, forPlatform].find((at) => existsSync(join(at, "include/node/node.h")));
  return found === undefined ? {} : { npm_config_nodedir: found };
}
