// The four static checks, side by side: all of them report, not only the first that fails.
import { closingLine, run } from "./run.ts";

const checks = ["types", "lint", "format:check", "knip"];

const results = await Promise.all(
  checks.map(async (name) => {
    const startedMs = performance.now();
    const { code, output } = await run("npm", ["run", "--silent", name]);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    return { name, code, output, seconds };
  }),
);

for (const { name, code, output, seconds } of results) {
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd(), "\n");
}

const failed = results.filter((result) => result.code !== 0).length;
console.log(closingLine({ passed: results.length - failed, failed }));
process.exitCode = failed === 0 ? 0 : 1;
