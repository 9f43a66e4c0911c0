// Answers the calls of the walArchive contract: the list of archives, their map, health, index and chain check.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { type registerRequest, type walArchive as walArchiveContract, walArchiveRef } from '../../../shared/contracts/walArchive'
import { archiveMap } from '../../../shared/model/archiveMap'
import { backupSubject, isPhysical } from '../../../shared/model/backupRecord'
import type { WalArchive } from '../../../shared/model/walArchive'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { readArchiveIndex } from '../../archive/readArchiveIndex'
import { readIndexSoon } from '../../archive/readIndexSoon'
import { readRecord } from '../../library/recordFile'
import { withServer } from '../../postgres/openServer'
import { readSystemIdentifier } from '../../postgres/serverState'
import { fromSystemError } from '../../process/systemError'
import type { Services } from '../../services'
import { readHealth } from './readHealth'
import { indexSteps, runIndex, runVerify, verifyOnCancel, verifySteps } from './runJobs'

type Needs = Pick<Services, 'archives' | 'connections' | 'jobs' | 'paths' | 'spawn' | 'tools'>

const verifyInput = walArchiveRef.extend({ backup: z.string().min(1) })

export function walArchiveHandlers(services: Needs): Handlers<typeof walArchiveContract, AbortSignal> {
  return {
    list: async () => ({
      archives: services.archives.list().map((archive) => ({ ...archive, exists: existsSync(archive.folder) })),
    }),
    register: (request, { signal }) => register(services, request, signal),
    forget: async ({ archiveId }) => {
      refuseWanted(services.archives.get(archiveId))
      services.archives.remove(archiveId)
      return {}
    },
    map: ({ archiveId }, { signal }) => readMap(services, services.archives.get(archiveId), signal),
    index: async ({ archiveId }) => startIndex(services, archiveId),
    health: ({ archiveId }, { signal }) => readHealth(services, services.archives.get(archiveId), signal),
    verify: ({ archiveId, backup }) => startVerify(services, archiveId, backup),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartWalArchive(services: Needs): (input: unknown) => Promise<{ jobId: string }> {
  return async (input) => {
    const verify = verifyInput.safeParse(input)
    if (verify.success) return startVerify(services, verify.data.archiveId, verify.data.backup)
    return startIndex(services, walArchiveRef.parse(input).archiveId)
  }
}

async function readMap(services: Needs, archive: WalArchive, signal: AbortSignal) {
  const problems: string[] = []
  const report = (text: string) => void problems.push(text)
  const { index, toRead } = await readIndexSoon(services, archive, { signal, report })
  return archiveMap(index, toRead, problems.join(' '))
}

async function register(services: Needs, request: z.output<typeof registerRequest>, signal: AbortSignal): Promise<WalArchive> {
  const folder = await realFolder(request.folder)
  const index = await readArchiveIndex(services, folder, { signal, depth: 'headers' })
  if (index.segments.length === 0) {
    const [odd] = index.odd
    throw new AppError('bad_input', `${folder} holds no WAL segment${odd ? `: ${odd.file} ${odd.problem?.says}` : ''}.`, {
      hint: 'Choose the folder that archive_command or pg_receivewal writes into.',
    })
  }
  const connection = request.connectionId === null ? null : await services.connections.resolve(request.connectionId)
  if (connection) {
    const server = await withServer(services, connection, readSystemIdentifier, signal)
    if (server !== null && server !== index.systemIdentifier) {
      throw new AppError(
        'conflict',
        `${folder} holds WAL of the cluster ${index.systemIdentifier}, and ${connection.label} is the cluster ${server}.`,
        { hint: 'Choose another folder, or register it without a server.' },
      )
    }
  }
  return services.archives.put({
    id: randomUUID(),
    kind: 'folder',
    label: request.label.trim() || connection?.label || path.basename(folder),
    connectionId: request.connectionId,
    folder,
    systemIdentifier: index.systemIdentifier,
    createdAt: new Date().toISOString(),
    stream: null,
  })
}

async function realFolder(folder: string): Promise<string> {
  if (!path.isAbsolute(folder) || folder.includes('\0')) {
    throw new AppError('bad_input', `${JSON.stringify(folder)} is not an absolute path.`, { hint: 'Write it from the root on.' })
  }
  try {
    const real = await realpath(folder)
    if ((await stat(real)).isDirectory()) return real
  } catch (error) {
    throw fromSystemError(error, `use the folder ${folder}`) ?? error
  }
  throw new AppError('bad_input', `${folder} is a file, not a folder.`, { hint: 'Choose the folder that holds the segments.' })
}

/** A stream that should run would go on without anybody seeing it. */
function refuseWanted(archive: WalArchive): void {
  if (!archive.stream?.wanted) return
  throw new AppError('conflict', `WAL is streamed into ${archive.folder}.`, {
    hint: 'Stop the stream first, and decide what becomes of its slot: a forgotten slot fills the server’s disk.',
  })
}

function startIndex(services: Needs, archiveId: string): { jobId: string } {
  const archive = services.archives.get(archiveId)
  const { id } = services.jobs.start({
    capability: 'wal-archive',
    title: `Read the WAL archive of ${archive.label}`,
    input: { archiveId },
    connectionId: archive.connectionId,
    serverLabel: archive.label,
    steps: indexSteps,
    onCancel: 'What was read is kept: the next time goes on from there. The archive itself is only read.',
    locks: [`index:${archive.folder}`],
    run: (job) => runIndex(archive, job, services),
  })
  return { jobId: id }
}

async function startVerify(services: Needs, archiveId: string, backup: string): Promise<{ jobId: string }> {
  const archive = services.archives.get(archiveId)
  const record = await readRecord(backup)
  if (!isPhysical(record)) {
    throw new AppError('bad_input', `${backupSubject(record)} is a dump: WAL continues base backups and cold backups alone.`, {
      hint: 'Choose a base backup.',
    })
  }
  const { id } = services.jobs.start({
    capability: 'wal-archive',
    title: `Check the WAL from ${record.label}`,
    input: { archiveId, backup },
    connectionId: archive.connectionId,
    serverLabel: record.source.label,
    steps: verifySteps,
    onCancel: verifyOnCancel,
    locks: [`path:${backup}`, `index:${archive.folder}`],
    run: (job) => runVerify({ archive, backup, record }, job, services),
  })
  return { jobId: id }
}
