import { describe, expect, test } from "vitest";
import { workflow } from "../../index.ts";
import { checkJournals, renderCheck, renderCheckHtml } from "../index.ts";
import { SingleRun } from "../single-run.test-support.ts";
import { html, page } from "./html.ts";
import { corpus } from "./hostile.test-support.ts";
import { visible } from "./text.ts";

/** The tags of a page, as a browser would find them. */
const tagsOf = (text: string): Set<string> =>
  new Set(Array.from(text.matchAll(/<\/?([a-z!][^\s>/]*)/gi), ([, name]) => name!.toLowerCase()));

describe("a page", () => {
  test.each(corpus)("shows %j as text, in text and in attributes", (hostile) => {
    const text = page(
      hostile,
      html`<p title="${hostile}">${[hostile, html`<b>${hostile}</b>`]}</p>`,
    );
    const plain = page("x", html`<p title="x">${["x", html`<b>x</b>`]}</p>`);
    expect(tagsOf(text)).toEqual(tagsOf(plain));
    expect(text).not.toMatch(/<script|<img|<svg|<iframe/i);
    expect(text.split('"').length).toBe(plain.split('"').length);
  });

  test("loads nothing, runs nothing and says so to the browser", () => {
    const text = page("t", html`<p>hello</p>`);
    expect(text).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|src=|href=|@import|url\(/);
  });
});

test("what a journal holds becomes neither markup nor a terminal's orders", async () => {
  const hostile = corpus.join(" ");
  const definition = (name: string) =>
    workflow({ name: "w" }, async (ctx) => {
      await ctx.step(`<script>${name}`, () => hostile);
      await ctx.waitFor("never");
    });
  const run = await new SingleRun(definition("a"), { input: hostile }).start();
  run.kill();
  const report = await checkJournals({
    definitions: { workflows: [definition("b")] },
    journals: [
      { spec: run.state.spec!, events: run.journal },
      { where: hostile, problem: hostile },
    ],
  });
  const shown = renderCheckHtml(report);
  expect(shown).not.toMatch(/<script|<img|<svg|<iframe/i);
  expect(shown).toContain("&lt;script&gt;");
  // oxlint-disable-next-line no-control-regex -- these are the ones that must not be there
  expect(renderCheck(report)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
});

test("control characters are shown, line breaks and letters stay", () => {
  expect(visible("é 漢 \n\u001b[2J\u202e")).toBe("é 漢 \n\\u001b[2J\\u202e");
});
