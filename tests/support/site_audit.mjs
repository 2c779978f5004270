// Audit of the built site in Chromium: axe-core at a phone's and a desk's width, in both colour schemes, and the keyboard.
//
// node tests/support/site_audit.mjs SITE TOOLS [PICTURES]: SITE is what `make site` built, TOOLS a folder with axe-core and
// puppeteer-core, PICTURES a folder for a picture of every page. Exits with 1 where something is found.

import { createServer } from "node:http";
import { readdirSync, readFileSync, mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, join, relative, resolve } from "node:path";

const [site, tools, pictures] = process.argv.slice(2).map((path) => path && resolve(path));
const require = createRequire(join(tools, "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = { phone: { width: 390, height: 844, isMobile: true, hasTouch: true }, desk: { width: 1280, height: 900 } };
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png" };

function pagesBelow(folder) {
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return pagesBelow(path);
    return name.endsWith(".html") && name !== "404.html" ? [relative(site, path)] : [];
  });
}

const server = createServer((request, response) => {
  const path = join(site, decodeURIComponent(new URL(request.url, "http://x").pathname).replace(/\/$/, "/index.html"));
  try {
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(readFileSync(path));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const home = `http://127.0.0.1:${server.address().port}/`;
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const found = new Map();
function report(what, where) {
  if (!found.has(what)) console.log(`${what}: ${where}`);
  found.set(what, [...(found.get(what) ?? []), where]);
}

async function opened(page, path, width, scheme) {
  await page.setViewport(WIDTHS[width]);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }]);
  await page.goto(home + path, { waitUntil: "networkidle0" });
}

async function audited(page, path, width, scheme) {
  await opened(page, path, width, scheme);
  await page.evaluate(axe);
  const where = `${path} (${width}, ${scheme})`;
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
  for (const one of violations)
    for (const node of one.nodes) report(`${one.id} [${one.impact}]: ${one.help}`, `${where} ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`);
  const spill = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (spill > 0) report("the page is wider than the screen", `${where}: by ${spill} px`);
}

async function keyboard(page) {
  await opened(page, "index.html", "desk", "light");
  const seen = new Set();
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      return { name: `${one.tagName} ${one.textContent.trim().slice(0, 30) || one.getAttribute("aria-label") || one.title}`, ring, shown: box.width > 0 && box.height > 0, tag: one.tagName, type: one.type };
    });
    if (focus.tag === "BODY") break;
    seen.add(focus.name);
    if (focus.tag === "INPUT") continue; // the theme's switches: their label shows where the keyboard is
    if (!focus.shown) report("the keyboard reaches what is not shown", focus.name);
    else if (!focus.ring) report("no ring shows where the keyboard is", focus.name);
  }
  if (seen.size < 20) report("the keyboard reaches few places", `${seen.size} on index.html`);
  if (pictures) await page.screenshot({ path: join(pictures, "keyboard.png") });
}

async function searched(page) {
  for (const [words, wanted] of [["baseline", "adopt.html"], ["PIN103", "rules/PIN103.html"], ["air-gapped layout", "air-gapped.html"], ["stdin", "ci.html"], ["Renovate", "renovate.html"]]) {
    await opened(page, "index.html", "desk", "light");
    await page.keyboard.down("Control");
    await page.keyboard.press("k");
    await page.keyboard.up("Control");
    await new Promise((done) => setTimeout(done, 1500)); // the index is fetched
    await page.keyboard.type(words, { delay: 20 });
    try {
      await page.waitForFunction((target) => [...document.querySelectorAll("*")].some((one) => one.shadowRoot && [...one.shadowRoot.querySelectorAll("a")].some((found) => found.href.includes(target))), { timeout: 8000 }, wanted);
    } catch {
      report("the search does not find", `${words}: ${wanted}`);
    }
    if (pictures) await page.screenshot({ path: join(pictures, `search-${words.split(" ")[0]}.png`) });
  }
}

// Rules' pages are of one make: the first stands for them.
const pages = pagesBelow(site).filter((path) => !/PIN\d+/.test(path) || path.endsWith("PIN001.html"));
const page = await browser.newPage();
for (const path of pages) {
  for (const width of Object.keys(WIDTHS)) {
    await audited(page, path, width, "light");
    if (pictures) {
      mkdirSync(pictures, { recursive: true });
      await page.screenshot({ path: join(pictures, `${path.replaceAll("/", "-").replace(".html", "")}-${width}.png`) });
    }
  }
  await audited(page, path, "desk", "dark");
}
await keyboard(page);
await searched(page);
await browser.close();
server.close();
for (const [what, places] of found) console.log(`${places.length} times ${what}`);
console.log(`${pages.length} pages at two widths and in two schemes: ${found.size} kinds of faults`);
process.exitCode = found.size ? 1 : 0;
