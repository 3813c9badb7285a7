import ipaddr from 'ipaddr.js'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { normaliseAddress } from '../../network/address.js'
import type { Attempts } from '../attempts.js'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Attempts that go wrong before somebody must wait. */
export const ATTEMPTS_PER_ACCOUNT_AND_PEER = 5
const ATTEMPTS_PER_PEER = 30
const ATTEMPTS_PER_ACCOUNT = 50
const FIRST_BLOCK_SECONDS = MINUTE
const LONGEST_BLOCK_SECONDS = HOUR

/**
 * Counts in memory; a restart forgives. One account from one place: five attempts, then a minute, two, four, … up to
 * an hour. One place: thirty in a quarter of an hour. One account from everywhere: fifty in an hour, so that a crowd
 * cannot go on for ever; its owner is locked out for five minutes at most.
 */
export function createAttempts(): Attempts {
  const pair = new RateLimiterMemory({ points: ATTEMPTS_PER_ACCOUNT_AND_PEER, duration: 15 * MINUTE })
  const blocks = new RateLimiterMemory({ keyPrefix: 'blocks', points: 1_000, duration: DAY })
  const peers = new RateLimiterMemory({
    keyPrefix: 'peer',
    points: ATTEMPTS_PER_PEER,
    duration: 15 * MINUTE,
    blockDuration: 15 * MINUTE,
  })
  const accounts = new RateLimiterMemory({
    keyPrefix: 'account',
    points: ATTEMPTS_PER_ACCOUNT,
    duration: HOUR,
    blockDuration: 5 * MINUTE,
  })
  const pairOf = ({ login, peer }: { login: string; peer: string }): string => `${networkOf(peer)} ${login}`
  const consume = async (limiter: RateLimiterMemory, key: string): Promise<number> => {
    try {
      await limiter.consume(key)
      return 0
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      return Math.max(1, Math.ceil(refused.msBeforeNext / 1_000))
    }
  }
  /** The first attempt too many begins a block, longer than the one before. */
  const consumePair = async (key: string): Promise<number> => {
    const seconds = await consume(pair, key)
    if (seconds === 0) return 0
    const state = await pair.get(key)
    if (state && state.consumedPoints > ATTEMPTS_PER_ACCOUNT_AND_PEER + 1) return seconds
    const { consumedPoints: times } = await blocks.penalty(key, 1)
    const block = Math.min(LONGEST_BLOCK_SECONDS, FIRST_BLOCK_SECONDS * 2 ** (times - 1))
    await pair.block(key, block)
    return block
  }
  return {
    begin: async (who) => {
      // A place that guesses at many accounts must not lock their owners out: it is stopped first.
      const byPeer = await consume(peers, networkOf(who.peer))
      if (byPeer > 0) return byPeer
      const byPair = await consumePair(pairOf(who))
      if (byPair > 0 || who.login === '') return byPair
      return consume(accounts, who.login)
    },
    succeeded: async (who) => {
      await Promise.all([
        pair.delete(pairOf(who)),
        blocks.delete(pairOf(who)),
        peers.reward(networkOf(who.peer)),
        accounts.reward(who.login),
      ])
    },
  }
}

/** An IPv6 network of 64 bits is one place: whoever has one address in it has them all. */
function networkOf(peer: string): string {
  const address = normaliseAddress(peer) ?? peer
  if (!ipaddr.IPv6.isValid(address)) return address
  return ipaddr.IPv6.parse(address).parts.slice(0, 4).join(':')
}
