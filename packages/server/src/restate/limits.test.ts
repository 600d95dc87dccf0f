import { expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";
import { registered } from "./deployed.test-support.ts";

const restate = { enabled: true, ingressPort: 0, adminPort: 0 };

async function opened(limits: Readonly<Record<string, number>>) {
  const rig = await Rig.open({ insecure: true, restate, limits, graceMs: 0 });
  await registered(rig.server.engine, "default");
  return { rig, url: rig.server.restate!.ingressUrl };
}

test("requests of one credential: so many at once, and the next comes later", async () => {
  const { rig, url } = await opened({ restateRequestBurst: 2, restateRequestsPerSecond: 1 });
  const statuses: number[] = [];
  for (let at = 0; at < 3; at++) statuses.push((await fetch(`${url}/restate/health`)).status);
  expect(statuses).toEqual([200, 200, 429]);
  await rig[Symbol.asyncDispose]();
});

test("calls that wait: so many of one credential, and a place is free again when one leaves", async () => {
  const { rig, url } = await opened({ restateWaits: 1 });
  const sent = await fetch(`${url}/Greeter/greet/send`, { method: "POST" });
  const { invocationId } = (await sent.json()) as { readonly invocationId: string };
  const attach = `${url}/restate/invocation/${invocationId}/attach`;
  const gone = new AbortController();
  const first = fetch(attach, { signal: gone.signal }).catch(() => "gone");
  const statusOf = async (): Promise<number> => {
    const late = AbortSignal.timeout(500);
    const response = await fetch(attach, { signal: late }).catch(() => undefined);
    return response?.status ?? 0;
  };
  let status = 0;
  while (status !== 429) status = await statusOf();
  gone.abort();
  expect(await first).toBe("gone");
  while (status === 429) status = await statusOf();
  expect(status).toBe(0);
  await rig[Symbol.asyncDispose]();
});
