/** A crash test's report as one HTML file. */
import { html, page, type Markup } from "../report/html.ts";
import { count } from "../report/text.ts";
import { figuresText } from "./render-text.ts";
import type { CrashReport, Finding } from "./report.ts";

export function renderCrashTestHtml(report: CrashReport): string {
  const { workflow, ending, findings, notes, figures } = report;
  const body = html`
    <h1>Crash test of ${workflow}</h1>
    <p>Left alone, it ${ending}.</p>
    <ul class="figures">
      ${[
        figure(findings.length, "findings"),
        figure(figures.scenarios, "scenarios"),
        figure(figures.positions, "positions"),
        figure(figures.kills, "kills"),
        figure(figures.gaps, "gaps"),
        figure(figures.failures, "failures"),
        figure(figures.cancellations, "cancellations"),
        figure(figures.repeatedSteps, "repeated steps"),
        figure(figures.seconds.toFixed(1), "seconds"),
      ]}
    </ul>
    ${findings.length === 0 ? html`<p class="good">No findings.</p>` : findings.map(section)}
    ${notes.map((note) => html`<section class="warn"><p>${note}</p></section>`)}
    <details>
      <summary>What was tried</summary>
      <ul>
        ${figuresText(figures).map((line) => html`<li>${line}</li>`)}
      </ul>
    </details>
  `;
  return page(`perdure crash-test ${workflow}`, body);
}

function section({ kind, title, details, at, times, scenario, fix }: Finding): Markup {
  return html`<section class="bad">
    <h2>${title}</h2>
    ${at && html`<p>at <code>${at}</code></p>`}
    <pre>${details.join("\n")}</pre>
    <p><b>Fix.</b> ${fix}</p>
    <p class="faint">${kind}, in ${count(times, "scenario")}; first: ${scenario}</p>
  </section>`;
}

function figure(value: number | string, name: string): Markup {
  return html`<li><b>${value}</b>${name}</li>`;
}
