import { expect, test } from "vitest";
import { Corpus } from "../corpus.ts";
import { Notes } from "./notes.ts";
import { Toolbox } from "./toolbox.ts";

const corpus = new Corpus(new URL("../../corpus/", import.meta.url));

test("a call that makes no sense is answered, not thrown", () => {
  const toolbox = new Toolbox(corpus, new Notes(":memory:"));
  const answerTo = (name: string, json: string) => toolbox.run({ name, arguments: json }, "key");
  expect(answerTo("rm", "{}")).toBe('error: there is no tool "rm"');
  expect(toolbox.stepName({ name: "rm#1", arguments: "{}" })).toBe("unknown-tool");
  expect(answerTo("search", "{")).toBe("error: the arguments are not JSON");
  expect(answerTo("search", '{"query":7}')).toMatch(/^error: .*expected string/);
  expect(answerTo("calculate", '{"expression":"1 +"}')).toBe(
    "error: the expression ends too early",
  );
  expect(answerTo("search", '{"query":"zeppelin"}')).toBe("nothing found");
});

test("a failure of the tool itself is thrown, for the engine to retry", () => {
  const notes = new Notes(":memory:");
  notes.close();
  const toolbox = new Toolbox(corpus, notes);
  expect(() => toolbox.run({ name: "take_note", arguments: '{"text":"a"}' }, "key")).toThrow(
    "database is not open",
  );
});

test("a note taken twice under one key is there once", () => {
  const notes = new Notes(":memory:");
  const toolbox = new Toolbox(corpus, notes);
  const call = { name: "take_note", arguments: '{"text":"ice floats"}' };
  expect(toolbox.run(call, "key")).toBe("noted");
  expect(toolbox.run(call, "key")).toBe("noted before");
  expect(notes.all()).toEqual([{ key: "key", text: "ice floats" }]);
});

test("search puts the paragraph with the rarest words first", () => {
  expect(corpus.search("ice lost in sawdust and straw")).toMatch(/^\[packing.md\] Weighed/);
});
