/** A folder of texts that can be searched, paragraph by paragraph. */
import { readdirSync, readFileSync } from "node:fs";

const RESULTS = 2;

interface Paragraph {
  readonly file: string;
  readonly text: string;
  readonly words: ReadonlySet<string>;
}

export class Corpus {
  readonly #paragraphs: readonly Paragraph[];

  constructor(folder: URL) {
    const files = readdirSync(folder).filter((name) => name.endsWith(".md"));
    this.#paragraphs = files.toSorted().flatMap((file) =>
      readFileSync(new URL(file, folder), "utf8")
        .split(/\n{2,}/)
        .filter((text) => !text.startsWith("#"))
        .map((text) => ({ file, text: text.replaceAll("\n", " ").trim(), words: wordsOf(text) })),
    );
  }

  /** The paragraphs that share the rarest words with the query, best first, each with its file. */
  search(query: string): string {
    const wanted = [...wordsOf(query)];
    const scored = this.#paragraphs
      .map((paragraph) => ({ paragraph, score: this.#score(paragraph, wanted) }))
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score);
    if (scored.length === 0) return "nothing found";
    return scored
      .slice(0, RESULTS)
      .map(({ paragraph }) => `[${paragraph.file}] ${paragraph.text}`)
      .join("\n");
  }

  #score(paragraph: Paragraph, wanted: readonly string[]): number {
    return wanted
      .filter((word) => paragraph.words.has(word))
      .map(
        (word) =>
          this.#paragraphs.length / this.#paragraphs.filter((p) => p.words.has(word)).length,
      )
      .reduce((sum, weight) => sum + Math.log(weight), 0);
  }
}

const wordsOf = (text: string): ReadonlySet<string> =>
  new Set(text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu));
