// The dump of one database for those who dump several: the same checks, the same job, a place of their own choosing.
import type { DumpRequest } from '../../../shared/contracts/dump'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import type { JobContext } from '../../jobs/jobTypes'
import type { BackupPlace } from '../../library/backupFolder'
import { readRecord } from '../../library/recordFile'
import { type DumpServices, planDump } from './planDump'
import { runDump } from './runDump'

export function dumpPart(services: DumpServices) {
  return {
    async check(
      request: DumpRequest,
      place: BackupPlace,
      signal: AbortSignal,
    ): Promise<{ preflight: PreflightRow[]; commands: ShownCommand[] }> {
      const { preflight, shown } = await planDump(services, request, place, signal)
      return { preflight, commands: shown }
    },
    async run(
      request: DumpRequest,
      place: BackupPlace,
      job: JobContext,
      begin: () => Promise<void>,
    ): Promise<{ tables: number; warnings: string[] }> {
      const { facts } = await runDump({ request, place }, job, services, begin)
      const { warnings } = await readRecord(place.final)
      return { tables: Number(facts.find(({ label }) => label === tablesFact)?.value ?? 0), warnings }
    },
  }
}

/** As describeResult names it. */
const tablesFact = 'Tables with rows'
