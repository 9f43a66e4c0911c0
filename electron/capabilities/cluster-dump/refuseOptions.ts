// Refuses options that the form does not offer: what the application sets itself would be a way around the checks.
import { AppError } from '../../../shared/rpc/appError'
import { isAsked, type OptionValues, type Tool } from '../../../shared/tools/defineTool'

/** `elsewhere`: keys that are not for this request, with why in words that follow the flag. Throws AppError bad_input. */
export function refuseOptions(tool: Tool, options: OptionValues, elsewhere: { keys: readonly string[]; why: string }): void {
  for (const [key, value] of Object.entries(options)) {
    const option = tool.options.find((candidate) => candidate.key === key)
    if (!option) throw new AppError('bad_input', `${tool.program} has no option named ${JSON.stringify(key)}.`)
    if (!isAsked(value)) continue
    const why = option.owned ? 'is set by Walkback itself' : elsewhere.keys.includes(key) ? elsewhere.why : ''
    if (why !== '') throw new AppError('bad_input', `${option.flag} ${why}.`, { hint: 'Leave it out of the options.' })
  }
}
