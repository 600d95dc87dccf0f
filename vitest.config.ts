import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Siblings are imported from their sources, so no test waits for a build. */
const conditions = ["perdure-source", ...defaultServerConditions];

/** Files that take half a minute and more, however small they are. */
const longest = [
  "proof/src/postgres/prove.test.ts",
  "proof/src/cluster/prove.test.ts",
  "packages/store-sqlite/src/sqlite-store.test.ts",
  "packages/cli/src/move/postgres.test.ts",
  "bench/src/suite.test.ts",
  "sim/src/shrink/shrink.test.ts",
  "packages/store-sqlite/src/kill.test.ts",
  "packages/cli/src/node-processes.test.ts",
];

/** They begin first, so that none of them is left for the end, where the other workers idle. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      longest.some((file) => moduleId.endsWith(`/${file}`));
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own, not an array's
    const others = await super.sort(files);
    return [...others.filter(isLong), ...others.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/**/*.test.ts",
      "sim/**/*.test.ts",
      "proof/**/*.test.ts",
      "examples/**/*.test.ts",
      "bench/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Not threads: V8 frees WebAssembly code (undici's parser) of one isolate under another's feet
    // when many isolates of a process tier it up, and aborts the process.
    pool: "forks",
    isolate: false,
    // By default one core is left to the command itself, which has nothing to do: of two, one idles.
    // One more than there are cores, since many tests wait for processes, databases and clocks.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    execArgv: ["--conditions=perdure-source"],
    // Threads and processes that tests start run from sources: to compile them anew takes most of
    // their start.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL(".cache/compile", import.meta.url)) },
    // A test that hangs is to end some time; how fast one is says nothing on a machine that is busy.
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
  },
});
