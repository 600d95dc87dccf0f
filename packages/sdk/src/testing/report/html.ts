/**
 * Reports as one HTML file, without scripts. A value becomes text, whatever it holds: only what the
 * `html` tag itself has made is markup.
 */

class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type { Markup };

type Value = Markup | string | number | undefined | readonly Value[];

/** html`<b>${name}</b>`: values are escaped, lists are joined, undefined is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.map((part, index) => part + render(values[index])).join(""));
}

export function page(title: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <title>${title}</title>
        <style>
          ${styles}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.text;
}

function render(value: Value): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(render).join("");
  return escape(String(value));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

function escape(text: string): string {
  return text.toWellFormed().replace(/[&<>"'`]/g, (unit) => entities[unit] ?? unit);
}

const styles = new Markup(`
  :root { color-scheme: light dark; --line: #8883; --faint: #8889; --good: #1a7f37; --bad: #c0362c;
    --warn: #9a6700; }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 0; }
  main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
  code, pre, td.mono { font: 13px/1.5 ui-monospace, monospace; }
  pre { background: #8881; padding: .6rem .8rem; border-radius: 6px; overflow-x: auto; }
  section { border: 1px solid var(--line); border-left: 4px solid var(--faint); border-radius: 6px;
    padding: .8rem 1rem; margin: 1rem 0; }
  section.bad { border-left-color: var(--bad); } section.warn { border-left-color: var(--warn); }
  table { border-collapse: collapse; } td, th { padding: .1rem .9rem .1rem 0; text-align: left; }
  tr.here { background: #c0362c22; font-weight: 600; } .faint { opacity: .7; }
  .good { color: var(--good); } .bad > h2 { color: var(--bad); } .warn > h2 { color: var(--warn); }
  .figures { display: flex; flex-wrap: wrap; gap: .5rem 2rem; padding: 0; list-style: none; }
  .figures b { display: block; font-size: 1.3rem; }
`);
