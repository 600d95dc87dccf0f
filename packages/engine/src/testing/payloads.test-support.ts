import type { Payload } from "@perdure/kernel";

export function text(value: string): Payload {
  return { encoding: "text", data: new TextEncoder().encode(value) };
}

export function textOf({ data }: Payload): string {
  return new TextDecoder().decode(data);
}
