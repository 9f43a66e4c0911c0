// Answers the calls that combine a chain into a full backup.
import type { baseBackup as baseBackupContract, CombineRequest } from '../../../shared/contracts/baseBackup'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { isFree } from '../../library/backupFolder'
import { chainProblems, chooseCombineTool } from '../../library/combineChain'
import { findChain } from '../../library/findChain'
import { freeBytes } from '../../library/freeSpace'
import { readRecord } from '../../library/recordFile'
import { dataName, settingsName } from './planBaseBackup'
import { type CombinePlan, type CombineServices, combineRefusal, planCombine } from './planCombine'
import { combineOnCancel, combineSteps, runCombine } from './runCombine'
import { tablespacesName } from './tablespaceLinks'

type CombineCalls = Pick<Handlers<typeof baseBackupContract, AbortSignal>, 'prepareCombine' | 'previewCombine' | 'combine'>

export function combineHandlers(services: CombineServices): CombineCalls {
  return {
    prepareCombine: ({ path }, { signal }) => prepareCombine(services, path, signal),
    previewCombine: async (request, { signal }) => {
      const plan = await planCombine(services, request, { time: new Date(), attempt: 0 }, signal)
      const { shown: commands, preflight, blocked } = plan
      return { commands, preflight, writes: writesOf(plan), blocked, checkedAt: new Date().toISOString() }
    },
    combine: (request, { signal }) => startCombine(services, request, signal),
  }
}

async function prepareCombine(services: CombineServices, folder: string, signal: AbortSignal) {
  const libraries = [...new Set([...services.settings.get().libraries, services.paths.defaultLibrary])]
  const record = await readRecord(folder)
  if (record.kind !== 'base-backup') {
    throw new AppError('bad_input', `${folder} is no base backup.`, { hint: 'Only a chain of base backups can be combined.' })
  }
  const { links, problem } = await findChain(libraries, folder, record, signal)
  const { tool, problem: missing } = await chooseCombineTool(services, record.source.serverVersion)
  return {
    chain: links.map(({ path, record: { label, startedAt, start, size, incremental, format, stopTime } }) => ({
      ...{ path, label, startedAt, timeline: start.timeline, lsn: start.lsn, size, format, stopTime },
      incremental: incremental !== null,
    })),
    problem: problem === '' ? (chainProblems(links)[0]?.text ?? '') : problem,
    serverVersion: record.source.serverVersion,
    serverLabel: record.source.label,
    tool,
    toolProblem: missing && { message: missing.message, hint: missing.hint ?? '' },
    libraries: await Promise.all(
      libraries.map(async (library) => ({ path: library, freeBytes: (await freeBytes(library))?.toString() ?? null })),
    ),
  }
}

function writesOf({ place, tablespaces, last }: CombinePlan): { label: string; value: string }[] {
  const saved = last.record.configuration.length
  return [
    { label: 'Folder', value: place.final },
    { label: 'Data files', value: `${dataName}, a data directory` },
    ...(tablespaces.length > 0
      ? [{ label: 'Tablespaces', value: tablespaces.map((oid) => `${tablespacesName}/${oid}`).join(', ') }]
      : []),
    ...(saved > 0 ? [{ label: 'Settings files', value: `${settingsName}, ${saved} from the last backup` }] : []),
    { label: 'Record', value: 'walkback.json, with the chain that it was made of' },
  ]
}

/** Refuses before anything is written: by a program that does not fit, by any blocker of the checks. */
export async function startCombine(
  services: CombineServices,
  request: CombineRequest,
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const time = new Date()
  const plan = await planCombine(services, request, { time, attempt: 0 }, signal)
  const refused = combineRefusal(plan)
  if (refused) throw refused
  for (let attempt = 0; ; attempt += 1) {
    const { place } = attempt === 0 ? plan : await planCombine(services, request, { time, attempt }, signal)
    if (!isFree(place) && attempt < 50) continue
    const { id } = services.jobs.start({
      capability: 'base-backup',
      title: `Combine ${plan.links.length} backups of ${plan.last.record.source.label}`,
      input: request,
      connectionId: null,
      serverLabel: plan.last.record.source.label,
      steps: combineSteps,
      onCancel: combineOnCancel,
      locks: [`path:${place.final}`, ...plan.links.map((link) => `path:${link.path}`)],
      run: (job) => runCombine(request, { time, attempt }, job, services),
    })
    return { jobId: id }
  }
}
