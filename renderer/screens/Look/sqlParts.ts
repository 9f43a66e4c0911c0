// SQL cut into key words and the rest, for the colours of a query that is being typed.

const keywords =
  'ALL AND ANY AS ASC BETWEEN BY CASE CAST CROSS DESC DISTINCT ELSE END EXCEPT EXISTS FALSE FETCH FILTER FIRST FROM FULL GROUP HAVING ILIKE IN INNER INTERSECT IS JOIN LAST LATERAL LEFT LIKE LIMIT NATURAL NOT NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION RIGHT ROWS SELECT TABLE THEN TRUE UNION USING VALUES WHEN WHERE WINDOW WITH'
const known = new Set(keywords.split(' '))

/** Strings, quoted names, comments, words, and what is between them. An open string or comment goes to the end. */
const tokens = /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[A-Za-z_][\w$]*|[^'"A-Za-z_/-]+|[-/]/g

export function sqlParts(sql: string): { text: string; keyword: boolean }[] {
  const parts: { text: string; keyword: boolean }[] = []
  for (const [text] of sql.matchAll(tokens)) {
    const keyword = known.has(text.toUpperCase())
    const before = parts.at(-1)
    if (before && !before.keyword && !keyword) before.text += text
    else parts.push({ text, keyword })
  }
  return parts
}
