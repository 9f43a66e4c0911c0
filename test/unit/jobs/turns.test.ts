// Turns of parts of a job: never more at a time than allowed, in the order they were asked for, and each ended once.
import { expect, test } from 'vitest'
import { takeTurns } from '../../../electron/jobs/jobPart'

test('two at a time, in order; a turn that ends twice frees one place', async () => {
  const turns = takeTurns(2)
  const begun: string[] = []
  const take = async (name: string) => {
    const turn = await turns.take()
    begun.push(name)
    return turn
  }
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(take)
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  await settle()
  expect(begun).toEqual(['a', 'b'])
  const first = await a
  first?.end()
  first?.end()
  await settle()
  expect(begun).toEqual(['a', 'b', 'c'])
  ;(await b)?.end()
  await settle()
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
  ;(await c)?.end()
  ;(await d)?.end()
  await take('e')
  await take('f')
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})
