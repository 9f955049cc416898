// Builds web/static/dist: our theme from designsystemet.config.json, one style sheet, the fonts, and the licences.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "dist");
const shipped = ["@digdir/designsystemet-css", "@digdir/designsystemet", "@fontsource-variable/inter"];

function theme() {
  const program = join(here, "node_modules/@digdir/designsystemet/dist/bin/designsystemet.js");
  const run = (...args) => execFileSync(process.execPath, [program, ...args], { cwd: here, stdio: ["ignore", "ignore", "inherit"] });
  run("tokens", "create", "--clean");
  run("tokens", "build", "--tokens", ".build/tokens", "--out-dir", ".build/theme", "--clean");
}

function licences() {
  const part = (name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
  };
  writeFileSync(join(out, "LICENSES.txt"), shipped.map(part).join(`\n${"-".repeat(72)}\n\n`));
}

theme();
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: ["src/site.css"],
  outdir: out,
  bundle: true,
  minify: true,
  target: ["chrome111", "firefox113", "safari16.4"],
  loader: { ".woff2": "file", ".svg": "dataurl" },
  assetNames: "[name]-[hash]",
  logLevel: "warning",
});
licences();
