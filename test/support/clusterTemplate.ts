// Makes test clusters quickly: initdb once per version into the cache, then a copy with a system identifier of its own.
import { execFile } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from './installPostgres.mjs'

const run = promisify(execFile)
/** Of the templates only; every cluster gets a random one of its own. */
const templatePassword = 'template-of-walkback-tests'
const recipe = 1

export interface TestAccount {
  name: string
  uid: number
  gid: number
  /** What spawn needs to become it; empty when we are it already. */
  spawn: { uid?: number; gid?: number }
}

/** PostgreSQL refuses root, so as root the postgres account runs the servers. */
export function testAccount(): TestAccount {
  const uid = process.getuid?.() ?? -1
  if (uid !== 0) return { name: process.env.USER ?? String(uid), uid, gid: process.getgid?.() ?? -1, spawn: {} }
  const line = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'))
  const [, , own, group] = line?.split(':') ?? []
  if (!own || !group) throw new Error('There is no account named postgres. Run: node test/support/installPostgres.mjs')
  return { name: 'postgres', uid: Number(own), gid: Number(group), spawn: { uid: Number(own), gid: Number(group) } }
}

/** Copies the template to `dataDir`, making the template first when this version has none yet. */
export async function templateCluster(major: number, bin: string, dataDir: string): Promise<{ password: string; conf: string }> {
  const account = testAccount()
  const { stdout } = await run(path.join(bin, 'postgres'), ['--version'])
  const version = /\(PostgreSQL\) (\S+)/.exec(stdout)?.[1] ?? String(major)
  const templates = path.join(cacheFolder(), `templates-${account.uid}`)
  const template = path.join(templates, `${version}-${recipe}`)
  if (!fs.existsSync(template)) {
    fs.mkdirSync(templates, { recursive: true, mode: 0o755 })
    const making = fs.mkdtempSync(path.join(templates, 'making-'))
    fs.chownSync(making, account.uid, account.gid)
    try {
      const passwordFile = path.join(making, 'password')
      fs.writeFileSync(passwordFile, `${templatePassword}\n`)
      fs.chownSync(passwordFile, account.uid, account.gid)
      const argv = [
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
      ]
      const data = path.join(making, 'data')
      await run(path.join(bin, 'initdb'), [...argv, '--data-checksums', '--no-sync', `--pgdata=${data}`], {
        cwd: '/',
        env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: '/tmp' },
        ...account.spawn,
      })
      // Two processes may both get here: the first rename counts, and both templates are equal.
      if (!fs.existsSync(template)) await fs.promises.rename(data, template).catch(ignoreExisting)
    } finally {
      fs.rmSync(making, { recursive: true, force: true })
    }
  }
  await run('cp', ['--archive', '--reflink=auto', template, dataDir])
  return { password: templatePassword, conf: fs.readFileSync(path.join(dataDir, 'postgresql.conf'), 'utf8') }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
}

/**
 * Gives a copied, cleanly shut down cluster a new system identifier, as initdb would have: it is the first field of
 * pg_control (ends with a CRC-32C of what precedes it) and stands in the header of the first WAL page (offset 24).
 */
export function writeSystemIdentifier(dataDir: string): bigint {
  const controlFile = path.join(dataDir, 'global/pg_control')
  const control = fs.readFileSync(controlFile)
  const crcAt = findCrc(control)
  const identifier = (BigInt(Math.floor(Date.now() / 1000)) << 32n) | BigInt(crypto.randomBytes(4).readUInt32LE())
  const before = control.readBigUInt64LE(0)
  control.writeBigUInt64LE(identifier, 0)
  control.writeUInt32LE(crc32c(control.subarray(0, crcAt)), crcAt)
  fs.writeFileSync(controlFile, control)
  const wal = path.join(dataDir, 'pg_wal')
  for (const name of fs.readdirSync(wal).filter((entry) => /^[0-9A-F]{24}$/.test(entry))) {
    const handle = fs.openSync(path.join(wal, name), 'r+')
    try {
      const head = Buffer.alloc(8)
      fs.readSync(handle, head, 0, 8, 24)
      if (head.readBigUInt64LE() !== before) throw new Error(`${name} does not hold the cluster's system identifier`)
      head.writeBigUInt64LE(identifier)
      fs.writeSync(handle, head, 0, 8, 24)
    } finally {
      fs.closeSync(handle)
    }
  }
  return identifier
}

/** The offset differs by version: it is where the CRC of everything before it stands. */
function findCrc(control: Buffer): number {
  let crc = 0xffffffff
  for (let at = 0; at < 1024; at += 1) {
    if (at >= 200 && at % 4 === 0 && control.readUInt32LE(at) === (crc ^ 0xffffffff) >>> 0) return at
    crc = crcStep(crc, control[at] ?? 0)
  }
  throw new Error('pg_control holds no CRC that fits')
}

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = crcStep(crc, byte)
  return (crc ^ 0xffffffff) >>> 0
}

function crcStep(crc: number, byte: number): number {
  let value = (crc ^ byte) >>> 0
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
}
