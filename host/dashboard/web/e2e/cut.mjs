// A line between the browser and the daemon that can be cut in the middle of
// an answer, as a daemon that is killed cuts it.
import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Line {
  /** open forwards a port of its own to the daemon's. */
  static async open(port) {
    const line = new Line();
    line.sockets = new Set();
    line.server = createServer((near) => line.#join(near, connect(port, "127.0.0.1")));
    line.server.listen(0, "127.0.0.1");
    await once(line.server, "listening");
    line.url = `http://127.0.0.1:${line.server.address().port}`;
    return line;
  }

  /** cutIn ends the connection in the middle of the next answer to a path. */
  cutIn(path) {
    this.path = path;
  }

  #join(near, far) {
    let cut = false;
    for (const s of [near, far]) {
      this.sockets.add(s);
      s.on("error", () => s.destroy()); // the other end left, as it may
      s.on("close", () => this.sockets.delete(s) && (s === near ? far : near).destroy());
    }
    near.on("data", (d) => {
      if (this.path && d.includes(`GET ${this.path}`)) [cut, this.path] = [true, undefined];
      far.write(d);
    });
    far.on("data", (d) => {
      if (!cut) near.write(d);
      else near.end(d.subarray(0, d.indexOf("\r\n\r\n") + 6));
    });
  }

  async close() {
    for (const s of this.sockets) s.destroy();
    this.server.close();
    await once(this.server, "close");
  }
}
