import { defineConfig } from "oxlint";
import root from "../../oxlint.config.ts";

/** The repository's rules; the root leaves this folder out, since its packages are not installed there. */
export default defineConfig({
  ...root,
  ignorePatterns: ["**/node_modules/**"],
  overrides: [
    ...(root.overrides ?? []),
    { files: ["src/**/*.ts"], rules: { "no-console": "off" } },
  ],
});
