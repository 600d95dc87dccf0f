/** The settings one by one: what environment variables are named after, and what `doctor` lists. */
import * as z from "zod";
import { configShape } from "./config.ts";

export interface Leaf {
  readonly path: readonly string[];
  readonly env: string;
  /** How a text becomes a value. */
  readonly kind: "text" | "number" | "boolean" | "list" | "json";
  readonly secret: boolean;
  /** Its value may be in a file: a secret, or what has one in it. */
  readonly inFile: boolean;
}

export const leaves: readonly Leaf[] = [...walk(configShape, [], false)];

export function leafName({ path }: Leaf): string {
  return path.join(".");
}

function* walk(
  schema: unknown,
  path: readonly string[],
  secret: boolean,
  inFile = false,
): Generator<Leaf> {
  const isSecret = secret || isMarked(schema, "secret");
  const isInFile = inFile || isSecret || isMarked(schema, "inFile");
  const inner = innerOf(schema);
  if (inner !== undefined) {
    yield* walk(inner, path, isSecret, isInFile);
  } else if (schema instanceof z.ZodObject) {
    for (const [name, field] of Object.entries(schema.shape)) {
      yield* walk(field, [...path, name], isSecret, isInFile);
    }
  } else {
    yield { path, env: envOf(path), kind: kindOf(schema), secret: isSecret, inFile: isInFile };
  }
}

function innerOf(schema: unknown): unknown {
  return schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodExactOptional
    ? schema.unwrap()
    : undefined;
}

function isMarked(schema: unknown, mark: "secret" | "inFile"): boolean {
  return schema instanceof z.ZodType && schema.meta()?.[mark] === true;
}

function kindOf(schema: unknown): Leaf["kind"] {
  if (schema instanceof z.ZodString || schema instanceof z.ZodURL) return "text";
  if (schema instanceof z.ZodEnum) return "text";
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "boolean";
  return schema instanceof z.ZodArray ? "list" : "json";
}

function envOf(path: readonly string[]): string {
  const words = path.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`));
  return `PERDURE_${words.join("_").toUpperCase()}`;
}
