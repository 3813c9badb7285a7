import { FORWARD_CHOICES, ownCalls, type FreeCalls } from '../../self-service/own-calls.js'
import type { Words } from '../words/words.js'

/** The part of the own page on forwarding and peace; undefined: nothing of it is left to the person. */
export function callsView(
  words: Words,
  layers: readonly ReadonlyMap<string, unknown>[],
  { forwarding, doNotDisturb }: FreeCalls,
): object | undefined {
  if (!forwarding && !doNotDisturb) return undefined
  const now = ownCalls(layers)
  const quiet = now.doNotDisturb === undefined ? 'inherit' : now.doNotDisturb ? 'on' : 'off'
  return {
    forwards:
      forwarding &&
      now.forwards.map(({ key, choice, number, inherited }) => ({
        key,
        label: words.t(`field.${key}`),
        number,
        choices: FORWARD_CHOICES.filter((one) => one !== 'mobile' || now.mobile !== undefined || choice === one).map(
          (value) => ({
            value,
            selected: value === choice,
            label:
              value === 'inherit' && inherited !== undefined
                ? words.t('own.calls.inherit.to', { to: inherited })
                : words.t(`own.calls.${value}`, { mobile: now.mobile ?? '' }),
          }),
        ),
      })),
    seconds: now.seconds,
    quiet:
      doNotDisturb &&
      (['inherit', 'on', 'off'] as const).map((value) => ({
        value,
        selected: value === quiet,
        label: words.t(`own.calls.${value}`, { mobile: '' }),
      })),
  }
}
