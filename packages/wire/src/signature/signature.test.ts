import { readFileSync } from "node:fs";
import { PerdureError } from "@perdure/kernel";
import { describe, expect, it } from "vitest";
import { wireLimits } from "../limits.ts";
import { FrameOpener, FrameSealer } from "./chain.ts";
import { fromHex, makeSigningKey, parseSigningKey, signingKeyText, toHex } from "./key.ts";
import { MemoryNonces } from "./nonces.ts";
import { signRequest, verifyRequest, type RequestClaims, type VerifyOptions } from "./request.ts";

interface Vector {
  readonly key: string;
  readonly purpose: RequestClaims["purpose"];
  readonly endpoint: string;
  readonly at: number;
  readonly nonce: string;
  readonly bodyHex: string;
  readonly header: string;
  readonly payloadsHex: readonly string[];
  readonly framesHex: readonly string[];
}

const golden = new URL("golden/signatures.json", import.meta.url);
const vectors = (JSON.parse(readFileSync(golden, "utf8")) as { vectors: readonly Vector[] })
  .vectors;

const key = parseSigningKey(`pdp_k1_${"ab".repeat(32)}`);
const other = parseSigningKey(`pdp_k2_${"cd".repeat(32)}`);
const body = new TextEncoder().encode("a body");
const now = Date.UTC(2030, 0, 1);
const claims: RequestClaims = {
  purpose: "exchange",
  endpoint: "shop",
  at: now,
  nonce: "0123456789abcdef0123456789abcdef",
};

function options(changes: Partial<VerifyOptions> = {}): VerifyOptions {
  return { keys: [key], now, nonces: new MemoryNonces(), ...changes };
}

async function reasonOf(action: Promise<unknown>): Promise<unknown> {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return undefined;
  return error instanceof PerdureError ? (error.detail?.["reason"] ?? error.code) : error;
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

describe("a push key", () => {
  it("is the same after it was printed and read", () => {
    const made = makeSigningKey("a1", (bytes) => bytes.fill(7));
    expect(parseSigningKey(` ${signingKeyText(made)}\n`)).toEqual(made);
  });

  it.each(["", "pdp_k1", `pdp_K1_${"ab".repeat(32)}`, `pdp_k1_${"ab".repeat(31)}`])(
    "is refused without being repeated: %j",
    (text) => {
      expect(() => parseSigningKey(text)).toThrow(/copy it whole/);
      expect(() => parseSigningKey(text)).not.toThrow(text || "never");
    },
  );
});

describe("a signed request", () => {
  it.each(vectors)("is signed as the golden vectors say: $purpose", async (vector) => {
    const { header, signed } = await signRequest(
      parseSigningKey(vector.key),
      vector,
      fromHex(vector.bodyHex),
    );
    expect(header).toBe(vector.header);
    const sealer = new FrameSealer(signed);
    const frames: string[] = [];
    for (const payload of vector.payloadsHex) {
      frames.push(toHex(await sealer.seal(fromHex(payload))));
    }
    expect(frames).toEqual(vector.framesHex);
  });

  it("is accepted once", async () => {
    const { header } = await signRequest(key, claims, body);
    const where = options();
    expect(await verifyRequest(header, body, where)).toMatchObject({ ...claims, key });
    expect(await reasonOf(verifyRequest(header, body, where))).toBe("replayed");
  });

  it("is refused with any one bit of body, time, nonce, endpoint, purpose or MAC changed", async () => {
    const { header } = await signRequest(key, claims, body);
    for (let bit = 0; bit < body.length * 8; bit++) {
      expect(await reasonOf(verifyRequest(header, flipped(body, bit), options()))).toBe(
        "wrong-mac",
      );
    }
    const bytes = new TextEncoder().encode(header);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = new TextDecoder("latin1").decode(flipped(bytes, bit));
      const reason = await reasonOf(verifyRequest(changed, body, options()));
      expect(["wrong-mac", "malformed", "unknown-key"]).toContain(reason);
    }
  });

  it("is refused for another purpose than it was signed for", async () => {
    const { header } = await signRequest(key, claims, body);
    const changed = header.replace("for=exchange", "for=describe");
    expect(await reasonOf(verifyRequest(changed, body, options()))).toBe("wrong-mac");
  });

  it("is refused without a header, or with one of another version", async () => {
    const { header } = await signRequest(key, claims, body);
    expect(await reasonOf(verifyRequest(null, body, options()))).toBe("unsigned");
    const v2 = header.replace("v=1", "v=2");
    expect(await reasonOf(verifyRequest(v2, body, options()))).toBe("malformed");
  });

  it.each([1, -1])("may be off by the window (times %i), and no ms more", async (sign) => {
    const { header } = await signRequest(key, claims, body);
    const at = (offMs: number) => verifyRequest(header, body, options({ now: now + sign * offMs }));
    expect(await reasonOf(at(wireLimits.pushWindowMs))).toBeUndefined();
    expect(await reasonOf(at(wireLimits.pushWindowMs + 1))).toBe("outside-window");
  });

  it("is accepted under the old and the new key while they overlap, then under the new alone", async () => {
    const old = (await signRequest(key, claims, body)).header;
    const fresh = (await signRequest(other, { ...claims, nonce: "f".repeat(32) }, body)).header;
    const both = options({ keys: [other, key] });
    expect(await reasonOf(verifyRequest(old, body, both))).toBeUndefined();
    expect(await reasonOf(verifyRequest(fresh, body, both))).toBeUndefined();
    const one = options({ keys: [other] });
    expect(await reasonOf(verifyRequest(fresh, body, one))).toBeUndefined();
    expect(await reasonOf(verifyRequest(old, body, one))).toBe("unknown-key");
  });
});

describe("the memory of nonces", () => {
  it("keeps a nonce for as long as its request would be accepted, and no longer", async () => {
    const nonces = new MemoryNonces();
    const early = await signRequest(key, { ...claims, at: now + wireLimits.pushWindowMs }, body);
    const verify = (when: number) =>
      verifyRequest(early.header, body, options({ nonces, now: when }));
    expect(await reasonOf(verify(now))).toBeUndefined();
    const last = now + 2 * wireLimits.pushWindowMs;
    expect(await reasonOf(verify(last))).toBe("replayed");
    expect(await reasonOf(verify(last + 1))).toBe("outside-window");
    expect(nonces.claim("another", last + 2, last + 1)).toBe(true);
    expect(nonces.size).toBe(1);
  });

  it("is full at its limit: the next request waits, no old one is forgotten", () => {
    const nonces = new MemoryNonces();
    for (let i = 0; i < wireLimits.pushNonces; i++) nonces.claim(String(i), 10, 1);
    expect(() => nonces.claim("one more", 10, 1)).toThrow(/try again later/);
    expect(nonces.claim("0", 10, 1)).toBe(false);
    expect(nonces.claim("one more", 20, 11)).toBe(true);
  });
});

describe("a signed answer", () => {
  const payloads = ["first", "", "third", "end"].map((text) => new TextEncoder().encode(text));

  async function sealed(nonce = claims.nonce) {
    const { signed } = await signRequest(key, { ...claims, nonce }, body);
    const sealer = new FrameSealer(signed);
    const frames: Uint8Array<ArrayBuffer>[] = [];
    for (const payload of payloads) frames.push(await sealer.seal(payload));
    return { signed, frames };
  }

  async function opened(
    { signed }: Pick<Awaited<ReturnType<typeof sealed>>, "signed">,
    chunks: readonly Uint8Array[],
  ): Promise<readonly string[]> {
    const opener = new FrameOpener(signed);
    const texts: string[] = [];
    for (const chunk of chunks) {
      for await (const payload of opener.open(chunk)) texts.push(new TextDecoder().decode(payload));
    }
    return texts;
  }

  it("is read however its bytes are cut", async () => {
    const { signed, frames } = await sealed();
    const bytes = Buffer.concat(frames);
    for (const size of [1, 3, 35, 36, 37, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(await opened({ signed }, chunks)).toEqual(["first", "", "third", "end"]);
    }
  });

  it("gives no frame that was altered in any bit, and none after it", async () => {
    const { signed, frames } = await sealed();
    const bytes = Buffer.concat(frames);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const given: string[] = [];
      const opener = new FrameOpener(signed);
      try {
        for await (const payload of opener.open(flipped(bytes, bit))) {
          given.push(new TextDecoder().decode(payload));
        }
      } catch (error) {
        if (!(error instanceof PerdureError)) throw error;
      }
      expect(["first", "", "third", "end"].slice(0, given.length)).toEqual(given);
      expect(given.length).toBeLessThan(4);
    }
  });

  it.each([
    ["left out", [0, 2, 3], 1],
    ["doubled", [0, 0, 1], 1],
    ["changed places", [0, 2, 1], 1],
    ["left out at the start", [1], 0],
  ])("is refused when frames are %s", async (_, order, good) => {
    const answer = await sealed();
    const chunks = order.map((i) => answer.frames[i]!);
    expect(await opened(answer, chunks.slice(0, good))).toHaveLength(good);
    expect(await reasonOf(opened(answer, chunks))).toBe("wrong-mac");
  });

  it("belongs to one request: another one's frames are refused", async () => {
    const answer = await sealed();
    const foreign = await sealed("f".repeat(32));
    expect(await reasonOf(opened(answer, foreign.frames))).toBe("wrong-mac");
    expect(await reasonOf(opened(answer, [answer.frames[0]!, foreign.frames[1]!]))).toBe(
      "wrong-mac",
    );
  });

  it("has frames up to the limit; of a longer one nothing is kept", async () => {
    const { signed } = await sealed();
    const longest = new Uint8Array(wireLimits.pushFrameBytes);
    const frame = await new FrameSealer(signed).seal(longest);
    const given: number[] = [];
    for await (const payload of new FrameOpener(signed).open(frame)) given.push(payload.length);
    expect(given).toEqual([wireLimits.pushFrameBytes]);
    const past = new Uint8Array(wireLimits.pushFrameBytes + 1);
    expect(await reasonOf(new FrameSealer(signed).seal(past))).toBe("limit-exceeded");
    const head = new Uint8Array(36);
    new DataView(head.buffer).setUint32(0, wireLimits.pushFrameBytes + 1);
    expect(await reasonOf(new FrameOpener(signed).open(head).next())).toBe("limit-exceeded");
  });
});
