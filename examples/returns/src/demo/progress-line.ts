/** One line that changes in place on a terminal; elsewhere a plain line now and then. */
export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  readonly #text: () => string;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: NodeJS.WriteStream, text: () => string) {
    this.#out = out;
    this.#text = text;
  }

  start(): void {
    this.#timer = setInterval(() => this.#show(), this.#out.isTTY ? 200 : 5000);
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#out.isTTY) this.#out.write("\r\u001b[2K");
    this.#out.write(`${this.#text()}\n`);
  }

  #show(): void {
    const text = this.#text();
    if (!this.#out.isTTY) this.#out.write(`${text}\n`);
    else this.#out.write(`\r\u001b[2K${text.slice(0, this.#out.columns - 1)}`);
  }
}
