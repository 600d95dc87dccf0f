/** What `deploy/` and its pages tell people and machines to run is what this command line takes. */
import { join } from "node:path";
import { describeConfig, loadConfig } from "@perdure/server";
import { describe, expect, test } from "vitest";
import { parse } from "../run.ts";
import {
  codeOf,
  commandsIn,
  documentsOf,
  files,
  pages,
  root,
  textOf,
  variablesIn,
} from "./files.test-support.ts";

function isTaken(words: readonly string[]): boolean {
  const sink = (): void => undefined;
  return parse([...words], { out: sink, err: sink, width: 80 }) !== undefined;
}

const settings = new Set(describeConfig(loadConfig({})).map(({ env }) => env));

/** A client's; a setting; or the file of one that is a secret, which is opened, and is not there. */
function isRead(variable: string): boolean {
  if (["PERDURE_URL", "PERDURE_API_KEY"].includes(variable) || settings.has(variable)) return true;
  try {
    loadConfig({ env: { [variable]: "/no/such/file" } });
    return false;
  } catch {
    return true;
  }
}

describe("each command is taken by the command line", () => {
  const written = [
    ...files.map((file) => [file, commandsIn(textOf(file))] as const),
    ...pages.map((page) => [page, commandsIn(codeOf(textOf(page)))] as const),
  ].flatMap(([file, commands]) => commands.map((command) => [file, command] as const));

  test.each(written)("%s: %s", (_, command) => {
    const [, ...words] = command.replaceAll(/["']/g, "").split(/\s+/);
    expect(isTaken(words)).toBe(true);
  });

  test("there are some of a unit, of a shell and of the pages", () => {
    const commands = written.map(([, command]) => command);
    expect(commands).toContain("perdure start --config /etc/perdure/perdure.jsonc");
    expect(commands).toContain("perdure keys generate");
  });
});

describe("each variable is one that a server or a client reads", () => {
  const written = [...files, ...pages].flatMap((file) =>
    variablesIn(textOf(file)).map((variable) => [file, variable] as const),
  );

  test.each(written)("%s: %s", (_, variable) => {
    expect(isRead(variable)).toBe(true);
  });
});

test("the arguments of containers are a server's", () => {
  interface Service {
    readonly command?: readonly string[];
    readonly image: string;
  }
  const [compose] = documentsOf("deploy/compose.yaml") as [{ services: Record<string, Service> }];
  const commands = Object.values(compose.services).flatMap(({ command }) =>
    command === undefined ? [] : [command],
  );
  expect(commands.length).toBeGreaterThan(1);
  for (const words of commands) expect(isTaken(words)).toBe(true);
});

test("the configuration for systemd is taken whole, with the credentials of the unit", () => {
  const { config, warnings } = loadConfig({
    file: join(root, "deploy/systemd/perdure.jsonc"),
    env: { PERDURE_STORE: "postgres://db/app", PERDURE_NODE_SECRET: "0".repeat(64) },
  });
  expect(warnings).toEqual([]);
  expect(config.host).toBe("0.0.0.0");
  expect(config.node.advertise).toBe("node-1.internal:7400");
});
