import { Command } from "commander";
import type { CommandOf } from "../command.ts";
import { packageVersion } from "../version.ts";

export const version: CommandOf = (choose) =>
  new Command("version").description("of this command line, and of Node").action(() =>
    choose((context) => {
      const facts = { perdure: packageVersion(), node: process.versions.node };
      if (context.json) context.out.json(facts);
      else context.out.line(`perdure ${facts.perdure} (node ${facts.node})`);
      return Promise.resolve();
    }),
  );
