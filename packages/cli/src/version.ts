/** The version of this package, which is the version of all of them. */
import { readFileSync } from "node:fs";

export function packageVersion(): string {
  const manifest = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  ) as { readonly version: string };
  return manifest.version;
}
