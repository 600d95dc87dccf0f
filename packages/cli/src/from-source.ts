/** The program from its sources, in a checkout. */
import { main } from "./main.ts";

await main(process.argv.slice(2));
