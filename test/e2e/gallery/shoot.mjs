// Takes pictures of the gallery: node test/e2e/gallery/shoot.mjs <folder> [scene ...], after `vite build --config test/e2e/gallery/vite.config.ts`.
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { chromium } from 'playwright'

const built = process.env.GALLERY_OUT ?? '/tmp/walkback-gallery'
const [folder = '/tmp/shots', ...wanted] = process.argv.slice(2)
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://x').pathname
  const file = join(built, path === '/' ? 'index.html' : path)
  if (!existsSync(file)) return response.writeHead(404).end()
  response.writeHead(200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-__CSP_NONCE__'; img-src 'self' data:; font-src 'self'; connect-src 'self'; require-trusted-types-for 'script'",
  })
  createReadStream(file).pipe(response)
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
const address = server.address()
const origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`

const importLink = '?idle#/copy/import?path=/root/customers.csv.gz&database=orders&schema=public&table=customers'
/** Goes on through a wizard, each time as soon as it may. */
const steps =
  (...names) =>
  async (page) => {
    for (const name of names) {
      await page.getByRole('button', { name: `Next: ${name}` }).click()
      await page.waitForTimeout(600)
    }
  }
const story = '?idle#/restore/point?system=7614118026514903417'
/** Types the moment of the story, so that the cursor stands there, and shows what the mock-up shows. */
const storyMoment = (time) => async (page) => {
  await page.getByLabel('Time, to the microsecond').fill(time)
  await page.waitForTimeout(600)
}
const press = (name) => async (page) =>
  page
    .getByRole('button', { name, exact: typeof name === 'string' })
    .first()
    .click()
/** name: address, what to do before the picture */
const scenes = {
  overview: ['?idle#/overview'],
  empty: ['?empty#/overview'],
  jobs: ['#/jobs'],
  run: ['#/jobs/run', async (page) => page.waitForTimeout(6000)],
  search: [
    '#/jobs/run',
    async (page) => {
      await page.getByRole('searchbox').fill('order')
      await page.waitForTimeout(500)
    },
  ],
  stalled: ['?stalled#/jobs/run'],
  errors: ['?idle#/jobs/errors'],
  message: ['?idle#/jobs/errors', async (page) => page.getByRole('radio', { name: 'By message' }).click()],
  errorlog: ['?idle#/jobs/errors?line=2212', async (page) => page.waitForTimeout(500)],
  kinds: ['?idle#/jobs/errors', press(/restored without errors/)],
  rowsway: ['?idle#/jobs/errors', press('Show the rows in the way')],
  notvalid: ['?idle#/jobs/errors', press('Add as NOT VALID…')],
  notvalidreadonly: ['?idle&readonly#/jobs/errors', press('Add as NOT VALID…')],
  notvalidadded: [
    '?idle#/jobs/errors',
    async (page) => {
      await press('Add as NOT VALID…')(page)
      await press('Add as NOT VALID')(page)
    },
  ],
  notvalidafter: [
    '?idle#/jobs/errors',
    async (page) => {
      await press('Add as NOT VALID…')(page)
      await press('Add as NOT VALID')(page)
      await page.getByRole('button', { name: 'Close', exact: true }).last().click()
    },
  ],
  replaced: ['?idle#/jobs/replaced'],
  keptreadonly: ['?idle&readonly#/jobs/replaced'],
  keptgone: ['?idle&gone#/jobs/replaced'],
  keptlost: ['?idle&unreachable#/jobs/replaced'],
  keptdrop: ['?idle#/jobs/replaced', press('Drop the kept database…')],
  keptused: [
    '?idle&used#/jobs/replaced',
    async (page) => {
      await press('Drop the kept database…')(page)
      await page.getByRole('dialog').getByRole('textbox').fill('orders_before_20261122_130211')
      await page.getByRole('dialog').getByRole('button', { name: 'Drop the kept database' }).click()
    },
  ],
  keptdropped: [
    '?idle#/jobs/replaced',
    async (page) => {
      await press('Drop the kept database…')(page)
      await page.getByRole('dialog').getByRole('textbox').fill('orders_before_20261122_130211')
      await page.getByRole('dialog').getByRole('button', { name: 'Drop the kept database' }).click()
    },
  ],
  report: ['?idle#/jobs/errors', press('Save report…')],
  reportsaved: [
    '?idle#/jobs/errors',
    async (page) => {
      await press('Save report…')(page)
      await page.waitForTimeout(300)
      await press('Save')(page)
    },
  ],
  ok: ['?idle#/jobs/ok'],
  failed: ['?idle#/jobs/failed'],
  settings: ['?idle#/settings'],
  chooser: ['#/overview', press(/orders-prod/)],
  add: [
    '?idle#/overview',
    async (page) => {
      await press(/orders-prod/)(page)
      await page.getByRole('menuitem', { name: /Add a server/ }).click()
      await page.waitForTimeout(300)
    },
  ],
  edit: [
    '?idle#/overview',
    async (page) => {
      await press(/orders-prod/)(page)
      await page.getByRole('menuitem', { name: /^Edit/ }).click()
      await page.waitForTimeout(300)
      await press('Test')(page)
    },
  ],
  manage: [
    '?idle#/overview',
    async (page) => {
      await press(/orders-prod/)(page)
      await page.getByRole('menuitem', { name: /Manage/ }).click()
      await page.waitForTimeout(300)
    },
  ],
  look: [
    '?idle#/overview',
    async (page) => {
      await press(/Look inside orders/)(page)
      await page.waitForTimeout(400)
      await page.getByRole('button', { name: /public.customers/ }).click()
    },
  ],
  drop: [
    '?idle#/overview',
    async (page) => {
      await press(/More for orders/)(page)
      await page.getByRole('menuitem', { name: /Drop/ }).click()
    },
  ],
  palette: [
    '#/jobs',
    async (page) => {
      await page.keyboard.press('Control+k')
      await page.waitForTimeout(400)
    },
  ],
  shortcuts: [
    '#/jobs',
    async (page) => {
      await page.keyboard.press('?')
    },
  ],
  bell: ['#/jobs', press(/Ended jobs/)],
  cancel: ['#/jobs/run', press(/^Cancel$/)],
  lost: ['?connection=lost&idle#/jobs'],
  nosession: ['?connection=no-session#/jobs'],
  folder: ['?idle#/settings', press(/Browse/)],
  point: [story, storyMoment('09:14:32.500000')],
  'point-unreachable': [story, storyMoment('01:20:00')],
  'point-hour': [
    story,
    async (page) => {
      await storyMoment('09:14:32.500000')(page)
      await page.getByRole('button', { name: '1 hour in view' }).click()
    },
  ],
  'point-week': [
    story,
    async (page) => {
      await storyMoment('09:14:32.500000')(page)
      await page.getByRole('button', { name: '7 days in view' }).click()
    },
  ],
  'point-deep': [
    story,
    async (page) => {
      await storyMoment('09:14:32.500000')(page)
      for (let n = 0; n < 15; n += 1) await page.getByRole('button', { name: 'Zoom in' }).click()
    },
  ],
  'point-hover': [
    story,
    async (page) => {
      await storyMoment('09:14:32.500000')(page)
      await page.mouse.move(720, 270)
      await page.waitForTimeout(600)
    },
  ],
  'point-end': [
    story,
    async (page) => {
      await page.getByRole('slider').focus()
      await page.keyboard.press('End')
    },
  ],
  'point-source': ['?idle#/restore/point'],
  copy: ['?idle#/copy'],
  'export-what': ['?idle#/copy/export?database=orders&schema=public&table=customers'],
  'export-file': ['?idle#/copy/export?database=orders&schema=public&table=customers', steps('File')],
  'export-options': ['?idle#/copy/export?database=orders&schema=public&table=customers', steps('File', 'Options')],
  'export-review': ['?idle#/copy/export?database=orders&schema=public&table=customers', steps('File', 'Options', 'Review')],
  'import-file': [importLink],
  'import-target': [importLink, steps('Target')],
  'import-create': [
    importLink,
    async (page) => {
      await steps('Target')(page)
      await page.getByRole('radio', { name: /A new table/ }).check()
      await page.waitForTimeout(600)
    },
  ],
  'import-options': [importLink, steps('Target', 'Options')],
  'import-review': [importLink, steps('Target', 'Options', 'Review')],
  'table-source': ['?idle#/copy/table?database=orders&schema=public&table=customers'],
  'table-destination': [
    '?idle#/copy/table?database=orders&schema=public&table=customers',
    async (page) => {
      await steps('Destination')(page)
      await page.getByLabel('Server to copy to').selectOption({ index: 2 })
      await page.getByLabel('Database there').selectOption('analytics')
      await page.getByRole('radio', { name: 'public.customers' }).check()
    },
  ],
}
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
for (const [name, [address, act]] of Object.entries(scenes)) {
  const chosen = wanted.filter((each) => each.split('.')[0] === name)
  if (wanted.length > 0 && chosen.length === 0) continue
  const dark = chosen.some((each) => each.includes('.dark'))
  const wide = chosen.some((each) => each.includes('.wide'))
  const context = await browser.newContext({
    viewport: wide ? { width: 1600, height: 1000 } : { width: 1280, height: 800 },
    colorScheme: dark ? 'dark' : 'light',
    timezoneId: 'Europe/Berlin',
  })
  const page = await context.newPage()
  page.on('console', (message) => message.type() === 'error' && console.log(name, message.text()))
  page.on('pageerror', (error) => console.log(name, String(error)))
  await page.goto(`${origin}/${address}`)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.waitForTimeout(700)
  try {
    await act?.(page)
  } catch (error) {
    console.log(name, String(error).split('\n')[0])
  }
  await page.waitForTimeout(400)
  await page.screenshot({ path: join(folder, `${name}${dark ? '.dark' : ''}${wide ? '.wide' : ''}.png`) })
  await context.close()
}
await browser.close()
server.close()
