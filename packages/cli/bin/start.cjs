"use strict";
const { spawn } = require("node:child_process");
const { join } = require("node:path");

const words = process.argv.slice(2);
const isInstalled = __dirname.split(/[\\/]/).includes("node_modules");

if (isInstalled) {
  void import("../dist/main.js").then(({ main }) => main(words));
} else {
  // In a checkout the sources run as they are; siblings are found under a condition of Node's.
  const main = join(__dirname, "..", "src", "from-source.ts");
  const args = ["--conditions=perdure-source", main, ...words];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  // A terminal sends Ctrl-C to both; other signals are passed on.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => void child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? code : 128 + (signal === "SIGINT" ? 2 : 15);
  });
}
