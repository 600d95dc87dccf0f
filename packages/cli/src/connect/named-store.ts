/** Stores by name, for commands that open them without an engine. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { StoreSource } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { MemoryStore, type Store } from "@perdure/store";
import { openPostgres, shownAddresses } from "@perdure/store-postgres";
import { SqliteStore } from "@perdure/store-sqlite";

const SCHEME = "sqlite:";

export interface Naming {
  /** What names it: `--from`. */
  readonly option: string;
  /** What becomes of a file that is not there: it is made, is an error, or counts as empty. */
  readonly absent: "make" | "refuse" | "empty";
  /** Of a store that is made. */
  readonly partitions?: number | undefined;
}

/** It is opened when it is asked to; a name that is none is told at once. */
export function namedStore(name: string, { option, absent, partitions }: Naming): StoreSource {
  const options = partitions === undefined ? {} : { partitions };
  if (/^postgres(ql)?:/.test(name)) {
    return { name: shownAddresses(name), open: () => openPostgres(name, options) };
  }
  const given = name.startsWith(SCHEME) ? name.slice(SCHEME.length) : "";
  if (given === "") {
    const text = `"${name}" names no store: write ${option} sqlite:./perdure.db or ${option} postgres://host/name.`;
    throw new PerdureError("invalid-argument", text);
  }
  const path = resolve(given);
  return {
    name: `${SCHEME}${path}`,
    async open(): Promise<Store> {
      if (existsSync(path) || absent === "make") return SqliteStore.open(path, options);
      if (absent === "empty") return new MemoryStore();
      throw new PerdureError("not-found", `There is no store at ${path}: check ${option}.`);
    },
  };
}
