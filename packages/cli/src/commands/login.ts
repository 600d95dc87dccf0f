import { PerdureError } from "@perdure/kernel";
import { Command } from "commander";
import { examples, type CommandOf } from "../command.ts";
import { storeKey } from "../connect/credentials.ts";
import { ServerApi } from "../connect/server-api.ts";
import { defaultUrl } from "../connect/connect.ts";
import type { Context } from "../context.ts";
import { done } from "../runs/done.ts";

interface Options {
  readonly forget?: true;
}

export const login: CommandOf = (choose) =>
  new Command("login")
    .description("keep a server's API key for this user, once the server has taken it")
    .argument("[url]", `the server (default: ${defaultUrl})`)
    .option("--forget", "remove the key instead")
    .addHelpText("after", examples("perdure login https://perdure.example.com < key.txt"))
    .action((url: string = defaultUrl, options: Options) =>
      choose(async (context) => {
        if (options.forget) {
          done(context, `Forgotten, in ${storeKey(context.env, url, undefined)}.`, { url });
          return;
        }
        const apiKey = await keyFrom(context);
        const me = await new ServerApi({ url, apiKey }).call("server.whoami", {});
        const path = storeKey(context.env, url, apiKey);
        const namespace = typeof me["namespace"] === "string" ? me["namespace"] : "?";
        done(context, `Logged in to ${url}, namespace "${namespace}". The key is in ${path}.`, {
          url,
          namespace,
        });
      }),
    );

/** Not an argument: those are in the shell's history and in the list of processes. */
async function keyFrom(context: Context): Promise<string> {
  const given = context.env["PERDURE_API_KEY"];
  const apiKey = given ?? (await context.readStdin()).trim();
  if (apiKey !== "") return apiKey;
  const text =
    "There is no API key: give it on standard input, as in perdure login <url> < key.txt.";
  throw new PerdureError("invalid-argument", text);
}
