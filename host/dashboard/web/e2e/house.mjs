// A real daemon over the shop of examples/, in a scratch folder, on free ports,
// to be looked at with a real browser.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync, openSync, closeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const tree = resolve(import.meta.dirname, "../../../..");
const bin = (name) => join(tree, "bin", name);

/**
 * ports finds n free ports below those that the kernel gives to whoever asks for
 * any: a daemon that was killed gets its port again.
 */
async function ports(n) {
  const lowest = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s/)[0]);
  const found = new Set();
  while (found.size < n) {
    const port = lowest - 1 - Math.floor(Math.random() * Math.min(20_000, lowest - 2_000));
    const server = createServer().listen(port, "127.0.0.1");
    const free = await once(server, "listening").then(() => true, () => false);
    if (free) {
      server.close();
      await once(server, "close");
      found.add(port);
    }
  }
  return [...found];
}

const shop = (port, admin, log, more) => `[server]
listen = "127.0.0.1:${port}"
admin = "127.0.0.1:${admin}"
[log]
file = "${log}.log"
[fault]
enabled = true
file = "${log}.fault.json"
${more}`;

const config = (h) => `[healing]
mode = "manual"
detection_interval = "1s"
hold = "3s"
[state]
dir = "state"
[socket]
path = "s.sock"
[dashboard]
listen = "127.0.0.1:${h.port}"
[safety.health]
min_score = 0
cpu_max = "100%"
[[component]]
name = "store"
command = ["${bin("shop-store")}", "--config", "shop/store.toml"]
logs = ["shop/store.log"]
[[component.probe]]
type = "http"
url = "http://127.0.0.1:${h.storePort}/health"
interval = "1s"
[[component]]
name = "web"
command = ["${bin("shop-web")}", "--config", "shop/web/web.toml"]
depends_on = ["store"]
logs = ["shop/web/web.log"]
[[component.probe]]
type = "http"
url = "http://127.0.0.1:${h.webPort}/health"
interval = "1s"
[[link]]
from = "web"
to = "store"
listen = "127.0.0.1:${h.linkPort}"
target = "127.0.0.1:${h.storePort}"
type = "http"
[[root]]
name = "shop-web"
path = "shop/web"
component = "web"
watch = "10m"
confirm = "person"
[[root]]
name = "notes"
path = "notes"
watch = "10m"
confirm = "person"
[plugins.health]
kind = "detector"
path = "detector-health"
[plugins.revert]
kind = "strategy"
path = "strategy-revert"
[plugins.restart]
kind = "strategy"
path = "strategy-restart"
[plugins.timeseries]
kind = "detector"
path = "detector-timeseries"
[plugins.logs]
kind = "detector"
path = "detector-logs"
`;

export class House {
  /** open writes the settings and starts the daemon. */
  static async open() {
    const h = new House();
    h.dir = mkdtempSync(join(tmpdir(), "dashboard-"));
    [h.port, h.webPort, h.webAdmin, h.storePort, h.storeAdmin, h.linkPort] = await ports(6);
    h.url = `http://127.0.0.1:${h.port}`;
    for (const d of ["shop/web", "notes"]) mkdirSync(join(h.dir, d), { recursive: true });
    writeFileSync(join(h.dir, "notes/note.txt"), "one\n");
    writeFileSync(join(h.dir, "shop/web/web.toml"), shop(h.webPort, h.webAdmin, "web", `[store]\nurl = "http://127.0.0.1:${h.linkPort}"\n`));
    writeFileSync(join(h.dir, "shop/store.toml"), shop(h.storePort, h.storeAdmin, "store", ""));
    writeFileSync(join(h.dir, "config.toml"), config(h));
    h.hostile = `<img src=x onerror=alert(1)><script>alert(2)</script>`;
    try {
      await h.start();
      const file = join(h.dir, "state/admin-token");
      h.token = await h.until("the first token", () => existsSync(file) && readFileSync(file, "utf8").trim());
    } catch (e) {
      await h.close(); // who made it will not get it
      throw e;
    }
    return h;
  }

  /** start begins a daemon and waits until it is ready. */
  async start() {
    const log = openSync(join(this.dir, "daemon.log"), "a");
    this.daemon = spawn(bin("homeostat"), ["run", "--config", "config.toml"], { cwd: this.dir, stdio: ["ignore", log, log] });
    closeSync(log);
    await this.until("the daemon to be ready", async () => {
      if (this.daemon.exitCode !== null) throw new Error(`the daemon ended: ${this.log()}`);
      return (await fetch(`${this.url}/readyz`).catch(() => null))?.ok;
    });
  }

  log() {
    return readFileSync(join(this.dir, "daemon.log"), "utf8").slice(-4000);
  }

  /** until polls a condition, with a deadline that no healthy machine needs. */
  async until(what, fn, ms = 90_000) {
    for (const end = Date.now() + ms; Date.now() < end; ) {
      const got = await fn();
      if (got) return got;
      await new Promise((r) => setTimeout(r, 100));
    }
    throw new Error(`waited ${ms} ms for ${what}; the daemon's log ends:\n${this.log()}`);
  }

  /** kill ends the daemon without a word. */
  async kill() {
    const gone = once(this.daemon, "exit");
    this.daemon.kill("SIGKILL");
    await gone;
  }

  /** ask sends a request with a token and returns the answer's JSON. */
  async ask(method, path, body, token = this.token) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: await answer.json().catch(() => null) };
  }

  /** newToken makes a token of a role. */
  async newToken(role) {
    return (await this.ask("POST", "/api/v0/tokens", { name: role, role })).json.token;
  }

  /** fault breaks a process of the shop. */
  async fault(name, admin = this.storeAdmin) {
    appendFileSync(join(this.dir, "shop/store.log"), `${this.hostile} ${"long".repeat(2000)}\n`);
    await fetch(`http://127.0.0.1:${admin}/fault/${name}`, { method: "POST" }).catch(() => null); // who crashes does not answer
  }

  /** close ends everything that was started, components included. */
  async close() {
    const pids = [];
    if (this.daemon.exitCode === null && this.daemon.signalCode === null) {
      for (const path of ["components", "links"]) {
        const list = await this.ask("GET", `/api/v0/self-healing/${path}`).catch(() => null);
        pids.push(...(list?.json?.items ?? []).map((x) => x.pid ?? x.proxy?.pid).filter(Boolean));
      }
      const gone = once(this.daemon, "exit");
      this.daemon.kill("SIGTERM");
      await gone;
    }
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // it ended by itself
      }
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}
