// Which folder of the settings an installation was found through: the folder itself or the `bin` in it.

/** `found` is where the programs are, `added` what the person typed: with or without `bin`, or a separator at its end. */
export function foundThrough(found: string, added: string): boolean {
  const folder = added.replace(/[/\\]+$/, '')
  return [added, folder, `${folder}/bin`, `${folder}\\bin`].includes(found)
}
