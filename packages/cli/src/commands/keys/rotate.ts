import { Command } from "commander";
import { durationMs } from "perdure";
import type { CommandOf } from "../../command.ts";
import { printIssued } from "./issued.ts";

export const rotate: CommandOf = (choose) =>
  new Command("rotate")
    .description("give a key a new secret; the old one works for a while")
    .argument("<key>", "its id, as keys list shows it")
    .option("--overlap <duration>", "so long the old secret works on; 0s: it ends now", "24h")
    .action((keyId: string, { overlap }: { readonly overlap: string }) =>
      choose(async (context) => {
        const body = { overlapMs: durationMs(overlap) };
        const server = await context.server();
        printIssued(context, await server.call("apiKeys.rotate", { keyId }, { body }));
      }),
    );
