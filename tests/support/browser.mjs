// Opens reports in a browser as their readers do, and prints what is wrong with them, a line each.
//
// node browser.mjs MODULES BROWSER PAGE… — MODULES is the folder with playwright-core and axe-core.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, executablePath, ...pages] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath, args, chromiumSandbox: false });
let wrong = 0;
function fail(page, what) {
  wrong += 1;
  console.log(`${basename(page)}: ${what}`);
}

async function open(page, options, work) {
  const context = await browser.newContext({ bypassCSP: true, ...options });
  try {
    const tab = await context.newPage();
    tab.on('pageerror', (error) => fail(page, `its script fails: ${error.message}`));
    await tab.goto(pathToFileURL(page).href);
    await work(tab);
  } finally {
    await context.close();
  }
}

const visible = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility()).length;

for (const page of pages) {
  // Each width in one scheme: layouts do not depend on colours.
  for (const [width, height, colorScheme] of [[1280, 900, 'light'], [390, 844, 'dark']]) {
    await open(page, { viewport: { width, height }, colorScheme }, async (tab) => {
      await tab.addScriptTag({ content: axe });
      const found = await tab.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
      for (const rule of found.violations) {
        const places = rule.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(', ');
        fail(page, `${width} ${colorScheme}: ${rule.id} at ${places}`);
      }
      const wide = await tab.evaluate(() => document.scrollingElement.scrollWidth);
      if (wide > width) fail(page, `it scrolls sideways: ${wide} of ${width} pixels`);
    });
  }

  // Keys alone: the search, the choice of a chapter, the links.
  await open(page, { viewport: { width: 1280, height: 900 } }, async (tab) => {
    const all = await tab.evaluate(visible, '[data-row]');
    const seen = new Set();
    for (let presses = 0; presses < 60; presses += 1) {
      await tab.keyboard.press('Tab');
      const at = await tab.evaluate(() => {
        const one = document.activeElement;
        if (!one || one === document.body) return null;
        const style = getComputedStyle(one);
        const marked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        const words = (one.textContent || '').trim().slice(0, 40);
        return { name: `${one.tagName.toLowerCase()}#${one.id} ${words}`, id: one.id, marked };
      });
      if (!at) break;
      if (!at.marked) fail(page, `the focus does not show: ${at.name}`);
      seen.add(at.id || at.name);
      if (at.id === 'q') {
        await tab.keyboard.type('zzz-not-there');
        if (await tab.evaluate(visible, '[data-row]') > 0) fail(page, 'a search for nothing shows rows');
        await tab.keyboard.press('Control+A');
        await tab.keyboard.press('Delete');
        if (await tab.evaluate(visible, '[data-row]') !== all) fail(page, 'an emptied search hides rows');
        const who = await tab.evaluate(() => document.querySelector('[data-who*=" "]')?.dataset.who.split('|')[0]);
        if (who) {
          await tab.keyboard.type(who.split(' ', 1)[0]);
          const found = await tab.evaluate(visible, '[data-row]');
          if (found < 1 || found > all) fail(page, `a search for ${who} finds ${found} of ${all} rows`);
          await tab.keyboard.press('Control+A');
          await tab.keyboard.press('Delete');
        }
      }
      if (at.id === 'show') {
        await tab.keyboard.press('ArrowDown');
        if (await tab.evaluate(() => document.getElementById('show').selectedIndex) !== 1) fail(page, 'no key chooses a chapter');
        await tab.keyboard.press('ArrowUp');
      }
    }
    for (const id of ['q', 'show']) {
      const there = await tab.evaluate((name) => document.getElementById(name) !== null, id);
      if (there && !seen.has(id)) fail(page, `no key reaches #${id}`);
    }
  });

  // Without script all rows are there, and no control that needs one.
  const rows = async (options, media) => {
    let count = 0;
    await open(page, options, async (tab) => {
      if (media) await tab.emulateMedia({ media });
      count = await tab.locator('[data-row]').evaluateAll((all) => all.filter((one) => one.checkVisibility()).length);
      if (await tab.locator('#filter').isVisible()) fail(page, `the search shows ${media || 'without script'}`);
    });
    return count;
  };
  let total = 0;
  await open(page, {}, async (tab) => { total = await tab.locator('[data-row]').count(); });
  if (await rows({ javaScriptEnabled: false }) !== total) fail(page, 'rows are hidden without script');
  if (await rows({}, 'print') !== total) fail(page, 'rows are hidden in print');
}
await browser.close();
process.exit(wrong ? 1 : 0);
