// A server that also offers extensions of a test's own, without touching the installation: its share folder made of links.
import fs from 'node:fs'
import path from 'node:path'

/**
 * Returns a copy of the program postgres inside `folder`. Programs look for their share and lib folders beside themselves
 * (make_relative_path in src/port/path.c) and follow symbolic links, so this one is copied and the folders are links.
 */
export function postgresWithExtensions(bin: string, folder: string, extensions: string): string {
  // <prefix>/lib/postgresql/17/bin and <prefix>/share/postgresql/17, as Debian has them.
  const [version, name, lib] = [path.dirname(bin), path.dirname(path.dirname(bin)), path.resolve(bin, '../../..')]
  const prefix = path.dirname(lib)
  const place = path.join(path.basename(name), path.basename(version))
  const share = path.join(prefix, 'share', place)
  const ownBin = path.join(folder, 'lib', place, 'bin')
  const ownShare = path.join(folder, 'share', place)
  fs.mkdirSync(ownBin, { recursive: true })
  fs.copyFileSync(path.join(bin, 'postgres'), path.join(ownBin, 'postgres'))
  fs.symlinkSync(path.join(version, 'lib'), path.join(path.dirname(ownBin), 'lib'))
  fs.mkdirSync(path.join(ownShare, 'extension'), { recursive: true })
  linkAll(share, ownShare, ['extension'])
  linkAll(path.join(share, 'extension'), path.join(ownShare, 'extension'), [])
  for (const file of fs.readdirSync(extensions))
    fs.copyFileSync(path.join(extensions, file), path.join(ownShare, 'extension', file))
  return path.join(ownBin, 'postgres')
}

function linkAll(from: string, to: string, except: readonly string[]): void {
  for (const name of fs.readdirSync(from)) {
    if (!except.includes(name)) fs.symlinkSync(path.join(from, name), path.join(to, name))
  }
}
