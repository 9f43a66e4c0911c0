// Spans of time in words: "0.3 s", "41 s", "3 min 46 s", "2 h 5 min", "7 d 11 h".

export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  const days = Math.floor(hours / 24)
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`
}

/** One figure only, for estimates and ages: "17 s", "4 min", "7 h", "41 days". */
export function formatRoughDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const minutes = seconds / 60
  if (minutes < 59.5) return `${Math.round(minutes)} min`
  const hours = minutes / 60
  if (hours < 47.5) return `${Math.round(hours)} h`
  return `${Math.round(hours / 24)} days`
}

/** What is left, rounded so that it does not flicker: to 5 s above 30 s, to half minutes above 2 min. */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 1) return 'a moment'
  if (seconds < 30) return `about ${Math.ceil(seconds)} s`
  if (seconds < 120) return `about ${Math.ceil(seconds / 5) * 5} s`
  if (seconds < 600) {
    const halves = Math.ceil(seconds / 30)
    return halves % 2 === 0 ? `about ${halves / 2} min` : `about ${Math.floor(halves / 2)} min 30 s`
  }
  return `about ${formatRoughDuration(seconds * 1000)}`
}
