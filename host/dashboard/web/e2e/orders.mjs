// What operators order from the page, by keyboard, and what a real daemon made of it.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const api = "/api/v0/self-healing";

/** componentOrders stops and starts a component, and gives it a mode. */
export function componentOrders(at) {
  test("a component is stopped and started by keyboard", async () => {
    const [house, browser] = at();
    const reader = await browser.signedIn(house.token);
    const { page } = reader;
    const state = (want) => house.until(`web to be ${want}`, async () => (await house.ask("GET", `${api}/components/web`)).json.state === want);
    await state("up");
    await reader.jump("m", "Components");
    await reader.enter("web");
    await page.getByRole("heading", { name: "web", exact: true }).waitFor();
    await reader.press("Stop");
    await page.getByRole("dialog").getByText("It stays stopped").waitFor();
    await reader.answer("Stop", "<b>a new disk</b>");
    await page.locator("dl .badge", { hasText: "stopped" }).waitFor();
    await state("stopped");
    const { json } = await house.ask("GET", "/api/v0/audit?limit=1000");
    assert.equal(json.items.find((r) => r.kind === "component.stop")?.fields.reason, "<b>a new disk</b>");
    await reader.press("Start");
    await reader.answer("Start");
    await page.locator("dl .badge", { hasText: "up" }).waitFor();
    await state("up");
    await page.locator(".log .badge", { hasText: "stopped" }).first().waitFor(); // what happened is kept
    await reader.close();
  });

  test("a component is given a mode of its own, and loses it again", async () => {
    const [house, browser] = at();
    const reader = await browser.signedIn(house.token, "#/components/store");
    const { page } = reader;
    const dialog = page.getByRole("dialog");
    await page.getByText("it has none of its own").waitFor();
    for (const [choice, shown] of [["learning", "its own is learning, set live"], ["automated wins", "its own is automated, which wins, set live"], ["", "it has none of its own"]]) {
      await page.getByRole("button", { name: "Set its mode" }).click();
      await dialog.getByRole("combobox").selectOption(choice);
      await dialog.getByRole("button", { name: "Set the mode" }).click();
      await page.getByText(shown).waitFor();
    }
    await reader.close();
  });
}

/** linkOrders opens a link and closes it. */
export function linkOrders(at) {
  test("a link is opened, held and closed by keyboard", async () => {
    const [house, browser] = at();
    const reader = await browser.signedIn(house.token);
    const { page } = reader;
    const status = async () => (await fetch(`http://127.0.0.1:${house.linkPort}/health`)).status;
    await reader.jump("l", "Links");
    await reader.enter("web/store");
    await page.getByRole("heading", { name: "web → store" }).waitFor();
    await reader.press("Open");
    await reader.answer("Open the link", "moving the store");
    await page.locator("dl .badge", { hasText: "held open" }).waitFor();
    await page.getByText("moving the store").first().waitFor();
    assert.equal(await status(), 503, "an open link lets through");
    await reader.press("Close");
    await reader.answer("Close the link");
    await page.locator("dl .badge", { hasText: "closed" }).waitFor();
    assert.equal((await house.ask("GET", `${api}/links/web/store`)).json.state, "closed");
    assert.notEqual(await status(), 503, "a closed link does not let through");
    await reader.close();
  });
}

/** changeOrders rolls a change back, and allows it again. */
export function changeOrders(at) {
  test("a watched change is rolled back by keyboard, and allowed again", async () => {
    const [house, browser] = at();
    const before = readFileSync(join(house.dir, "notes/note.txt"), "utf8");
    const base = "/api/v0/self-modification/changes";
    const submit = async () => {
      const { json } = await house.ask("POST", base, { root: "notes", reason: "a worse note", edits: [{ path: "note.txt", content: "worse\n" }] });
      return (await house.ask("GET", `${base}/${json.id}?wait=40s`)).json; // once it is no longer on its way
    };
    const sent = await submit();
    assert.equal(sent.state, "watching", JSON.stringify(sent));
    const reader = await browser.signedIn(house.token, `#/changes/${sent.id}`);
    const { page } = reader;
    await page.getByRole("heading", { name: "Difference" }).waitFor();
    await reader.press("Roll back");
    await reader.answer("Roll back", "it is worse");
    await page.locator("dl .badge", { hasText: "rolled back" }).waitFor();
    assert.equal(readFileSync(join(house.dir, "notes/note.txt"), "utf8"), before);
    const again = await submit();
    assert.ok(again.state === "refused" && again.refusals.some((r) => r.rule === "memory.rejected"), `it is not remembered: ${JSON.stringify(again)}`);
    await reader.press("Allow again");
    await reader.answer("Allow again");
    await page.getByText(`It may be submitted again: ${sent.id}`).waitFor();
    const third = await submit();
    assert.equal(third.state, "watching", JSON.stringify(third));
    await house.ask("POST", `${base}/${third.id}/confirm`);
    await house.until("it to be kept", async () => (await house.ask("GET", `${base}/${third.id}`)).json.state === "kept");
    await reader.close();
  });
}

/** promotions lets a strategy act unasked, and takes that back. */
export function promotions(at) {
  test("a strategy is promoted and demoted by keyboard", async () => {
    const [house, browser] = at();
    const board = `${api}/strategies/scoreboard`;
    const row = (json) => json.items.find((s) => s.strategy === "restart" && s.component === "store");
    await house.until("the restart to be on the scoreboard", async () => row((await house.ask("GET", board)).json));
    const reader = await browser.signedIn(house.token);
    const { page } = reader;
    // The bar wants a day of decisions: the browser is told that it is passed. All else is the daemon's own.
    await page.route(`**${board}`, async (route) => {
      const response = await route.fetch();
      const json = await response.json();
      row(json).passes = true;
      await route.fulfill({ response, json });
    });
    await reader.jump("t", "Strategies");
    const cell = page.getByRole("row", { name: /restart.*store/ });
    await cell.getByText("passes the bar").waitFor();
    await reader.press("Promote");
    await page.getByRole("dialog").getByText("no person is asked").waitFor();
    await reader.answer("Promote");
    await cell.getByText("promoted by token:").waitFor();
    assert.match(row((await house.ask("GET", board)).json).promoted_by, /^token:/);
    await reader.press("Demote");
    await reader.answer("Demote");
    await cell.getByText("passes the bar").waitFor();
    assert.equal(row((await house.ask("GET", board)).json).promoted_by, undefined);
    await page.unrouteAll({ behavior: "wait" });
    await reader.close();
  });
}

/** marks tells a detector that it was wrong, and right. */
export function marks(at) {
  test("an anomaly is marked wrong and right by keyboard", async () => {
    const [house, browser] = at();
    appendFileSync(join(house.dir, "shop/web/web.log"), "reverse mapping failed - POSSIBLE BREAK-IN ATTEMPT!\n");
    const found = await house.until("the line to be reported", async () => (await house.ask("GET", `${api}/anomalies`)).json.items.find((a) => a.detector === "logs" && a.component === "web"));
    const reader = await browser.signedIn(house.token);
    const { page } = reader;
    await reader.jump("n", "Anomalies");
    await reader.reach(found.id);
    for (const [key, act, title] of [["x", "Mark as wrong", "false alarm"], ["y", "Mark as right", "rightly reported"]]) {
      await reader.focusIs(found.id); // a dialog gives the focus back
      await page.keyboard.press(key);
      await page.getByRole("dialog").getByText(title).waitFor();
      await reader.answer(act);
      await page.getByText("logs took the mark").first().waitFor();
    }
    const log = () => readFileSync(join(house.dir, "daemon.log"), "utf8");
    for (const right of ["false", "true"]) await house.until("the detector to tell of the mark", () => new RegExp(`took an operator's mark.*right=${right}`).test(log()));
    await reader.close();
  });
}
