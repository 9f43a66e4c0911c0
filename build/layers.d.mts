// Types of the layer check, for its test.
export interface Breach {
  line: number
  text: string
}
export function findBreaches(file: string, source: string): Breach[]
export function checkLayers(): number
export function isTooLong(file: string, text: string): boolean
export function checkLengths(): number
