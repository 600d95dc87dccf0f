/** The settings one by one: what environment variables are named after, and what `doctor` lists. */
import * as z from "zod";
import { configShape } from "./config.ts";

export interface Leaf {
  readonly path: readonly string[];
  readonly env: string;
  /** How a text becomes a value. */
  readonly kind: "text" | "number" | "boolean" | "list" | "json";
  readonly secret: boolean;
}

export const leaves: readonly Leaf[] = [...walk(configShape, [], false)];

export function leafName({ path }: Leaf): string {
  return path.join(".");
}

function* walk(schema: unknown, path: readonly string[], secret: boolean): Generator<Leaf> {
  const isSecret = secret || isMarked(schema);
  const inner = innerOf(schema);
  if (inner !== undefined) {
    yield* walk(inner, path, isSecret);
  } else if (schema instanceof z.ZodObject) {
    for (const [name, field] of Object.entries(schema.shape)) {
      yield* walk(field, [...path, name], isSecret);
    }
  } else {
    yield { path, env: envOf(path), kind: kindOf(schema), secret: isSecret };
  }
}

function innerOf(schema: unknown): unknown {
  return schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodExactOptional
    ? schema.unwrap()
    : undefined;
}

function isMarked(schema: unknown): boolean {
  return schema instanceof z.ZodType && schema.meta()?.["secret"] === true;
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
