import { defineConfig, type OxlintConfig } from "oxlint";

type Rules = NonNullable<OxlintConfig["rules"]>;

interface Package {
  /** Its folder in `packages/`. */
  readonly folder: string;
  readonly name: string;
  /** The siblings it may import. Everything else in the workspace is forbidden to it. */
  readonly mayImport: readonly string[];
}

const kernel = "@perdure/kernel";
const store = "@perdure/store";
const sqlite = "@perdure/store-sqlite";
const postgres = "@perdure/store-postgres";
const engine = "@perdure/engine";
const wire = "@perdure/wire";
const nodes = "@perdure/nodes";
const restate = "@perdure/protocol-restate";
const server = "@perdure/server";
const sdk = "perdure";

/** The walls. A new package gets a line here. */
const packages: readonly Package[] = [
  { folder: "kernel", name: kernel, mayImport: [] },
  { folder: "store", name: store, mayImport: [kernel] },
  { folder: "store-sqlite", name: sqlite, mayImport: [kernel, store] },
  { folder: "store-postgres", name: postgres, mayImport: [kernel, store] },
  { folder: "engine", name: engine, mayImport: [kernel, store] },
  { folder: "wire", name: wire, mayImport: [kernel] },
  { folder: "nodes", name: nodes, mayImport: [kernel, store, engine, wire] },
  { folder: "sdk", name: sdk, mayImport: [kernel, store, sqlite, postgres, engine, wire, nodes] },
  // Of the engine a protocol knows the ports, which are types.
  { folder: "protocol-restate", name: restate, mayImport: [kernel, engine, wire] },
  {
    folder: "server",
    name: server,
    mayImport: [kernel, store, sqlite, postgres, engine, wire, nodes, restate],
  },
  {
    folder: "cli",
    name: "@perdure/cli",
    mayImport: [kernel, store, sqlite, postgres, engine, wire, sdk, server, restate],
  },
];

/** Examples show what users do, so they see what users see. */
const examplesMayImport = ["perdure", "@perdure/server"];

interface Pattern {
  regex: string;
  importNames?: string[];
  message: string;
}

const folders = [...packages.map(({ folder }) => folder), "sim", "proof", "bench"].join("|");

/** Rules replace each other between overrides, so every wall repeats this one. */
const noInsides: Pattern = {
  regex: [
    "^(@perdure/[^/]+|perdure)/(src|dist)/",
    "^(\\.\\./)+(packages|examples)/",
    `^(\\.\\./)+(${folders})/src/`,
  ].join("|"),
  message: "Import a sibling by its package name, never by a path into its folder.",
};

/** What the compiler cannot see: sources of time and chance that are modules. */
const worldModules: Pattern[] = [
  {
    regex: "^(node:)?(timers|timers/promises|perf_hooks)$",
    message: "The world comes through Env: take time and timers from it.",
  },
  {
    regex: "^(node:)?crypto$",
    importNames: ["randomUUID", "randomBytes", "randomInt", "randomFillSync", "webcrypto"],
    message: "The world comes through Env: take random numbers and ids from it.",
  },
];

/** The rule for files that may import only these siblings, and nothing that matches a pattern. */
function imports(siblings: readonly string[], patterns: readonly Pattern[] = []): Rules {
  const forbidden = packages
    .filter(({ name }) => !siblings.includes(name))
    .map(({ name }) => ({
      regex: `^${name}(/|$)`,
      message: `${name} is on the other side of a wall: see oxlint.config.ts.`,
    }));
  return {
    "no-restricted-imports": ["error", { patterns: [noInsides, ...forbidden, ...patterns] }],
  };
}

const anySibling = packages.map(({ name }) => name);

const concreteStores: Pattern = {
  regex: "^(@perdure/store-[a-z]+|node:sqlite|pg)(/|$)",
  message: "The engine knows the Store contract, never a concrete store.",
};

const onlyOwnFiles: Pattern = {
  regex: "^[^.]",
  message: "The kernel imports nothing but its own files.",
};

const walls = packages.map(({ folder, name, mayImport }) => ({
  files: [`packages/${folder}/**/*.ts`],
  // A package's own tests may name it, as its users do.
  rules: imports([...mayImport, name], folder === "engine" ? [concreteStores] : []),
}));

const worldGlobals = ["Date", "performance", "setTimeout", "setInterval", "setImmediate", "crypto"];
const worldMessage =
  "The world comes through Env. Where a library needs this, disable the rule there and say why.";

/** Pure folders and the engine: no clock, no chance, no timer but through Env. */
const noWorld: Rules = {
  "no-restricted-globals": [
    "error",
    ...worldGlobals.map((name) => ({ name, message: worldMessage })),
  ],
  "no-restricted-properties": [
    "error",
    { object: "Math", property: "random", message: worldMessage },
    { object: "process", property: "hrtime", message: worldMessage },
    { object: "globalThis", property: "setTimeout", message: worldMessage },
    { object: "globalThis", property: "Date", message: worldMessage },
  ],
};

const tests = ["**/*.test.ts", "**/*.test-d.ts", "**/*.test-support.ts"];

export default defineConfig({
  plugins: ["typescript", "unicorn", "oxc", "import", "promise", "node", "vitest"],
  options: { typeAware: true, reportUnusedDisableDirectives: "error" },
  env: { es2024: true, node: true },
  // Npm roots of their own, whose types are installed where they are wanted only.
  ignorePatterns: [
    "**/dist/**",
    "**/node_modules/**",
    "coverage/**",
    "bench/peers/**",
    "conformance/**",
  ],
  categories: { correctness: "error", suspicious: "error" },
  rules: {
    ...imports(anySibling),
    "import/no-cycle": "error",
    "import/no-default-export": "error",
    // `fc.record` is how everybody reads fast-check.
    "import/no-named-as-default-member": "off",

    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/await-thenable": "error",
    "typescript/return-await": ["error", "in-try-catch"],
    "typescript/only-throw-error": "error",
    "typescript/switch-exhaustiveness-check": [
      "error",
      { considerDefaultExhaustiveForUnions: true },
    ],
    // Branded ids are made by assertion; the kernel does it in one file.
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/no-explicit-any": "error",
    "typescript/no-unsafe-assignment": "error",
    "typescript/no-unsafe-argument": "error",
    "typescript/no-unsafe-call": "error",
    "typescript/no-unsafe-member-access": "error",
    "typescript/no-unsafe-return": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/no-unnecessary-type-assertion": "error",
    "typescript/no-namespace": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/consistent-type-exports": "error",
    "typescript/prefer-readonly": "error",
    "typescript/no-deprecated": "error",
    "typescript/use-unknown-in-catch-callback-variable": "error",

    // An exhaustive switch needs no last return; the compiler checks both.
    "typescript/consistent-return": "off",
    // `return void f()` is how a table of commands ends its rows.
    "typescript/no-meaningless-void-operator": "off",
    // Meant for windows; a worker's port has no origin.
    "unicorn/require-post-message-target-origin": "off",

    "unicorn/consistent-function-scoping": "off",
    "promise/no-callback-in-promise": "off",
    "no-underscore-dangle": "off",

    eqeqeq: "error",
    "no-console": "error",
    "no-var": "error",
    "prefer-const": "error",
    "no-param-reassign": "error",
    "unicorn/filename-case": ["error", { case: "kebabCase" }],

    complexity: ["error", { max: 20, variant: "modified" }],
    "max-depth": ["error", 4],
    "max-params": ["error", { max: 5 }],
    "max-lines": ["error", { max: 400 }],
    "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
  },
  overrides: [
    ...walls,
    {
      // Server and SDK meet over a wire, and are tested where they meet; a protocol over an engine.
      files: ["server", "sdk", "protocol-restate"].flatMap((folder) => [
        `packages/${folder}/**/*.test.ts`,
        `packages/${folder}/**/*.test-support.ts`,
      ]),
      rules: imports(anySibling.filter((name) => name !== "@perdure/cli")),
    },
    { files: ["examples/**/*.ts"], rules: imports(examplesMayImport) },
    {
      files: ["packages/kernel/src/**/*.ts"],
      excludeFiles: tests,
      rules: { ...imports([], [onlyOwnFiles]), ...noWorld },
    },
    {
      files: ["packages/store/src/**/*.ts"],
      excludeFiles: [...tests, "packages/store/src/contract/**"],
      rules: { ...imports([kernel], worldModules), ...noWorld },
    },
    {
      files: ["packages/engine/src/**/*.ts"],
      excludeFiles: [...tests, "packages/engine/src/env.ts"],
      rules: {
        ...imports([kernel, store], [concreteStores, ...worldModules]),
        ...noWorld,
      },
    },
    {
      // Programs talk to a terminal; libraries get a log through Env.
      files: [
        "sim/**/*.ts",
        "proof/**/*.ts",
        "bench/**/*.ts",
        "examples/**/*.ts",
        "scripts/**/*.ts",
      ],
      rules: { "no-console": "off" },
    },
    {
      // Runs on any Node, however old, without types.
      files: ["packages/cli/bin/*.cjs"],
      rules: {
        "no-var": "off",
        "no-console": "off",
        "import/no-unassigned-import": "off",
        "typescript/no-unsafe-assignment": "off",
        "typescript/no-unsafe-argument": "off",
        "typescript/no-unsafe-call": "off",
        "typescript/no-unsafe-member-access": "off",
      },
    },
    {
      files: ["*.config.ts"],
      rules: { "import/no-default-export": "off" },
    },
    {
      files: [...tests, "packages/store/src/contract/**/*.ts"],
      rules: {
        "max-lines-per-function": "off",
        // Assertions may live in helpers and in fast-check.
        "vitest/expect-expect": "off",
        // A contract is run for every implementation, so its title is an argument.
        "vitest/valid-title": "off",
      },
    },
    {
      files: tests,
      rules: {
        "typescript/no-non-null-assertion": "off",
        // Matchers such as `expect.objectContaining` are typed `any`.
        "typescript/no-unsafe-assignment": "off",
        "typescript/no-unsafe-argument": "off",
        "typescript/no-unsafe-member-access": "off",
        "max-lines": "off",
      },
    },
  ],
});
