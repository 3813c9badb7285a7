import type { Clock } from '../../domain/clock.js'
import type { Databases } from './connect.js'

/** True when both halves of the database answer within `withinMs`. Never rejects. */
export async function databaseAnswers(
  { main, live }: Pick<Databases, 'main' | 'live'>,
  clock: Clock,
  withinMs = 2_000,
): Promise<boolean> {
  let cancel = (): void => undefined
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(withinMs, () => resolve(false))
  })
  const asked = Promise.all([main.raw('select 1'), live.raw('select 1')]).then(
    () => true,
    () => false,
  )
  const answer = await Promise.race([asked, late])
  cancel()
  return answer
}
