// Holds src/api/types.ts to what a real daemon answered: the answers are
// written as values of those types, and the compiler judges.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const web = resolve(import.meta.dirname, "..");
const place = resolve(web, "../../../.cache/dashboard/types");

const head = `import type * as api from "${relative(place, join(web, "src/api/types"))}";
// What the page does not read may be there as well.
type Open<T> = T extends (infer U)[] ? Open<U>[] : T extends object ? { [K in keyof T]: Open<T[K]> } & { [more: string]: unknown } : T;
`;

/** complaints returns what the compiler says of answers, each with its type; empty when they fit. */
export function complaints(answers) {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const values = answers.map(([type, json], n) => `export const answer${n}: Open<${type}> = ${JSON.stringify(json, null, 1)};\n`);
  writeFileSync(join(place, "answers.ts"), head + values.join(""));
  const options = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, module: "ESNext", moduleResolution: "bundler", target: "ES2023", types: [] };
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["answers.ts"] }));
  const run = spawnSync(join(web, "node_modules/.bin/tsc"), ["-p", place], { encoding: "utf8" });
  return run.status === 0 ? "" : `${run.stdout}${run.stderr}` || `tsc ended with ${run.status}`;
}
