import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { findPeople } from './requests.js'
import type { Surroundings } from './surroundings.js'

interface Choice {
  number: string
  name: string
}

interface Props {
  around: Surroundings
  id: string
  value: string
  hint: string
  wrong: string | undefined
  onValue(value: string): void
}

/** Long enough that a name typed at once is one request. */
const PAUSE_MS = 120

/** A field that offers people while something is typed (WAI-ARIA combobox); any other text is taken as it is. */
export function TypeAhead({ around, id, value, hint, wrong, onValue }: Props): preact.JSX.Element {
  const found = useSignal<Choice[] | undefined>(undefined)
  const at = useSignal(-1)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const asked = useRef<AbortController | undefined>(undefined)
  const { t, start } = around
  useEffect(
    () => () => {
      clearTimeout(timer.current)
      asked.current?.abort()
    },
    [],
  )
  const close = (): void => {
    clearTimeout(timer.current)
    asked.current?.abort()
    found.value = undefined
    at.value = -1
  }
  const ask = (text: string): void => {
    close()
    if (!start.maySearch || text.trim() === '') return
    timer.current = setTimeout(() => {
      const request = (asked.current = new AbortController())
      findPeople(start, text.trim(), request.signal).then(
        (people) => {
          for (const { number, name } of people) around.learn(number, name)
          found.value = people
        },
        () => undefined,
      )
    }, PAUSE_MS)
  }
  const choose = ({ number, name }: Choice): void => {
    around.learn(number, name)
    onValue(number)
    close()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const choices = found.value ?? []
    if (event.key === 'Escape' && found.value) {
      event.stopPropagation()
      close()
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && choices.length > 0) {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      at.value = at.value < 0 && step < 0 ? choices.length - 1 : (at.value + step + choices.length) % choices.length
    } else if (event.key === 'Enter') {
      // A name that was typed means the first one found; digits mean themselves.
      const meant = choices[at.value] ?? (/[^\d*#+]/.test(value.trim()) ? choices[0] : undefined)
      if (!meant) return
      event.preventDefault()
      choose(meant)
    }
  }
  const choices = found.value ?? []
  const isOpen = choices.length > 0
  const name = around.nameOf(value.trim())
  const told = found.value && (isOpen ? around.count('keys.form.found', choices.length) : t('keys.form.found.none'))
  return (
    <div class="key-search">
      <input
        class={`form-control${wrong === undefined ? '' : ' is-invalid'}`}
        id={id}
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={at.value >= 0 ? `${id}-${at.value}` : undefined}
        aria-invalid={wrong === undefined ? undefined : 'true'}
        aria-describedby={`${id}-hint`}
        autocomplete="off"
        spellcheck={false}
        maxLength={250}
        value={value}
        onInput={({ currentTarget }) => {
          onValue(currentTarget.value)
          ask(currentTarget.value)
        }}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <ul
        class="key-choices"
        id={`${id}-list`}
        role="listbox"
        aria-label={t('keys.form.value.person')}
        hidden={!isOpen}
      >
        {choices.map((choice, index) => (
          <li
            key={choice.number}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at.value}
            // The field keeps the focus.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(choice)}
          >
            <b>{choice.number}</b> {choice.name}
          </li>
        ))}
      </ul>
      <small class="form-hint" id={`${id}-hint`}>
        {wrong === undefined ? (name ?? hint) : <span class="key-wrong">{wrong}</span>}
      </small>
      <span class="visually-hidden" role="status">
        {told ?? ''}
      </span>
    </div>
  )
}
