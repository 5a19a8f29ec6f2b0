// A browser that objects: every error on its console, and everything that the
// policy of the page stopped, fails the test that did not expect it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const program = process.env.CHROMIUM ?? "/usr/bin/chromium";
const patient = 90_000;

/** pages lists the addresses of the menu. */
export const pages = (reader) => reader.page.locator("nav a").evaluateAll((links) => links.map((a) => a.getAttribute("href")));

class Reader {
  constructor(house, context, page) {
    Object.assign(this, { house, context, page, errors: [], expected: [] });
    page.on("console", (m) => m.type() === "error" && this.errors.push(m.text()));
    page.on("pageerror", (e) => this.errors.push(String(e)));
  }

  /** expect says which errors a test causes on purpose. */
  expect(pattern) {
    this.expected.push(pattern);
  }

  async signIn(token) {
    await this.page.locator("#token").fill(token);
    await this.page.keyboard.press("Enter");
    await this.page.getByText("live", { exact: true }).waitFor();
    await this.page.locator("main h1").waitFor();
  }

  /** show goes to a page and waits until it has its answers. */
  async show(hash) {
    await this.page.evaluate((h) => (location.hash = h), hash);
    await this.page.locator("main").getByText("Loading…").first().waitFor({ state: "detached" });
    await this.page.waitForFunction(() => document.querySelector("main section, main .card") !== null);
  }

  /** details lists pages of single things. */
  async details() {
    const first = async (page, path) => (await this.house.ask("GET", path)).json.items.slice(0, 1).map((i) => `#/${page}/${i.id}`);
    return [
      ...(await first("incidents", "/api/v0/self-healing/incidents")),
      ...(await first("changes", "/api/v0/self-modification/changes")),
      "#/signals/host%2Fload1",
      "#/components/store",
      "#/links/web%2Fstore",
    ];
  }

  /** axe returns what it finds, by all rules unless some are named, in words; it is run beside the page, which its policy would not allow. */
  async axe(...rules) {
    const session = await this.context.newCDPSession(this.page);
    await session.send("Runtime.evaluate", { expression: axe });
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
      awaitPromise: true,
      returnByValue: true,
      expression: `axe.run(${JSON.stringify(rules.length > 0 ? { runOnly: rules } : {})}).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + (n.any[0]?.message ?? "")).join(" | ")))`,
    });
    await session.detach();
    assert.ok(Array.isArray(result.value), `axe did not run: ${exceptionDetails?.text}`);
    return result.value;
  }

  /** jump goes to a page by its keys, until the page has the focus. */
  async jump(key, title) {
    await this.page.keyboard.press("g");
    await this.page.keyboard.press(key);
    await this.page.waitForFunction((t) => document.activeElement?.tagName === "H1" && document.activeElement.textContent === t, title);
  }

  /** press goes to a button by Tab alone and presses it. */
  async press(name) {
    for (let n = 0; n < 120; n++) {
      await this.page.keyboard.press("Tab");
      const at = await this.page.evaluate(() => (document.activeElement.tagName === "BUTTON" ? document.activeElement.textContent.trim() : ""));
      if (at === name) return this.page.keyboard.press("Enter");
    }
    assert.fail(`Tab does not reach the button ${name}`);
  }

  /** answer writes into the open dialog and presses its button, by keyboard. */
  async answer(act, text = "") {
    const dialog = this.page.getByRole("dialog");
    await dialog.getByRole("button", { name: act, exact: true }).waitFor(); // from then on the dialog has the focus
    if (text) {
      while (!(await this.page.evaluate(() => document.activeElement.tagName === "TEXTAREA"))) await this.page.keyboard.press("Tab");
      await this.page.keyboard.type(text);
    }
    await this.press(act);
    await dialog.waitFor({ state: "detached" });
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))); // the focus is given back in a frame
  }

  /** reach goes to a row of the page by j. */
  async reach(row) {
    await this.page.locator(`[data-row="${row}"]`).waitFor();
    for (let n = 0; n < 60; n++) {
      await this.page.keyboard.press("j");
      if ((await this.page.evaluate(() => document.activeElement?.closest("[data-row]")?.dataset.row)) === row) return;
    }
    assert.fail(`j does not reach the row ${row}`);
  }

  /** enter opens a row of the page by j and Enter, until what it leads to has the focus. */
  async enter(row) {
    await this.reach(row);
    await this.page.keyboard.press("Enter");
    await this.page.waitForFunction(() => document.activeElement?.tagName === "H1");
  }

  async focusIs(row) {
    await this.page.waitForFunction((id) => document.activeElement?.closest("[data-row]")?.dataset.row === id, row);
  }

  async close() {
    await this.context.close();
    const unexpected = this.errors.filter((e) => !this.expected.some((p) => p.test(e)));
    assert.deepEqual(unexpected, [], "errors on the console");
  }
}

/** open starts the browser. */
export async function open(house) {
  const browser = await chromium.launch({ executablePath: program, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
  const stranger = async (options = {}, hash = "", url = house.url) => {
    const context = await browser.newContext({ locale: "en-US", viewport: { width: 1200, height: 800 }, ...options });
    context.setDefaultTimeout(patient);
    const page = await context.newPage();
    const reader = new Reader(house, context, page);
    await page.goto(url + "/" + hash);
    await page.locator("#token").waitFor();
    return reader;
  };
  const signedIn = async (token, hash = "", options = {}) => {
    const reader = await stranger(options, hash);
    await reader.signIn(token);
    return reader;
  };
  return { stranger, signedIn, close: () => browser.close() };
}
