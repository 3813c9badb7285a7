import { useLayoutEffect, useRef } from 'preact/hooks'
import type { KeyKind } from '../../../domain/entities.js'
import { KINDS_THAT_DIAL, NEED_VALUE, TAKE_NO_VALUE } from '../../../extensions/key-kinds.js'
import type { Form } from '../editor-state.js'
import { kindsFor, placesFor } from '../placed.js'
import { learnNames } from './requests.js'
import type { Surroundings } from './surroundings.js'
import { TypeAhead } from './type-ahead.js'

/** What a target is called, by kind. */
function valueWord(kind: KeyKind): string {
  if (KINDS_THAT_DIAL.includes(kind)) return 'keys.form.value.person'
  if (kind === 'url') return 'keys.form.value.url'
  return kind === 'dtmf' ? 'keys.form.value.dtmf' : 'keys.form.value.number'
}

/** A new key, or one that is changed. */
export function KeyForm({ around }: { around: Surroundings }): preact.JSX.Element | null {
  const { form } = around.editor.value
  return form ? <OpenForm key={form.id ?? 'new'} around={around} form={form} /> : null
}

function OpenForm({ around, form }: { around: Surroundings; form: Form }): preact.JSX.Element {
  const { t, start, dispatch } = around
  const sheet = around.sheet.value
  const first = useRef<HTMLSelectElement>(null)
  useLayoutEffect(() => first.current?.focus(), [])
  const isNew = form.id === undefined
  const kinds = kindsFor(start.owner, sheet, start.owner === 'device' ? form.place : undefined)
  const places = placesFor(sheet, form.kind)
  const { wrong } = form
  const why =
    wrong && t(`keys.wrong.${wrong.why}`, { key: wrong.other === undefined ? '' : around.keyText(wrong.other) })
  return (
    <form
      class="card key-form"
      aria-labelledby="key-form-title"
      onSubmit={(event) => {
        event.preventDefault()
        learnNames(around, [form])
        dispatch({ type: 'apply', places })
      }}
      onKeyDown={({ key }) => key === 'Escape' && dispatch({ type: 'close' })}
    >
      <div class="card-header">
        <h2 class="card-title" id="key-form-title">
          {t(isNew ? 'keys.form.add' : 'keys.form.change')}
          {form.place ? `: ${around.placeText(form.place)}` : ''}
        </h2>
      </div>
      <div class="card-body">
        <div class="mb-3">
          <label class="form-label" for="key-kind">
            {t('keys.form.kind')}
          </label>
          <select
            class="form-select"
            id="key-kind"
            ref={first}
            value={form.kind}
            onChange={({ currentTarget }) =>
              dispatch({ type: 'type', changes: { kind: currentTarget.value as KeyKind } })
            }
          >
            {!kinds.includes(form.kind) && (
              <option value={form.kind}>{t('keys.form.kind.not', { kind: t(`keys.kind.${form.kind}`) })}</option>
            )}
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {t(`keys.kind.${kind}`)}
              </option>
            ))}
          </select>
        </div>
        {!TAKE_NO_VALUE.has(form.kind) && <ValueField around={around} form={form} wrong={why} />}
        <p class="key-warning mb-3" role="status">
          {around.warningOf({ kind: form.kind, value: form.value.trim() }) ?? ''}
        </p>
        {TAKE_NO_VALUE.has(form.kind) && why !== undefined && <p class="key-wrong">{why}</p>}
        <div class="mb-3">
          <label class="form-label" for="key-label">
            {t('keys.form.label')}
          </label>
          <input
            class="form-control"
            id="key-label"
            autocomplete="off"
            maxLength={128}
            value={form.label}
            placeholder={around.nameOf(form.value.trim()) ?? ''}
            aria-describedby="key-label-hint"
            onInput={({ currentTarget }) => dispatch({ type: 'type', changes: { label: currentTarget.value } })}
          />
          <small class="form-hint" id="key-label-hint">
            {t('keys.form.label.hint')}
          </small>
        </div>
        {start.owner === 'extension' && (
          <label class="form-check mb-3">
            <input
              type="checkbox"
              class="form-check-input"
              checked={form.locked}
              onChange={({ currentTarget }) => dispatch({ type: 'type', changes: { locked: currentTarget.checked } })}
            />
            <span class="form-check-label">{t('keys.form.locked')}</span>
            <small class="form-hint">{t('keys.form.locked.hint')}</small>
          </label>
        )}
        {(sheet.lines > 1 || form.line !== '') && <LineField around={around} form={form} />}
      </div>
      <div class="card-footer actions">
        <button type="button" class="btn" onClick={() => dispatch({ type: 'close' })}>
          {t('keys.form.cancel')}
        </button>
        <button class="btn btn-primary">{t(isNew ? 'keys.form.apply.add' : 'keys.form.apply.change')}</button>
      </div>
    </form>
  )
}

interface FieldProps {
  around: Surroundings
  form: Form
  wrong?: string | undefined
}

function ValueField({ around, form, wrong }: FieldProps): preact.JSX.Element {
  const { t, dispatch } = around
  const hint = NEED_VALUE.has(form.kind) ? t('keys.form.value.hint') : t('keys.form.value.optional')
  const onValue = (value: string): void => dispatch({ type: 'type', changes: { value } })
  const isDialled = KINDS_THAT_DIAL.includes(form.kind)
  return (
    <div class="mb-3">
      <label class={`form-label${NEED_VALUE.has(form.kind) ? ' required' : ''}`} for="key-value">
        {t(valueWord(form.kind))}
      </label>
      {isDialled ? (
        <TypeAhead around={around} id="key-value" value={form.value} hint={hint} wrong={wrong} onValue={onValue} />
      ) : (
        <>
          <input
            class={`form-control${wrong === undefined ? '' : ' is-invalid'}`}
            id="key-value"
            autocomplete="off"
            spellcheck={false}
            maxLength={250}
            value={form.value}
            aria-invalid={wrong === undefined ? undefined : 'true'}
            aria-describedby="key-value-hint"
            onInput={({ currentTarget }) => onValue(currentTarget.value)}
          />
          <small class="form-hint" id="key-value-hint">
            {wrong === undefined ? NEED_VALUE.has(form.kind) ? '' : hint : <span class="key-wrong">{wrong}</span>}
          </small>
        </>
      )}
    </div>
  )
}

function LineField({ around, form }: FieldProps): preact.JSX.Element {
  const { t, dispatch } = around
  const lines = Array.from({ length: around.sheet.value.lines }, (_, index) => String(index + 1))
  if (form.line !== '' && !lines.includes(form.line)) lines.push(form.line)
  return (
    <div class="mb-1">
      <label class="form-label" for="key-line">
        {t('keys.form.line')}
      </label>
      <select
        class="form-select"
        id="key-line"
        value={form.line}
        onChange={({ currentTarget }) => dispatch({ type: 'type', changes: { line: currentTarget.value } })}
      >
        <option value="">{t('keys.form.line.own')}</option>
        {lines.map((line) => (
          <option key={line} value={line}>
            {line}
          </option>
        ))}
      </select>
    </div>
  )
}
