/** Kill it while it sleeps and start it again: it goes on, and composes no second greeting. */
import { open, workflow } from "perdure";

const hello = workflow({ name: "hello" }, async (ctx, name: string) => {
  const greeting = await ctx.step("compose", () => {
    console.log("composing the greeting");
    return `Hello, ${name}!`;
  });
  await ctx.sleep("10s");
  return greeting;
});

const perdure = await open({ store: "sqlite:./hello.db", workflows: [hello] });
const run = await perdure.start(hello, { id: "hello-world", input: "world" });
console.log(await run.result());
await perdure.close();
