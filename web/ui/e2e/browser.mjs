// Starts the system's Chromium for tests and pictures.
import { chromium } from 'playwright-core';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  });
}

export const SIZES = { 1440: { width: 1440, height: 900 }, 390: { width: 390, height: 844 } };

/** A page in a scheme and a size; a phone has touch and two pixels a point. */
export async function newPage(browser, scheme, width) {
  const phone = width < 760;
  const context = await browser.newContext({
    viewport: SIZES[width], colorScheme: scheme, deviceScaleFactor: phone ? 2 : 1, hasTouch: phone, reducedMotion: 'reduce',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return page;
}
