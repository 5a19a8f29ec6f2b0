// Tokens, whose secrets are shown once, and the log of who did what.
import assert from "node:assert/strict";
import { test } from "node:test";

/** tokens makes a token and revokes it. */
export function tokens(at) {
  test("a token is made, shown once, and revoked, by keyboard", async () => {
    const [house, browser] = at();
    const reader = await browser.signedIn(house.token);
    const { page } = reader;
    const dialog = page.getByRole("dialog");
    await reader.jump("k", "Tokens");
    await reader.press("Make a token");
    await dialog.getByRole("combobox").waitFor();
    await page.keyboard.type("o"); // the list goes to operator
    await page.keyboard.press("Tab");
    await page.keyboard.type("<i>night shift</i>");
    await page.keyboard.press("Tab");
    await page.keyboard.type("soon");
    await page.keyboard.press("Enter");
    await dialog.getByRole("alert").getByText(/no length of time/).waitFor();
    reader.expect(/422/);
    await dialog.getByLabel("How long").fill("1h");
    await page.keyboard.press("Enter");
    const secret = await page.locator(".secret").textContent();
    const { json } = await house.ask("GET", "/api/v0/tokens");
    const made = json.items.find((t) => t.name === "<i>night shift</i>");
    assert.equal(made.role, "operator");
    assert.ok(made.expires, "it does not expire");
    assert.equal((await house.ask("GET", "/api/v0/session", undefined, secret)).json.name, `token:${made.id}`);
    assert.deepEqual(await reader.axe(), []);
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
    await reader.press("I have it");
    await page.locator(".secret").waitFor({ state: "detached" });
    assert.ok(!(await page.content()).includes(secret), "the secret is still in the page");
    await reader.reach(made.id);
    await reader.press("Revoke");
    await dialog.getByText("cannot be brought back").waitFor();
    await reader.answer("Revoke");
    await page.getByText("Revoked: <i>night shift</i>").waitFor();
    await page.locator(`[data-row="${made.id}"]`).waitFor({ state: "detached" });
    assert.equal((await house.ask("GET", "/api/v0/self-healing/status", undefined, secret)).status, 401);
    await reader.close();
  });

  test("tokens are not for operators", async () => {
    const [house, browser] = at();
    const reader = await browser.signedIn(await house.newToken("operator"), "#/tokens");
    await reader.page.getByText("Tokens are for admins").waitFor();
    assert.equal(await reader.page.getByRole("link", { name: "Tokens" }).count(), 0);
    await reader.close();
  });
}

/** auditLog finds records and goes through their pages. */
export function auditLog(at) {
  test("the audit log is searched and read page by page", async () => {
    const [house, browser] = at();
    const kind = "safety.breaker_reset";
    for (let n = 0; n < 51; n++) assert.equal((await house.ask("POST", "/api/v0/self-modification/safety/circuit-breaker/reset")).status, 200);
    const want = (await house.ask("GET", `/api/v0/audit/search?limit=1000&kind=${kind}`)).json.items.map((r) => String(r.seq));
    const reader = await browser.signedIn(house.token);
    const { page } = reader;
    await reader.jump("u", "Audit log");
    await page.getByLabel("Kind begins with").fill(kind);
    await page.keyboard.press("Enter");
    const rows = () => page.locator("main [data-row]").evaluateAll((all) => all.map((r) => r.dataset.row));
    const full = (k) => {
      const rows = [...document.querySelectorAll("main [data-row]")];
      return rows.length === 50 && rows.every((r) => r.textContent.includes(k)); // the sign-in is in the log too, and not here
    };
    await page.waitForFunction(full, kind);
    assert.deepEqual(await rows(), want.slice(0, 50));
    await page.getByRole("link", { name: "Older" }).click();
    await page.locator(`[data-row="${want[50]}"]`).waitFor();
    assert.deepEqual(await rows(), want.slice(50));
    await page.getByRole("link", { name: "Newest" }).click();
    await page.waitForFunction(full, kind);
    await page.getByRole("button", { name: "Verify the log" }).click();
    await reader.answer("Verify");
    await page.getByText("The log is whole").waitFor();
    await page.getByLabel("About, in full").fill("<img src=x onerror=alert(1)>");
    await page.keyboard.press("Enter");
    await page.getByText("No record matches").waitFor();
    await reader.close();
  });
}
