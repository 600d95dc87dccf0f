import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { workflow } from "perdure";
import { rigWith } from "../cli.test-support.ts";
import { sanitise, sanitiseJson } from "./sanitise.ts";

/** What terminals have been made to do by text that somebody else wrote. */
const hostile: Readonly<Record<string, string>> = {
  "clears the screen": "\u001b[2J\u001b[H",
  "colours and hides text": "\u001b[8mhidden\u001b[0m",
  "retitles the window": "\u001b]0;owned\u0007",
  "writes to the clipboard": "\u001b]52;c;cm0gLXJm\u0007",
  "makes a link to somewhere else": "\u001b]8;;https://evil.example\u001b\\bank\u001b]8;;\u001b\\",
  "asks the terminal to type": "\u001b[6n\u001b[c\u001b]10;?\u0007",
  "sets the answerback of old terminals": "\u001bP+q544e\u001b\\",
  "begins a sequence with one C1 character": "\u009b2J\u009d0;x\u009c",
  "overwrites the line": "safe\r\u0008\u0008evil",
  "scrolls with form feeds": "\u000b\u000c\u0085",
  "turns text around": "user\u202etxt.exe\u2066x\u2069",
  "forges a line": "done\nerror: \u2028all is lost",
  "hides in tags": "ok\u{e0041}\u{e007f}",
  "is half a surrogate pair": "\ud800",
};

const CONTROL =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}\p{Cs}]/u;

describe("text that", () => {
  it.each(Object.entries(hostile))("%s is shown and does nothing", (_, text) => {
    const shown = sanitise(text);
    expect(shown).not.toMatch(CONTROL);
    expect(shown).not.toContain("\n");
    expect(shown).toMatch(/\\/);
  });
});

test("no text at all gets a control character through, and JSON keeps its value", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(sanitise(text)).not.toMatch(CONTROL);
      const json = sanitiseJson(JSON.stringify({ text }));
      expect(json).not.toMatch(CONTROL);
      expect(JSON.parse(json)).toEqual({ text });
    }),
  );
});

test("ordinary text of any script is left alone", () => {
  const text = "naïve Ünïcode 日本語 العربية 👩‍👩‍👧‍👦 ✗ │";
  expect(sanitise(text)).toBe(text);
});

test("every command that prints what others wrote prints it tamed, in colour and in JSON", async () => {
  const all = Object.values(hostile)
    .filter((text) => text.isWellFormed())
    .join("");
  const echo = workflow({ name: "echo" }, async (ctx, text: string) => {
    ctx.attributes({ [all.slice(0, 40)]: all });
    await ctx.step(
      `a step${all}`.slice(0, 100),
      () => {
        throw new Error(text);
      },
      { retry: { maxAttempts: 1 } },
    );
  });
  const rig = await rigWith({ workflows: [echo] });
  try {
    const key = `key${all}`;
    await rig.perdure(["runs", "start", "echo", JSON.stringify(all), "--key", key, "--wait"]);
    const lines = [
      ["runs", "list"],
      ["runs", "show", "--key", key],
      ["runs", "show", "--key", key, "--journal"],
      ["runs", "watch", "--key", key],
      ["why", "--key", key],
      ["runs", "show", "--key", `${key}x`],
      ["runs", "list", `--${all}`],
      [all],
    ];
    for (const words of lines) {
      for (const extra of [[], ["--json"]]) {
        const colour = { outIsTerminal: true, errIsTerminal: true };
        const { out, err } = await rig.perdure([...words, ...extra], colour);
        // oxlint-disable-next-line no-control-regex -- our own colours, and nothing else
        expect((out + err).replaceAll(/\u001b\[\d+m/g, "")).not.toMatch(CONTROL);
        // oxlint-disable-next-line no-control-regex -- as above
        expect(out + err).not.toMatch(/\u001b\[8m/);
      }
    }
  } finally {
    await rig.stop();
  }
});
