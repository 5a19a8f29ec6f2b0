// What operators order from the page, by keyboard, and what a real daemon made of it.
import assert from "node:assert/strict";
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
    await page.keyboard.press("g");
    await page.keyboard.press("m");
    await page.getByRole("heading", { name: "Components", level: 1 }).waitFor();
    await reader.goTo("web");
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
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await reader.goTo("web/store");
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
