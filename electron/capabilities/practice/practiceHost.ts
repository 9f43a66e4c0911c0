// Whether and how servers can run here: the installations that can make a cluster, and the account that runs it.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Installation } from '../../../shared/contracts/host'
import { majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { LocalCluster } from '../../postgres/localClusterState'
import { barrierFor } from '../../process/barrier'
import type { OsAccount } from '../../process/processTypes'
import { findAccount, ownAccount, ownerOf } from '../../process/runAs'
import type { Services } from '../../services'
import type { PracticeFolder, PracticeMarker } from './practiceFolder'

export interface PracticeHost {
  installations: Installation[]
  /** The account servers run as; null when it is the one we run as. */
  account: OsAccount | null
  /** For the page: which account and why. */
  accountText: string
  problem: { message: string; hint: string } | null
}

const needed = ['postgres', 'initdb', 'pg_ctl', 'pg_controldata'] as const

export async function readHost(services: Pick<Services, 'tools' | 'paths'>, refresh = false): Promise<PracticeHost> {
  const asRoot = process.getuid?.() === 0
  const account = asRoot ? await findAccount('postgres') : null
  const complete = (await services.tools.installations(refresh)).filter(canMakeClusters)
  const installations: Installation[] = []
  for (const installation of complete) {
    if (!account || !(await barrierFor(account, installation.folder))) installations.push(installation)
  }
  return {
    installations,
    account,
    accountText: asRoot
      ? 'postgres: Walkback runs as root, and PostgreSQL refuses to run as root'
      : `${ownAccount().name}: the account Walkback runs as`,
    problem: await findProblem(services.paths.practice, asRoot, account, complete, installations),
  }
}

function canMakeClusters(installation: Installation): boolean {
  return needed.every((program) => installation.programs.includes(program) || existsSync(join(installation.folder, program)))
}

async function findProblem(
  practice: string,
  asRoot: boolean,
  account: OsAccount | null,
  complete: readonly Installation[],
  usable: readonly Installation[],
): Promise<PracticeHost['problem']> {
  // pg_ctl puts the paths between double quotes of a shell command, as they are.
  const unfit = process.platform === 'win32' ? null : /["$`\\\n]/.exec(practice)
  if (unfit) {
    return {
      message: `The path ${practice} holds ${JSON.stringify(unfit[0])}, which pg_ctl would hand to a shell.`,
      hint: 'Start Walkback with another data folder, such as WALKBACK_DATA=/var/lib/walkback',
    }
  }
  if (complete.length === 0) {
    return {
      message:
        "No PostgreSQL server is installed on this machine: a practice cluster needs initdb and postgres, not only the client's programs.",
      hint: installHint(asRoot),
    }
  }
  if (!asRoot) return null
  if (!account) {
    return {
      message: 'Walkback runs as root, PostgreSQL refuses to run as root, and this machine has no account named postgres.',
      hint: 'Run: useradd --system --user-group --no-create-home postgres',
    }
  }
  const barrier = await barrierFor(account, practice)
  if (barrier) {
    return {
      message: `The account postgres can't enter ${barrier}, so it can't run a server below it.`,
      hint: `Start Walkback with another data folder, such as WALKBACK_DATA=/var/lib/walkback, or run: chmod o+x ${barrier}`,
    }
  }
  const first = complete[0]
  if (usable.length === 0 && first) {
    return {
      message: `The account postgres can't reach the PostgreSQL in ${first.folder}.`,
      hint: `Run: chmod o+x ${await barrierFor(account, first.folder)}`,
    }
  }
  return null
}

function installHint(asRoot: boolean): string {
  const sudo = asRoot ? '' : 'sudo '
  if (existsSync('/usr/bin/apt-get')) return `Run: ${sudo}apt-get install postgresql`
  if (existsSync('/usr/bin/dnf')) return `Run: ${sudo}dnf install postgresql-server`
  if (process.platform === 'darwin') return 'Run: brew install postgresql, or add the folder of an installation in Settings.'
  return 'Install a PostgreSQL server, or add the folder with its programs in Settings.'
}

/** The cluster with programs of its own major, run as the account its data directory belongs to. */
export async function localClusterOf(
  services: Pick<Services, 'tools'>,
  folder: PracticeFolder,
  marker: PracticeMarker,
): Promise<LocalCluster & { version: number }> {
  const major = Number((await readFile(join(folder.data, 'PG_VERSION'), 'utf8')).trim())
  const fitting = (await services.tools.installations()).filter(
    (installation) => majorOf(installation.version) === major && canMakeClusters(installation),
  )
  const installation = fitting.find((candidate) => candidate.folder === marker.bin) ?? fitting[0]
  if (!installation) {
    throw new AppError(
      'tool_missing',
      `This cluster is of PostgreSQL ${major}, whose programs are not on this machine any more.`,
      {
        hint: `Install PostgreSQL ${major} again, or add the folder with its programs in Settings.`,
      },
    )
  }
  return {
    bin: installation.folder,
    version: installation.version,
    dataDirectory: folder.data,
    account: await ownerOf(folder.data),
    logFile: folder.logFile,
  }
}
