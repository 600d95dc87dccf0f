/** Absurd is SQL inside PostgreSQL; its own tool, from PyPI, puts it there. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Postgres } from "../../src/servers/postgres.ts";

/** Where the tool is installed: a folder of its own, beside this package's `node_modules`. */
const pythonFolder = join(dirname(import.meta.dirname), "python");

const toolVersion = "0.5.0";

export const installAbsurdctl: string = [
  "python3 -m pip install --no-deps --target bench/peers/python",
  `absurdctl==${toolVersion}`,
].join(" ");

/** Undefined: the tool is not installed. */
export function absurdctlVersion(): string | undefined {
  if (!existsSync(join(pythonFolder, "absurdctl"))) return undefined;
  const names = readdirSync(pythonFolder).map((name) => /^absurdctl-(.+)\.dist-info$/.exec(name));
  return names.find((found) => found !== null)?.[1];
}

/** Makes Absurd's schema, from the SQL that comes with the tool. */
export function initAbsurd({ connection }: Postgres): void {
  const { host, user, database } = connection;
  execFileSync("python3", ["-c", "import absurdctl; absurdctl.main()", "init"], {
    env: {
      ...process.env,
      PYTHONPATH: pythonFolder,
      ABSURD_DATABASE_URL: `postgresql://${user}@/${database}?host=${host}`,
    },
    stdio: "pipe",
  });
}
