import { limits, PerdureError, type RunId } from "@perdure/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awakeableId } from "../../ids/awakeable-id.ts";
import { parseInvocationId } from "../../ids/invocation-id.ts";
import { restateLimits } from "../../limits.ts";
import { IngressRig, read } from "./handlers.test-support.ts";

let rig: IngressRig;
beforeAll(async () => {
  rig = await IngressRig.open();
});
afterAll(() => rig[Symbol.asyncDispose]());

function idIn(answer: { readonly headers: Headers }): string {
  const id = answer.headers.get("x-restate-id");
  if (id === null) throw new Error("the answer names no invocation");
  return id;
}

function sentId(body: unknown): string {
  return (body as { readonly invocationId: string }).invocationId;
}

async function signal(id: string, value: unknown): Promise<void> {
  const awakeable = awakeableId({ runId: parseInvocationId(id), index: 17 });
  expect((await rig.call(`/restate/awakeables/${awakeable}/resolve`, value)).status).toBe(202);
}

describe("calls", () => {
  test("of a service, an object and a workflow are answered with the bytes of the result", async () => {
    const bytes = ' {"a" : 1}\n';
    const response = await rig.ask("/Greeter/echo", {
      method: "POST",
      body: bytes,
      headers: { "content-type": "application/json" },
    });
    const { status, text, headers } = await read(response);
    expect([status, text, headers.get("content-type")]).toEqual([200, bytes, "application/json"]);
    expect(idIn({ headers })).toMatch(/^inv_1[0-9A-Za-z]{33}$/);
    expect(headers.get("vary")).toContain("origin");
    expect(headers.get("access-control-allow-credentials")).toBe("true");
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect((await rig.call("/shop.Cart/c-1/echo", "x")).text).toBe('"x"');
    expect((await rig.call("/restate/call/shop.Cart/c-1/peek", 7)).text).toBe("7");
    expect((await rig.call("/restate/call/Greeter/echo", 1)).text).toBe("1");
  });

  test("become runs under the name, key and mode that native code would give them", async () => {
    const specOf = async (path: string) => {
      const { body } = await rig.call(path, "x");
      const { spec } = await rig.engine.describe(parseInvocationId(sentId(body)));
      return spec;
    };
    expect(await specOf("/shop.Cart/a%2Fb%20%C3%BC/echo/send")).toMatchObject({
      workflow: "shop.Cart.echo",
      queue: "restate",
      key: { namespace: "shop", kind: "object:shop.Cart", id: "a/b ü" },
      mode: "exclusive",
      retentionMs: 86_400_000,
    });
    expect(await specOf("/shop.Cart/k/peek/send")).toMatchObject({ mode: "shared" });
    expect(await specOf("/Order/o-0/peek/send")).toMatchObject({
      key: { kind: "workflow:Order", id: "o-0" },
      mode: "shared",
      retentionMs: 1_000,
    });
    expect(await specOf("/Order/o-0/run/send")).toMatchObject({
      mode: "single",
      retentionMs: 5_000,
    });
    expect((await specOf("/Greeter/echo/send")).key).toBeUndefined();
  });

  test("fail with the handler's code, words and metadata, and say that it was the handler", async () => {
    const { status, body, headers } = await rig.call("/Greeter/fail", 1);
    expect(status).toBe(409);
    expect(headers.get("x-restate-error-source")).toBe("invocation");
    expect(body).toEqual({
      code: 409,
      message: "nope",
      metadata: { why: "taken" },
      source: "invocation",
    });
  });

  test("hand over the request's header without what is the connection's or this server's", async () => {
    const { body } = await rig.call("/Greeter/headers?x=1", 1, {
      "x-mine": "yes",
      authorization: "Bearer secret",
      "perdure-namespace": "shop",
      "idempotency-key": "headers-1",
      "x-restate-ingress-path": "/forged",
    });
    expect(body).toMatchObject({
      "x-mine": "yes",
      "content-type": "application/json",
      "x-restate-ingress-path": "/Greeter/headers?x=1",
    });
    for (const name of ["authorization", "perdure-namespace", "idempotency-key", "host"]) {
      expect(body).not.toHaveProperty(name);
    }
  });

  test("have the content type of the handler, and none when there is no result", async () => {
    expect((await rig.call("/Greeter/empty")).headers.get("content-type")).toBeNull();
    const raw = await rig.ask("/Greeter/raw", {
      method: "POST",
      body: new Uint8Array([1, 2, 255]),
    });
    expect(raw.headers.get("content-type")).toBe("image/png");
    expect([...new Uint8Array(await raw.arrayBuffer())]).toEqual([1, 2, 255]);
  });

  test("that nobody waits for any more go on", async () => {
    const gone = new AbortController();
    const waiting = rig.ask("/shop.Cart/gone/wait", {
      method: "POST",
      signal: gone.signal,
      headers: { "idempotency-key": "g" },
    });
    const key = { namespace: "shop", kind: "object:shop.Cart", id: "gone" };
    const runId = await until(() => rig.engine.lookup(key));
    gone.abort();
    expect((await waiting).status).toBe(503);
    await rig.engine.signal(
      { runId },
      { name: "#17", payload: { encoding: "json", data: new Uint8Array([49]) } },
    );
    expect(
      (await rig.call("/shop.Cart/gone/wait", undefined, { "idempotency-key": "g" })).text,
    ).toBe("1");
  });

  test("of somebody who is no longer welcome end with the reason", async () => {
    const expel = new AbortController();
    let left = 0;
    const stay = () => ({ signal: expel.signal, leave: () => void left++ });
    const waiting = rig.ask("/Greeter/wait", { method: "POST" }, rig.caller("shop", { stay }));
    expel.abort(new PerdureError("unauthenticated", "This credential was revoked."));
    expect((await waiting).status).toBe(401);
    expect(left).toBe(1);
  });
});

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("what is refused", () => {
  test.each([
    ["/Nobody/greet", "POST", 404, /register the deployment/],
    ["/Greeter/nothing", "POST", 404, /has echo, headers/],
    ["/Greeter/key/echo", "POST", 404, /\/Greeter\/\{handler\}/],
    ["/shop.Cart/echo", "POST", 404, /\{key\}/],
    ["/shop.Cart//echo", "POST", 404, /\{key\}/],
    ["/Greeter/hidden", "POST", 400, /private/],
    ["/perdure.restate/Greeter.hidden", "POST", 400, /by their own names/],
    ["/perdure.restate/k/shop.Cart.echo/send", "POST", 400, /by their own names/],
    ["/Greeter/echo?delay=1s", "POST", 400, /delayed/],
    ["/Greeter/echo/send?delay=soon", "POST", 400, /delay "soon"/],
    ["/Greeter/echo", "PUT", 405, /GET, POST/],
    ["/Greeter/echo", "DELETE", 405, /GET, POST/],
    ["/restate/health", "POST", 405, /GET/],
    ["/restate/lookup", "GET", 405, /POST/],
    ["/restate/nothing", "GET", 404, /nothing at/],
    ["/restate/scope/s/call/Greeter/echo", "POST", 400, /[Ss]cope/],
    ["/", "GET", 404, /nothing at/],
    ["/Greeter", "POST", 404, /nothing at/],
    ["/a/b/c/d/e", "POST", 404, /nothing at/],
    ["/Greeter/%zz", "POST", 400, /%25/],
    ["/restate/invocation/inv_1x/attach", "GET", 400, /invocation id/],
    ["/restate/a/sign_1x/resolve", "POST", 400, /awakeable id/],
    ["/restate/workflow/Order/none/attach", "GET", 404, /Order/],
  ])("%s by %s is %i", async (path, method, status, message) => {
    const answer = await read(await rig.ask(path, { method }));
    expect(answer.status).toBe(status);
    expect(answer.headers.get("x-restate-error-source")).toBe("ingress");
    const body = answer.body as { readonly message: string };
    expect(body).toMatchObject({ code: status, source: "ingress" });
    expect(body.message).toMatch(message);
  });

  test.each([
    ["/Greeter/echo", { "content-type": "text/plain" }, "x", 400],
    ["/Greeter/echo", {}, new Uint8Array([1]), 400],
    ["/Greeter/echo", { "content-type": "application/json; charset=utf-8" }, "1", 200],
    ["/Greeter/echo", {}, undefined, 200],
    ["/Greeter/needs", {}, undefined, 400],
    ["/Greeter/needs", { "content-type": "text/html" }, "x", 200],
    ["/Greeter/needs", { "content-type": "application/json" }, "1", 400],
  ])(
    "a body for %s with %j is judged by what the handler takes",
    async (path, headers, body, status) => {
      const init = body === undefined ? {} : { body };
      const response = await rig.ask(path, { method: "POST", headers, ...init });
      expect((await read(response)).status).toBe(status);
    },
  );

  test("a body of the limit is taken, and none that is a byte longer", async () => {
    const ask = async (length: number) => {
      const body = new Uint8Array(length).fill(49);
      const headers = { "content-type": "application/json" };
      return rig.ask("/Greeter/echo/send", { method: "POST", headers, body });
    };
    expect((await ask(limits.payloadBytes)).status).toBe(202);
    expect((await ask(limits.payloadBytes + 1)).status).toBe(413);
    const chunks = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(49)),
    });
    const endless = { method: "POST", body: chunks, duplex: "half" };
    expect((await rig.ask("/Greeter/raw", endless as RequestInit)).status).toBe(413);
  });

  test("a failure of ours keeps its words to itself", async () => {
    const broken = {
      ...rig.caller(),
      engine: { start: () => Promise.reject(new Error("secret")) },
    };
    const response = await rig.ask("/Greeter/raw", { method: "POST" }, broken as never);
    const { status, text } = await read(response);
    expect(status).toBe(500);
    expect(text).not.toContain("secret");
  });

  test("who should come later is told when", async () => {
    const busy = new PerdureError("overloaded", "Too much: try again later.");
    const broken = { ...rig.caller(), engine: { start: () => Promise.reject(busy) } };
    const response = await rig.ask("/Greeter/raw", { method: "POST" }, broken as never);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "1"]);
  });
});

describe("sends", () => {
  test("are accepted with an id that can be waited for", async () => {
    const { status, body } = await rig.call("/Greeter/echo/send", "hi");
    expect(status).toBe(202);
    expect(body).toEqual({ invocationId: expect.stringMatching(/^inv_1/), status: "Accepted" });
    const attached = await rig.get(`/restate/invocation/${sentId(body)}/attach`);
    expect([attached.status, attached.text]).toEqual([200, '"hi"']);
    expect(idIn(attached)).toBe(sentId(body));
  });

  test("by the end of the path only where it cannot be a handler", async () => {
    expect((await rig.call("/Greeter/send", 1)).status).toBe(200);
    expect((await rig.call("/Greeter/send/send", 1)).status).toBe(202);
    expect((await rig.call("/shop.Cart/k/send", 1)).status).toBe(200);
    expect((await rig.call("/shop.Cart/k/send/send", 1)).status).toBe(202);
    expect((await rig.call("/restate/send/shop.Cart/k/send", 1)).status).toBe(202);
  });

  test.each(["10s", "500ms", "PT10S", "60000ms", "1h%2030m", "1d"])(
    "with the delay %s say when they will be executed",
    async (delay) => {
      const before = Date.now();
      const { status, body } = await rig.call(`/Greeter/echo/send?delay=${delay}`, 1);
      expect(status).toBe(202);
      const { executionTime } = body as { readonly executionTime: string };
      expect(Date.parse(executionTime)).toBeGreaterThan(before);
      const output = await rig.get(`/restate/invocation/${sentId(body)}/output`);
      expect(output.status).toBe(470);
    },
  );

  test("that never had their turn end as whoever waits for them is told", async () => {
    const first = await rig.call("/shop.Cart/dropped/wait/send", 1);
    const second = await rig.call("/shop.Cart/dropped/echo/send", 2);
    const attached = rig.get(`/restate/invocation/${sentId(second.body)}/attach`);
    await new Promise((resolve) => setImmediate(resolve));
    await rig.engine.cancel({ runId: parseInvocationId(sentId(second.body)) });
    expect((await attached).body).toMatchObject({ code: 409, source: "invocation" });
    await signal(sentId(first.body), null);
  });

  test("of an object wait for their turn, and are there to be asked about meanwhile", async () => {
    const first = await rig.call("/shop.Cart/turn/wait/send", 1);
    const second = await rig.call("/shop.Cart/turn/echo/send", 2);
    const path = `/restate/invocation/${sentId(second.body)}`;
    expect((await rig.get(`${path}/output`)).status).toBe(470);
    const attached = rig.get(`${path}/attach`);
    await signal(sentId(first.body), null);
    expect((await attached).text).toBe("2");
    expect((await rig.get(`${path}/output`)).text).toBe("2");
  });
});

test("who waits for an invocation that is cancelled before its turn is told so", async () => {
  const first = await rig.call("/shop.Cart/dropped/wait/send", 1);
  const second = await rig.call("/shop.Cart/dropped/echo/send", 2);
  const id = sentId(second.body);
  const path = `/restate/invocation/${id}`;
  const waits = [rig.get(`${path}/attach`), rig.get(`${path}/attach`)];
  expect((await rig.get(`${path}/output`)).status).toBe(470);
  await rig.engine.cancel({ runId: parseInvocationId(id) });
  for (const { status, body } of await Promise.all(waits)) {
    expect([status, body]).toEqual([409, expect.objectContaining({ source: "invocation" })]);
  }
  expect((await rig.get(`${path}/attach`)).status).toBe(404);
  await signal(sentId(first.body), null);
});

describe("idempotency keys", () => {
  test("find the first call, its result, and when that will be forgotten", async () => {
    const key = { "idempotency-key": "i-1" };
    const first = await rig.call("/Greeter/echo", "first", key);
    expect(first.headers.get("idempotency-expires")).toBeNull();
    const second = await rig.call("/Greeter/echo", "second", key);
    expect([second.text, idIn(second)]).toEqual(['"first"', idIn(first)]);
    expect(Date.parse(second.headers.get("idempotency-expires") ?? "")).toBeGreaterThan(0);
    const sent = await rig.call("/Greeter/echo/send", "third", key);
    expect(sent.body).toEqual({ invocationId: idIn(first), status: "PreviouslyAccepted" });
    expect((await rig.call("/Greeter/headers", 1, key)).headers.get("x-restate-id")).not.toBe(
      idIn(first),
    );
  });

  test("name an invocation in every form of the API, and after it is over", async () => {
    const key = { "idempotency-key": "i 2/ü" };
    const encoded = encodeURIComponent("i 2/ü");
    const service = await rig.call("/Greeter/echo", "s", key);
    const object = await rig.call("/shop.Cart/o/echo", "o", key);
    const paths = [
      [`/restate/invocation/Greeter/echo/${encoded}`, '"s"', service],
      [`/restate/invocation/shop.Cart/o/echo/${encoded}`, '"o"', object],
    ] as const;
    for (const [path, text, called] of paths) {
      for (const ask of ["attach", "output"]) {
        const answer = await rig.get(`${path}/${ask}`);
        expect([answer.text, idIn(answer)]).toEqual([text, idIn(called)]);
      }
    }
    const target = {
      target: "idempotentInvocation",
      service: "shop.Cart",
      key: "o",
      handler: "echo",
      idempotencyKey: "i 2/ü",
    };
    expect((await rig.call("/restate/attach", target)).text).toBe('"o"');
    expect((await rig.call("/restate/output", target)).text).toBe('"o"');
    expect((await rig.call("/restate/lookup", target)).body).toEqual({
      invocationId: idIn(object),
    });
  });

  test("are computed before they are used, and scopes are not silently ignored", async () => {
    const target = {
      target: "idempotentInvocation",
      service: "Greeter",
      handler: "echo",
      idempotencyKey: "later",
    };
    const { body } = await rig.call("/restate/lookup", target);
    expect((await rig.call("/restate/output", target)).status).toBe(404);
    const called = await rig.call("/Greeter/echo", 1, { "idempotency-key": "later" });
    expect(idIn(called)).toBe(sentId(body));
    expect((await rig.call("/restate/lookup", { ...target, scope: "s" })).status).toBe(400);
    expect((await rig.call("/restate/lookup", { ...target, service: "Nobody" })).status).toBe(404);
    expect((await rig.call("/restate/lookup", { target: "nonsense" })).status).toBe(400);
    const long = { ...target, more: "x".repeat(restateLimits.targetBytes) };
    expect((await rig.call("/restate/lookup", long)).status).toBe(413);
  });

  test("are not for a workflow's run, and not empty", async () => {
    const run = await rig.call("/Order/o-9/run", 1, { "idempotency-key": "x" });
    expect(run.status).toBe(400);
    expect((await rig.call("/Greeter/echo", 1, { "idempotency-key": "" })).status).toBe(400);
    const peek = await rig.call("/Order/o-9/peek", 1, { "idempotency-key": "x" });
    expect(peek.status).toBe(200);
  });
});

describe("workflows", () => {
  test("run once: a second call is refused, a second send and attach find the first", async () => {
    const sent = await rig.call("/Order/o-1/run/send", 1);
    expect(sent.body).toMatchObject({ status: "Accepted" });
    const again = await rig.call("/Order/o-1/run/send", 1);
    expect(again.body).toEqual({ invocationId: sentId(sent.body), status: "PreviouslyAccepted" });
    const called = await rig.call("/Order/o-1/run", 1);
    expect(called.status).toBe(409);
    expect(called.body).toMatchObject({
      message: "the workflow method was already invoked",
      source: "invocation",
    });
    expect((await rig.get("/restate/workflow/Order/o-1/output")).status).toBe(470);
    const attached = rig.get("/restate/workflow/Order/o-1/attach");
    await signal(sentId(sent.body), "done");
    expect((await attached).text).toBe('"done"');
    expect((await rig.get("/restate/workflow/Order/o-1/output")).text).toBe('"done"');
    expect((await rig.call("/Order/o-1/run", 1)).status).toBe(409);
    expect((await rig.call("/Order/o-1/run/send", 1)).body).toMatchObject({
      invocationId: sentId(sent.body),
      status: "PreviouslyAccepted",
    });
    const target = { target: "workflow", workflowName: "Order", workflowKey: "o-1" };
    expect((await rig.call("/restate/lookup", target)).body).toEqual({
      invocationId: sentId(sent.body),
    });
    expect((await rig.call("/restate/attach", target)).text).toBe('"done"');
    const unknown = { ...target, workflowKey: "o-none" };
    expect((await rig.call("/restate/lookup", unknown)).status).toBe(404);
  });
});

describe("awakeables", () => {
  test("are resolved with bytes and rejected with words, by either path", async () => {
    const first = await rig.call("/Greeter/wait/send");
    const firstId = awakeableId({ runId: parseInvocationId(sentId(first.body)), index: 17 });
    expect((await rig.call(`/restate/a/${firstId}/resolve`, { ok: true })).status).toBe(202);
    const path = `/restate/invocation/${sentId(first.body)}/attach`;
    expect((await rig.get(path)).body).toEqual({ ok: true });
    const second = await rig.call("/Greeter/wait/send");
    const secondId = awakeableId({ runId: parseInvocationId(sentId(second.body)), index: 17 });
    const init = { method: "POST", body: "not today" };
    expect((await rig.ask(`/restate/awakeables/${secondId}/reject`, init)).status).toBe(202);
    const failed = await rig.get(`/restate/invocation/${sentId(second.body)}/attach`);
    expect(failed.body).toEqual({ code: 500, message: "not today", source: "invocation" });
  });

  test("tell nothing of the invocation behind them", async () => {
    const runId = "00000000-0000-8000-8000-000000000000" as RunId;
    const nobody = awakeableId({ runId, index: 17 });
    expect((await rig.call(`/restate/a/${nobody}/resolve`, 1)).status).toBe(202);
    const { body } = await rig.call("/Greeter/wait/send");
    const foreign = awakeableId({ runId: parseInvocationId(sentId(body)), index: 17 });
    const stranger = rig.caller("other");
    const request = { method: "POST", body: "1" };
    expect((await rig.ask(`/restate/a/${foreign}/resolve`, request, stranger)).status).toBe(202);
    expect((await rig.get(`/restate/invocation/${sentId(body)}/output`)).status).toBe(470);
  });
});

describe("native workflows", () => {
  test("are called as the service perdure, by queue, with or without a key", async () => {
    expect((await rig.call("/perdure/hello", "x")).text).toBe('"x"');
    expect((await rig.call("/perdure.mail/hello", "y")).text).toBe('"y"');
    const sent = await rig.call("/perdure.mail/order-7/wait/send", 1);
    expect(sent.body).toMatchObject({ status: "Accepted" });
    expect((await rig.call("/restate/send/perdure.mail/order-7/wait", 1)).body).toEqual({
      invocationId: sentId(sent.body),
      status: "PreviouslyAccepted",
    });
    const key = { namespace: "shop", kind: "workflow", id: "order-7" };
    expect(await rig.engine.lookup(key)).toBe(parseInvocationId(sentId(sent.body)));
    await signal(sentId(sent.body), 3);
    expect((await rig.get(`/restate/invocation/${sentId(sent.body)}/attach`)).text).toBe("3");
    const named = await rig.call("/perdure/hello", "z", { "idempotency-key": "n" });
    const attached = await rig.get("/restate/invocation/perdure/hello/n/attach");
    expect(idIn(attached)).toBe(idIn(named));
    expect((await rig.call("/perdure./hello", 1)).status).toBe(404);
  });
});

describe("another namespace (T1, T7)", () => {
  test("has neither the services nor the invocations of this one", async () => {
    const stranger = rig.caller("other");
    const get = async (path: string) => read(await rig.ask(path, {}, stranger));
    expect((await get("/restate/health")).body).toEqual({ services: [] });
    expect((await get("/Greeter/echo")).status).toBe(404);
    const { body } = await rig.call("/Greeter/wait/send");
    const theirs = sentId(body);
    const none = awayFrom(theirs);
    for (const ask of ["attach", "output"]) {
      const foreign = await get(`/restate/invocation/${theirs}/${ask}`);
      const missing = await get(`/restate/invocation/${none}/${ask}`);
      expect([foreign.status, missing.status]).toEqual([404, 404]);
      const run = parseInvocationId(theirs);
      const other = parseInvocationId(none);
      expect(foreign.text.replaceAll(run, "id")).toBe(missing.text.replaceAll(other, "id"));
    }
  });

  test("the services of a namespace are listed by health", async () => {
    expect((await rig.get("/restate/health")).body).toEqual({
      services: ["Greeter", "Order", "shop.Cart"],
    });
  });
});

/** An id of the same shape that nobody has. */
function awayFrom(id: string): string {
  const last = id.endsWith("0") ? "1" : "0";
  return id.slice(0, -1) + last;
}
