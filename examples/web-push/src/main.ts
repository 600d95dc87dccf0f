/** `npm start -w examples/web-push`: the story, told. */
import { check } from "./check.ts";

console.log(await check((line) => console.log(`- ${line}`)));
