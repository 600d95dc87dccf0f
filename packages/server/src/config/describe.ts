/** The configuration for people: every setting, its value, where it comes from; secrets masked. */
import type { Json } from "@perdure/kernel";
import type { LoadedConfig, Source } from "./load.ts";
import { leafName, leaves } from "./leaves.ts";

export interface SettingView {
  readonly name: string;
  readonly env: string;
  /** Absent: not set. */
  readonly value?: Json;
  readonly source: Source;
}

export function describeConfig({
  config,
  sources,
}: Omit<LoadedConfig, "warnings">): readonly SettingView[] {
  return leaves.map((leaf) => {
    const name = leafName(leaf);
    const value = leaf.path.reduce<unknown>(
      (at, field) => (at as Readonly<Record<string, unknown>> | undefined)?.[field],
      config,
    ) as Json | undefined;
    const source = sources[name] ?? "default";
    const isEmpty = value === undefined || JSON.stringify(value) === "{}";
    const plain = name === "store" ? withoutPassword(config.store) : value;
    const shown = leaf.secret && !isEmpty ? "(set, not shown)" : plain;
    return { name, env: leaf.env, source, ...(shown === undefined ? {} : { value: shown }) };
  });
}

/** A store's name may hold one, or several. */
export function withoutPassword(store: string): string {
  return store
    .replaceAll(/(:\/\/[^:@/?#,]*):[^@/?#,]*@/g, "$1:***@")
    .replaceAll(/([?&]password=)[^&,]*/g, "$1***");
}
