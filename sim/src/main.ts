/** `npm run sim`: runs seeds, or replays one. */
import { readArguments, usage, type Command } from "./arguments.ts";
import { runBugs } from "./commands/bugs.ts";
import { checkDeterminism } from "./commands/determinism.ts";
import { printHashes } from "./commands/hashes.ts";
import { replay } from "./commands/replay.ts";
import { runSeeds } from "./commands/seeds.ts";
import { shrinkSeed } from "./commands/shrink.ts";
import { runExhaustive } from "./exhaustive/run-exhaustive.ts";

const command = ask();
switch (command.type) {
  case "help":
    console.log(usage);
    break;
  case "seeds":
    process.exitCode = await runSeeds(command);
    break;
  case "replay":
    process.exitCode = await replay(command);
    break;
  case "shrink":
    process.exitCode = await shrinkSeed(command);
    break;
  case "determinism":
    process.exitCode = await checkDeterminism(command);
    break;
  case "hashes":
    process.exitCode = await printHashes(command);
    break;
  case "bugs":
    process.exitCode = await runBugs(command);
    break;
  case "exhaustive":
    process.exitCode = await runExhaustive(command);
    break;
}

/** What cannot be read is answered with how to write it. */
function ask(): Command {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
