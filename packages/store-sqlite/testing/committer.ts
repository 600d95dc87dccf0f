/**
 * A process that is made to be killed: it commits without end and says on its output what was
 * acknowledged, a line a commit. Arguments: the file, and a seed for the sizes.
 */
import { writeSync } from "node:fs";
import { Owner, row, stream, text } from "@perdure/store/contract";
import { SqliteStore } from "../src/sqlite-store.ts";

const [path = "", seed = "1"] = process.argv.slice(2);
const store = await SqliteStore.open(path, { partitions: 2, logBytes: 65_536 });
const owner = await Owner.open(store, 0);
const base = Number(seed) * 1_000_000;

async function commit(n: number): Promise<void> {
  const events = Array.from({ length: 1 + (n % 5) }, (_, i) => text(`${n}/${i}`));
  const name = stream(base + n);
  const batch = owner.batch({
    appends: [{ stream: name, from: 1, events }],
    outbox: n % 3 === 0 ? [message()] : [],
    index: [row(base + n)],
    settle: n % 2 === 0 ? [{ stream: name, hasWork: false, alarm: n }] : [],
  });
  const result = await store.commit([batch]);
  if (result.type !== "done") throw new Error(JSON.stringify(result));
  writeSync(1, `${batch.number} ${base + n} ${events.length}\n`);
}

let sent = owner.opened.sent.find(({ to }) => to === 1)?.seq ?? 0;
function message(): { readonly to: number; readonly seq: number; readonly data: Uint8Array } {
  sent += 1;
  return { to: 1, seq: sent, data: text(`message ${sent}`) };
}

writeSync(1, "ready\n");
for (let n = 1; ; n += 4) {
  await Promise.all([commit(n), commit(n + 1), commit(n + 2), commit(n + 3)]);
}
