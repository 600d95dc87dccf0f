import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits, PerdureError } from "@perdure/kernel";
import { sample, sampleKinds } from "../../testing/sample-events.ts";
import { sha256, type BlobSource } from "./detached.ts";
import { blobHashes, decodeEvent, encodeEvent } from "./event.ts";
import { eventKinds, type AnyEvent } from "./layout.ts";
import { pack } from "./msgpack.ts";

const noBlobs = (): never => {
  throw new Error("no blob was to be expected");
};

/** The bytes of each sample as they were first written, in base64. */
const golden = JSON.parse(
  readFileSync(new URL("golden/events.json", import.meta.url), "utf8"),
) as Readonly<Record<string, string>>;

class Blobs {
  readonly #blobs = new Map<string, Uint8Array>();
  readonly sink = (hash: Uint8Array, data: Uint8Array): void => {
    this.#blobs.set(Buffer.from(hash).toString("hex"), data);
  };
  readonly source: BlobSource = (hash) => this.#blobs.get(Buffer.from(hash).toString("hex"));
  get size(): number {
    return this.#blobs.size;
  }
}

/** The code of the error, if there is one. */
function codeOf(action: () => unknown): unknown {
  try {
    action();
    return "none";
  } catch (error) {
    return error instanceof PerdureError ? error.code : error;
  }
}

describe("an event in bytes", () => {
  it.each(eventKinds)("reads %s as it was first written, for ever", (kind) => {
    const bytes = golden[kind];
    if (bytes === undefined) {
      const now = Buffer.from(encodeEvent(sample(kind), noBlobs)).toString("base64");
      throw new Error(`a new kind needs its line in golden/events.json: "${kind}": "${now}"`);
    }
    expect(sample(kind)).toMatchObject(decodeEvent(Buffer.from(bytes, "base64"), 7));
  });

  it.each(sampleKinds)("gives %s back with every field", (kind) => {
    expect(decodeEvent(encodeEvent(sample(kind), noBlobs), 7)).toEqual(sample(kind));
  });

  it("leaves absent what was absent, whichever fields those are", () => {
    const partial = fc
      .tuple(fc.constantFrom(...sampleKinds), fc.nat({ max: 2 ** 10 }))
      .map(([kind, mask]) => {
        const { seq, at, kind: same, ...fields } = sample(kind);
        const kept = Object.entries(fields).filter((_, i) => (mask >> i) & 1);
        return { seq, at, kind: same, ...Object.fromEntries(kept) } as AnyEvent;
      });
    fc.assert(
      fc.property(partial, (event) => {
        expect(decodeEvent(encodeEvent(event, noBlobs), 7)).toStrictEqual(event);
      }),
    );
  });

  it("drops a field that is there as undefined", () => {
    const event = { ...sample("run.resumed"), by: undefined } as unknown as AnyEvent;
    expect(Object.keys(decodeEvent(encodeEvent(event, noBlobs), 7))).not.toContain("by");
  });

  it("passes payloads through whatever bytes and encoding they have", () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.string(),
        fc.dictionary(fc.string(), fc.string()),
        (data, encoding, metadata) => {
          for (const output of [
            { encoding, data },
            { encoding, data, metadata: { ...metadata } },
          ]) {
            const event = { ...sample("run.completed"), output } as AnyEvent;
            fc.pre(!Object.hasOwn(metadata, "__proto__"));
            expect(decodeEvent(encodeEvent(event, noBlobs), 7)).toEqual(event);
          }
        },
      ),
    );
  });

  it("has payloads that are plain bytes and pin no more than their event", () => {
    const bytes = encodeEvent(sample("run.completed"), noBlobs);
    const segment = new Uint8Array(100_000);
    segment.set(bytes, 5_000);
    const event = decodeEvent(segment.subarray(5_000, 5_000 + bytes.length), 7);
    if (event.kind !== "run.completed") throw new Error("another event");
    expect(event.output.data.constructor).toBe(Uint8Array);
    expect(event.output.data.buffer.byteLength).toBe(bytes.length);
  });

  it("keeps a payload inside up to the limit, and takes it out one byte above", () => {
    const completed = (length: number) =>
      ({
        ...sample("run.completed"),
        output: { encoding: "json", data: new Uint8Array(length).fill(1) },
      }) as AnyEvent;
    const inside = encodeEvent(completed(limits.inlinePayloadBytes), noBlobs);
    expect(blobHashes(inside)).toEqual([]);
    const blobs = new Blobs();
    const event = completed(limits.inlinePayloadBytes + 1);
    const outside = encodeEvent(event, blobs.sink);
    expect(outside.length).toBeLessThan(200);
    expect(blobs.size).toBe(1);
    expect(decodeEvent(outside, 7, blobs.source)).toEqual(event);
  });

  it("takes out long payloads wherever they are, and says which an event needs", () => {
    const long = (fill: number) => new Uint8Array(40_000).fill(fill);
    const { spec } = sample("run.started") as Extract<AnyEvent, { kind: "run.started" }>;
    const deep = {
      ...sample("run.started"),
      spec: { ...spec, input: { encoding: "x", data: long(1) }, attributes: { data: 0 } },
    } as AnyEvent;
    const outcome = {
      ...sample("call.closed"),
      outcome: {
        status: "failed",
        failure: {
          code: "c",
          message: "m",
          cause: { code: "d", message: "", details: { encoding: "json", data: long(2) } },
        },
      },
    } as AnyEvent;
    for (const [event, fill] of [
      [deep, 1],
      [outcome, 2],
    ] as const) {
      const blobs = new Blobs();
      const bytes = encodeEvent(event, blobs.sink);
      expect(blobHashes(bytes)).toEqual([sha256(long(fill))]);
      expect(decodeEvent(bytes, 7, blobs.source)).toEqual(event);
    }
  });

  it("says store-corrupt when a long payload is missing", () => {
    const event = {
      ...sample("value.recorded"),
      value: { encoding: "json", data: new Uint8Array(40_000) },
    } as AnyEvent;
    const bytes = encodeEvent(event, new Blobs().sink);
    expect(() => decodeEvent(bytes, 7)).toThrow(expect.objectContaining({ code: "store-corrupt" }));
  });

  it("follows no path out of its own row", () => {
    const hash = new Uint8Array(32);
    for (const path of [["__proto__", "x"], ["constructor"], [9], []]) {
      const bytes = pack([0, [[hash, ...path]], [2, 1, {}]]);
      expect(() => decodeEvent(bytes, 7, () => hash)).toThrow(
        expect.objectContaining({ code: "store-corrupt" }),
      );
    }
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it("reads mutated bytes as an event or says store-corrupt, and never crashes", () => {
    const mutation = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }), cut: fc.boolean() });
    fc.assert(
      fc.property(
        fc.constantFrom(...sampleKinds),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (kind, mutations) => {
          let bytes: Uint8Array = new Uint8Array(encodeEvent(sample(kind), noBlobs));
          for (const { at, to, cut } of mutations) {
            const index = at % Math.max(1, bytes.length);
            if (cut) bytes = bytes.slice(0, index);
            else bytes[index] = to;
          }
          expect(["none", "store-corrupt"]).toContain(codeOf(() => decodeEvent(bytes, 7)));
          expect(["none", "store-corrupt"]).toContain(codeOf(() => blobHashes(bytes)));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("is not brought down by bytes that nest or promise without end", () => {
    const nested = new Uint8Array(1_000_000).fill(0x91);
    const promise = new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff, 1]);
    for (const bytes of [nested, promise, new Uint8Array(0)]) {
      expect(() => decodeEvent(bytes, 7)).toThrow(
        expect.objectContaining({ code: "store-corrupt" }),
      );
    }
  });
});
