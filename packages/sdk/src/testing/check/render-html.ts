/** A check's report as one HTML file. */
import { html, page, type Markup } from "../report/html.ts";
import { count, paint } from "../report/text.ts";
import { summary } from "./render-text.ts";
import type { CheckReport, DifferingGroup, RunGroup } from "./report.ts";

export function renderCheckHtml(report: CheckReport): string {
  const { loading, groups, withoutCode, unreadable, unreadables, remarks } = report;
  const body = html`
    <h1>Journals checked against the code</h1>
    <ul class="figures">
      ${[
        figure(report.runs, "runs"),
        figure(report.agrees, "agree"),
        figure(report.differs, "differ"),
        figure(report.noCode, "without code"),
        figure(unreadable, "unreadable"),
        figure(report.events, "events"),
        figure(report.seconds.toFixed(1), "seconds"),
      ]}
    </ul>
    ${report.isClean ? html`<p class="good">${summary(report, paint({}))}</p>` : undefined}
    ${
      loading &&
      html`<section class="bad">
        <h2>The code cannot be loaded</h2>
        <pre>${loading.message}</pre>
        ${loading.at && html`<p>at <code>${loading.at}</code></p>`}
      </section>`
    }
    ${groups.map(group)} ${withoutCode.map(missing)}
    ${
      unreadable === 0
        ? undefined
        : html`<section class="bad">
            <h2>${count(unreadable, "journal")} cannot be read</h2>
            <ul>
              ${unreadables.map(({ where, problem }) => html`<li><b>${where}</b>: ${problem}</li>`)}
            </ul>
          </section>`
    }
    ${remarks.map(
      (one) =>
        html`<section class="warn">
          <h2>${runsOf(one)}</h2>
          <p>${one.remark}</p>
        </section>`,
    )}
  `;
  return page("perdure check", body);
}

function group(one: DifferingGroup): Markup {
  const { difference, fix, runIds, runs } = one;
  return html`<section class="bad">
    <h2>${runsOf(one)}: ${difference.title}</h2>
    <table>
      <tr>
        <th>recorded</th>
        <td class="mono">${difference.recorded}</td>
      </tr>
      <tr>
        <th>code</th>
        <td class="mono">${difference.asked}</td>
      </tr>
      ${
        difference.at &&
        html`<tr>
          <th>at</th>
          <td class="mono">${difference.at}</td>
        </tr>`
      }
      ${
        difference.after &&
        html`<tr>
          <th>after</th>
          <td class="mono">${difference.after}</td>
        </tr>`
      }
    </table>
    <p class="faint">The journal there</p>
    <table>
      ${difference.around.map(
        ({ seq, kind, text, isHere }) =>
          html`<tr class="${isHere ? "here" : ""}">
            <td class="mono">${seq}</td>
            <td class="mono">${kind}</td>
            <td class="mono">${text}</td>
          </tr>`,
      )}
    </table>
    <p><b>Fix.</b> ${fix.text}</p>
    ${fix.snippet && html`<pre>${fix.snippet}</pre>`}
    <details>
      <summary>${count(runs, "run")}</summary>
      <pre>
${runIds.join("\n")}${runs > runIds.length ? `\nand ${runs - runIds.length} more` : ""}</pre>
    </details>
  </section>`;
}

function missing(one: RunGroup): Markup {
  return html`<section class="bad">
    <h2>${runsOf(one)}: no code for this workflow</h2>
    <p>Give the check its definition, or let these runs end on the old code first.</p>
  </section>`;
}

function runsOf({ workflow, runs, runIds }: RunGroup): string {
  return `${workflow}: ${runs === 1 ? `run ${runIds[0]}` : count(runs, "run")}`;
}

function figure(value: number | string, name: string): Markup {
  return html`<li><b>${value}</b>${name}</li>`;
}
