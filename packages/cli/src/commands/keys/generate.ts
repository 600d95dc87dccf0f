import { randomBytes } from "node:crypto";
import { Command } from "commander";
import { examples, type CommandOf } from "../../command.ts";
import { dim } from "../../terminal/text.ts";

export const generate: CommandOf = (choose) =>
  new Command("generate")
    .description("a first admin key, for the configuration of a server that has none")
    .addHelpText("after", examples("PERDURE_ADMIN_KEY=$(perdure keys generate) perdure start"))
    .action(() =>
      choose((context) => {
        // The form of every API key: 64 bits to name it, 256 that are secret.
        const secret = randomBytes(32).toString("base64url");
        const key = `pdk_${randomBytes(8).toString("hex")}_${secret}`;
        if (context.json) context.out.json({ secret: key });
        else context.out.line(key);
        context.err.line(
          dim("Keep it as PERDURE_ADMIN_KEY, or in a file: PERDURE_ADMIN_KEY_FILE."),
        );
        return Promise.resolve();
      }),
    );
