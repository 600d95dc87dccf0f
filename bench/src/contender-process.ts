/**
 * A contender's process: `node contender-process.ts <module>`. It does what the harness asks over
 * IPC, one request after the other, and answers each.
 */
import type { Contender, Opened, Place, Budget, Prepared } from "./contender.ts";
import type { Workload } from "./workload.ts";

export type Request =
  | { readonly verb: "hello" }
  | { readonly verb: "open"; readonly place: Place }
  | { readonly verb: "prepare"; readonly workload: Workload }
  | { readonly verb: "run"; readonly phase: string; readonly budget: Budget }
  | { readonly verb: "processes" | "storeBytes" | "database" | "memory" | "close" };

/** `value` is null where there is none: JSON has no other word for it. */
export type Reply = { readonly value: unknown } | { readonly error: string };

let contender: Contender | undefined;
let opened: Opened | undefined;
let prepared: Prepared | undefined;

async function act(request: Request): Promise<unknown> {
  if (request.verb === "hello") {
    const module = (await import(process.argv[2] ?? "")) as { readonly contender: Contender };
    ({ contender } = module);
    return contender.hello();
  }
  if (request.verb === "open") {
    opened = await contender?.open(request.place);
    return undefined;
  }
  if (opened === undefined) throw new Error(`"${request.verb}" before "open"`);
  switch (request.verb) {
    case "prepare":
      prepared = await opened.prepare(request.workload);
      return undefined;
    case "run":
      return prepared?.run(request.phase, request.budget);
    case "processes":
      return opened.processes();
    case "storeBytes":
      return opened.storeBytes();
    case "database":
      return opened.database?.();
    case "memory":
      return opened.memory?.();
    case "close":
      await close();
      return undefined;
  }
}

/** Once: asked to, or because the harness has gone and nobody else will end what was started. */
async function close(): Promise<void> {
  const last = opened;
  opened = undefined;
  await last?.close();
}

process.on("disconnect", () => void close().finally(() => process.exit()));

process.on("message", (request: Request) => {
  void act(request).then(
    (value) => reply({ value: value ?? null }),
    (error: unknown) => {
      reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    },
  );
});

function reply(message: Reply): void {
  if (process.connected) process.send?.(message);
}
