// The page as its user has it: a real daemon, a real browser, and for what
// matters most the keyboard alone.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { open, pages } from "./browser.mjs";
import { Line } from "./cut.mjs";
import { House } from "./house.mjs";
import { changeOrders, componentOrders, linkOrders, marks, promotions } from "./orders.mjs";
import { auditLog, tokens } from "./records.mjs";
import { complaints } from "./types.mjs";

const api = "/api/v0/self-healing";
let house, browser;

before(async () => {
  house = await House.open();
  browser = await open(house);
});
after(async () => {
  await browser?.close();
  await house?.close();
});

/** waiting returns the approval that waits, and breaks the store where none does. */
async function waiting() {
  const pending = async () => (await house.ask("GET", `${api}/approvals?state=pending`)).json?.items?.find((a) => a.component === "store");
  const found = await pending();
  if (found) return found;
  await house.until("the store to be up", async () => {
    const { json } = await house.ask("GET", `${api}/components/store`);
    return json.state === "up" && !json.open_incident;
  });
  await house.fault("crash");
  return house.until("an approval to wait", pending);
}

test("the page is small: 60 KiB in gzip beside the plots", () => {
  const assets = join(import.meta.dirname, "../../dist/assets");
  const sizes = readdirSync(assets).filter((f) => !f.startsWith("uPlot")).map((f) => gzipSync(readFileSync(join(assets, f))).length);
  const total = sizes.reduce((a, b) => a + b, 0);
  assert.ok(sizes.length > 1 && total <= 60 << 10, `${sizes.length} files, ${total} bytes`);
});

test("a wrong token is refused with a reason, a right one signs in", async () => {
  const reader = await browser.stranger();
  await reader.page.keyboard.type("hst_wrong_token");
  await reader.page.keyboard.press("Enter");
  await reader.page.getByRole("alert").getByText("is not known").waitFor();
  reader.expect(/401/);
  await reader.page.keyboard.type("x".repeat(300));
  await reader.page.keyboard.press("Enter");
  await reader.page.getByRole("alert").getByText(/256/).waitFor();
  reader.expect(/422/);
  await reader.signIn(house.token);
  assert.deepEqual(await reader.page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, ""], "something is kept where scripts can read it");
  await reader.close();
});

test("a watched change is shown and confirmed by keyboard", async () => {
  const reader = await browser.signedIn(house.token);
  const { page } = reader;
  const sent = await house.ask("POST", "/api/v0/self-modification/changes", { root: "notes", reason: "<i>a better note</i>", edits: [{ path: "note.txt", content: "two\n" }] });
  assert.equal(sent.status, 200, JSON.stringify(sent.json));
  await page.getByText("Watched change of notes").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Difference" }).waitFor();
  await page.getByText("<i>a better note</i>").first().waitFor();
  await page.keyboard.press("y");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText(`Confirmed: ${sent.json.id}`).waitFor();
  await page.locator("dl .badge", { hasText: "kept" }).waitFor();
  await reader.close();
});

const at = () => [house, browser];
changeOrders(at);
componentOrders(at);

test("a fault is seen, approved by keyboard alone, and its recovery seen live", async () => {
  const reader = await browser.signedIn(house.token);
  const { page } = reader;
  const approval = await waiting();
  await page.getByText("Approval needed: store").waitFor();
  await reader.jump("a", "Approvals");
  await page.getByRole("article").getByText("store was ended by SIGKILL").first().waitFor();
  await page.getByText("there is nothing to undo").waitFor();
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.row), approval.id, "j does not reach the approval");
  await page.keyboard.press("a");
  await page.getByRole("dialog").waitFor();
  for (let n = 0; n < 6; n++) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog") !== null);
    assert.ok(inside, "the focus left the dialog");
  }
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await reader.focusIs(approval.id);
  await page.keyboard.press("a");
  await page.getByRole("dialog").getByRole("button", { name: "Approve" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("Approved: restart store").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.getByText("Resolved: store").waitFor({ timeout: 60_000 });
  // A busy host has incidents of its own: only the shop's count.
  await page.waitForFunction(() => ![...document.querySelectorAll("[aria-label='What needs you now'] li")].some((li) => /store|web/.test(li.textContent)));
  await page.waitForFunction(() => document.querySelector(".components .badge") && !document.querySelector(".components .badge.bad"));
  const { json } = await house.ask("GET", `${api}/approvals`);
  assert.equal(json.items.find((a) => a.id === approval.id).state, "approved");
  await reader.close();
});

promotions(at);

test("a viewer sees no buttons, and the API refuses anyhow", async () => {
  const token = await house.newToken("viewer");
  const reader = await browser.signedIn(token, "#/approvals");
  const { page } = reader;
  const approval = await waiting();
  const row = page.locator(`[data-row="${approval.id}"]`);
  await row.waitFor();
  assert.equal(await row.getByRole("button").count(), 0, "a viewer has buttons");
  await page.keyboard.press("j");
  await page.keyboard.press("a");
  assert.equal(await page.getByRole("dialog").count(), 0, "a viewer got the dialog");
  for (const hash of await pages(reader)) {
    await reader.show(hash);
    const found = await page.locator("main section").getByRole("button").allTextContents();
    assert.deepEqual(found.filter((b) => b !== "Try again"), [], `buttons for a viewer on ${hash}`);
  }
  const path = `${api}/approvals/${approval.id}/approve`;
  const own = await page.evaluate(async (p) => (await fetch(p, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" })).status, path);
  assert.equal(own, 403);
  reader.expect(/403/);
  const cookie = (await reader.context.cookies())[0];
  const foreign = await fetch(house.url + path, {
    method: "POST",
    body: "{}",
    headers: { "Content-Type": "application/json", Cookie: `${cookie.name}=${cookie.value}`, Origin: "http://evil.example" },
  });
  assert.equal(foreign.status, 403);
  await reader.close();
});

test("what a component writes stays text", async () => {
  const { json } = await house.ask("GET", `${api}/incidents`);
  const reader = await browser.signedIn(house.token, `#/incidents/${json.items.find((i) => i.component === "store").id}`);
  await reader.page.getByText(house.hostile).first().waitFor();
  assert.equal(await reader.page.locator("main img, main script").count(), 0, "a log line became markup");
  await reader.close();
});

// Between the themes only the colors differ.
for (const [theme, ...rules] of [["light"], ["dark", "color-contrast"]]) {
  test(`axe finds nothing on any page, ${theme}`, async () => {
    const reader = await browser.signedIn(house.token, "", { colorScheme: theme });
    const approval = await waiting();
    const shown = [...(await pages(reader)), ...(await reader.details())];
    for (const hash of shown) {
      await reader.show(hash);
      assert.deepEqual(await reader.axe(...rules), [], `${hash} in ${theme}`);
    }
    await reader.show("#/approvals");
    await reader.page.locator(`[data-row="${approval.id}"]`).focus();
    await reader.page.keyboard.press("r");
    await reader.page.getByRole("dialog").waitFor();
    assert.deepEqual(await reader.axe(...rules), [], `the dialog in ${theme}`);
    await reader.page.keyboard.press("Escape");
    const stranger = await browser.stranger({ colorScheme: theme });
    assert.deepEqual(await stranger.axe(...rules), [], `sign-in in ${theme}`);
    await stranger.close();
    await reader.close();
  });
}

test("nothing is wider than a phone of 360 pixels", async () => {
  const reader = await browser.signedIn(house.token, "", { viewport: { width: 360, height: 740 } });
  for (const hash of [...(await pages(reader)), ...(await reader.details())]) {
    await reader.show(hash);
    const [wide, room] = await reader.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= room, `${hash}: ${wide} px wide in ${room} px`);
  }
  await reader.close();
});

test("an approval that another one answered cannot be given again", async () => {
  const reader = await browser.signedIn(house.token, "#/approvals");
  const { page } = reader;
  const approval = await waiting();
  await page.locator(`[data-row="${approval.id}"]`).waitFor();
  await page.keyboard.press("a");
  await page.getByRole("dialog").waitFor();
  assert.equal((await house.ask("POST", `${api}/approvals/${approval.id}/approve`, { hash: approval.hash })).status, 200);
  await page.getByRole("dialog").getByText(/is approved by now/).waitFor();
  assert.ok(await page.getByRole("dialog").getByRole("button", { name: "Approve" }).isDisabled());
  await page.keyboard.press("Escape");
  await reader.close();
});

test("the types of the page fit what the daemon answers", async () => {
  const modification = "/api/v0/self-modification";
  const lists = Object.entries({
    Approval: `${api}/approvals`, Incident: `${api}/incidents`, Recovery: `${api}/recoveries`, Anomaly: `${api}/anomalies`, Component: `${api}/components`,
    Plugin: `${api}/plugins`, Signal: `${api}/signals`, Strategy: `${api}/strategies`, Maintenance: `${api}/maintenance`, Change: `${modification}/changes`,
    Link: `${api}/links`, Happening: `${api}/components/store/events`,
    AuditRecord: "/api/v0/audit/search", Token: "/api/v0/tokens",
  }).map(([type, path]) => [`api.List<api.${type}>`, path]);
  const { json } = await house.ask("GET", `${modification}/changes`);
  const others = [
    ["api.Session", "/api/v0/session"], ["api.Status", `${api}/status`], ["api.Modes", `${api}/mode`], ["api.Scoreboard", `${api}/strategies/scoreboard`],
    ["api.Safety", `${modification}/safety/enhanced-status`], ["api.Samples", `${api}/signals/host/load1`], ["api.Change", `${modification}/changes/${json.items[0].id}`],
  ];
  await house.ask("POST", `${api}/maintenance`, { component: "web", for: "1m", reason: "to have one" });
  const answers = [];
  for (const [type, path] of [...lists, ...others]) {
    const { status, json } = await house.ask("GET", path);
    assert.equal(status, 200, path);
    if (type.startsWith("api.List")) assert.ok(json.items.length > 0, `${path} is empty, which shows nothing`);
    answers.push([type, json]);
  }
  for (const m of (await house.ask("GET", `${api}/maintenance`)).json.items) await house.ask("DELETE", `${api}/maintenance/${m.id}`);
  assert.equal(complaints(answers), "");
  assert.notEqual(complaints([["api.Session", { name: "x", role: "emperor" }]]), "", "a wrong answer fits too");
});

test("rejecting needs a reason, and the reason is kept", async () => {
  const reader = await browser.signedIn(house.token, "#/approvals");
  const { page } = reader;
  const approval = await waiting();
  await page.locator(`[data-row="${approval.id}"]`).waitFor();
  await page.keyboard.press("r");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter"); // the browser asks for the reason, and goes there
  assert.ok(await page.getByRole("dialog").isVisible(), "it was rejected without a reason");
  await page.keyboard.type("<b>a deploy</b> is under way");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Rejected: restart store").waitFor();
  const { json } = await house.ask("GET", `${api}/approvals`);
  const kept = json.items.find((a) => a.id === approval.id);
  assert.equal(kept.state, "rejected");
  assert.match(kept.answer, /<b>a deploy<\/b> is under way/);
  await page.getByText("<b>a deploy</b> is under way").first().waitFor();
  await reader.close();
});

test("a signal is plotted, and read by arrow keys and as a table", async () => {
  const reader = await browser.signedIn(house.token, "#/signals");
  const { page } = reader;
  await page.getByRole("link", { name: "store rss_bytes" }).click();
  const plot = page.getByRole("slider");
  await page.locator(".uplot canvas").waitFor();
  await plot.focus();
  await page.keyboard.press("Home");
  assert.equal(await plot.getAttribute("aria-valuenow"), "0");
  await page.getByText("As a table").click();
  await page.locator(".plot tbody tr").nth(1).waitFor();
  assert.deepEqual(await reader.axe(), []);
  await reader.close();
});

test("mode, maintenance and breaker are moved from the page", async () => {
  const reader = await browser.signedIn(house.token, "#/safety");
  const { page } = reader;
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Change the mode" }).click();
  await dialog.getByRole("combobox").selectOption("supervised");
  await dialog.getByRole("button", { name: "Set the mode" }).click();
  await page.getByText("mode supervised").waitFor();
  await house.ask("PUT", `${api}/mode`, { mode: "manual" });
  await page.getByText("mode manual").waitFor();
  await page.getByRole("button", { name: "Start a window" }).click();
  await dialog.getByRole("combobox").selectOption("web");
  await dialog.getByRole("textbox").fill("soon a deploy");
  await dialog.getByRole("button", { name: "Start" }).click();
  await dialog.getByRole("alert").getByText(/write a duration/).waitFor();
  reader.expect(/422/);
  await dialog.getByRole("textbox").fill("20m a deploy");
  await dialog.getByRole("button", { name: "Start" }).click();
  await page.getByRole("button", { name: "End it" }).click();
  await dialog.getByRole("button", { name: "End it" }).click();
  await page.getByText("No window is open").waitFor();
  await page.getByRole("button", { name: "Reset the breaker" }).click();
  await dialog.getByRole("button", { name: "Reset the breaker" }).click();
  await page.getByText("The breaker is closed").waitFor();
  await reader.close();
});

linkOrders(at);
marks(at);
tokens(at);
auditLog(at);

test("a killed daemon is shown as lost, and the page goes on with the next one", async () => {
  const reader = await browser.signedIn(house.token);
  const { page } = reader;
  await house.kill();
  await page.getByText("The connection was lost").waitFor();
  reader.expect(/net::ERR_/); // which one depends on what was under way
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.getByText("The daemon does not answer").first().waitFor();
  await house.start();
  await page.getByText("The connection was lost").waitFor({ state: "detached" });
  await page.getByText("The daemon does not answer").first().waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Incidents" }).waitFor();
  await reader.close();
});

test("an answer that is cut off in the middle reads as a daemon that does not answer", async () => {
  const line = await Line.open(house.port);
  const reader = await browser.stranger({}, "", line.url);
  await reader.signIn(house.token);
  line.cutIn(`${api}/plugins`);
  await reader.page.keyboard.press("g");
  await reader.page.keyboard.press("p");
  await reader.page.getByText("The daemon does not answer").first().waitFor();
  reader.expect(/net::ERR_/);
  await reader.close();
  await line.close();
});

test("a revoked token ends the session", async () => {
  const { json } = await house.ask("POST", "/api/v0/tokens", { name: "short", role: "viewer" });
  const reader = await browser.signedIn(json.token);
  await house.ask("DELETE", `/api/v0/tokens/${json.id}`);
  reader.expect(/401/);
  await reader.page.keyboard.press("g");
  await reader.page.keyboard.press("i");
  await reader.page.getByText("Your session ended").waitFor();
  await reader.close();
});
