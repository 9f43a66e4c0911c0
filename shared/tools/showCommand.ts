// Shows an argv the way a person would type it into a POSIX shell. For reading and copying only: nothing here is ever run.

// A leading = or ~ means something to zsh and others.
const plain = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/

/** One word, quoted so that /bin/sh reads back exactly this text. */
export function quoteForShell(word: string): string {
  if (plain.test(word)) return word
  // `--label='two words'` reads better than quotes around the whole word and means the same.
  const option = /^(--[a-z-]+=)([^]*)$/.exec(word)
  if (option?.[1] !== undefined && option[2] !== undefined && option[2] !== '') return option[1] + singleQuoted(option[2])
  return singleQuoted(word)
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The `words` of a ShownCommand. */
export function shownWords(argv: readonly string[]): string[] {
  return argv.map(quoteForShell)
}

/** Words that are already shell-quoted as one command: on one line when short, else one line for every few words. */
export function commandText(program: string, words: readonly string[], width = 100): string {
  const lines: string[] = []
  let line = quoteForShell(program)
  for (const word of words) {
    if (line.length + 1 + word.length > width && line.trim() !== '') {
      lines.push(line)
      line = `  ${word}`
    } else {
      line += ` ${word}`
    }
  }
  lines.push(line)
  return lines.join(' \\\n')
}
