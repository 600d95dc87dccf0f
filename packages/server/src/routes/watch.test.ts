import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";
import { collect, readEvents } from "../testing/sse.test-support.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.open({ limits: { heartbeatMs: 20 } });
});

afterAll(() => rig[Symbol.asyncDispose]());

describe("a run, live", () => {
  test("is told from its beginning to its end, each event once and in order", async () => {
    const runId = await rig.start("wait");
    const response = await rig.fetch("runs.watch", { params: { runId }, query: { from: "0" } });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const seqs: number[] = [];
    let status: string | undefined;
    for await (const { event, id, data } of readEvents(response)) {
      if (event === "closed") {
        status = data.outcome?.status;
        break;
      }
      seqs.push(...data.events.map(({ seq }) => seq));
      expect(id).toBe(String(seqs.at(-1)));
      const waits = data.events.some(({ kind }) => kind === "wait.started");
      if (waits) await rig.call("runs.signal", { params: { runId }, body: { name: "go" } });
    }
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
    expect(seqs.length).toBeGreaterThan(3);
    expect(status).toBe("completed");
  });

  test("is resumed after the last event seen, without a gap and without a repeat", async () => {
    const runId = await rig.start("echo");
    await rig.call("runs.outcome", { params: { runId }, query: { waitMs: "5000" } });
    const headers = { "last-event-id": "1" };
    const response = await rig.fetch("runs.watch", { params: { runId }, headers });
    const events = await collect(readEvents(response));
    expect(events[0]?.data.events[0]?.seq).toBe(2);
    expect(events.at(-1)?.event).toBe("closed");
  });

  test("of a closed run says so at once, and an id that was never given out is refused", async () => {
    const runId = await rig.start("echo");
    await rig.call("runs.outcome", { params: { runId }, query: { waitMs: "5000" } });
    const response = await rig.fetch("runs.watch", { params: { runId } });
    const events = await collect(readEvents(response));
    expect(events.map(({ event }) => event)).toEqual(["closed"]);
    const headers = { "last-event-id": "1 OR 1=1" };
    expect((await rig.call("runs.watch", { params: { runId }, headers })).status).toBe(400);
  });

  test("beats while nothing happens", async () => {
    const runId = await rig.start("wait");
    const stop = new AbortController();
    const { signal } = stop;
    const { body } = await rig.fetch("runs.watch", { params: { runId }, signal });
    let text = "";
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes(": still here")) break;
    }
    stop.abort();
    expect(text).toContain(": open");
  });

  test("ends when the server closes", async () => {
    await using other = await Rig.open();
    const runId = await other.start("wait");
    const why = () => other.call("runs.why", { params: { runId } });
    await expect.poll(async () => (await why()).body.waiting).toMatchObject([{ on: "signal" }]);
    const response = await other.fetch("runs.watch", { params: { runId } });
    const [events] = await Promise.all([collect(readEvents(response)), other.server.close()]);
    expect(events).toEqual([]);
  });
});
